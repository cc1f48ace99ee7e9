// One layer in the words of other frameworks: read a call, write the others, and say whether the numbers are the same.
//
// `tests/docs/test_rosetta.py` holds what is written here against the tables of the page, and `nox -s rosetta` runs those tables.

import { WORDS } from "./words.js";

const { errors: ERRORS, why: WHY } = WORDS;

/** What cannot be read; its message is for readers. */
export class CallError extends Error {}

// --------------------------------------------------------------------------------------------------- reading

const SIGNATURES = {
  "nn.Conv2d": ["in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias", "padding_mode"],
  "nn.ConvTranspose2d": ["in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding", "groups", "bias", "dilation"],
  "nn.MaxPool2d": ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"],
  "nn.AvgPool2d": ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"],
  "keras.layers.Conv2D": ["out_channels", "kernel_size", "stride", "padding", "data_format", "dilation", "groups"],
  "keras.layers.MaxPooling2D": ["kernel_size", "stride", "padding"],
  "keras.layers.AveragePooling2D": ["kernel_size", "stride", "padding"],
  "nnx.Conv": ["in_channels", "out_channels", "kernel_size", "stride"],
};
const OTHER_WORDS = {
  filters: "out_channels", strides: "stride", dilation_rate: "dilation", pool_size: "kernel_size", use_bias: "bias",
  in_features: "in_channels", out_features: "out_channels", kernel_dilation: "dilation", feature_group_count: "groups",
};
const OPS = { Conv2d: "conv", ConvTranspose2d: "transposed", MaxPool2d: "max", AvgPool2d: "avg", Conv2D: "conv", MaxPooling2D: "max", AveragePooling2D: "avg", Conv: "conv" };

/** The arguments of a call as JSON reads them: Python's tuples, quotes and words are rewritten first. */
function argumentsOf(text) {
  const parts = [];
  let depth = 0, quote = "", part = "";
  for (const sign of text) {
    if (quote) { if (sign === quote) quote = ""; } else if (sign === "'" || sign === '"') quote = sign;
    else if ("([".includes(sign)) depth++;
    else if (")]".includes(sign)) depth--;
    if (sign === "," && !depth && !quote) { parts.push(part); part = ""; } else part += sign;
  }
  if (depth || quote) throw new CallError(ERRORS.bracket);
  if (part.trim()) parts.push(part);
  return parts.map((each) => {
    const [, name, value] = /^\s*(?:(\w+)\s*=)?([^]*)$/.exec(each);
    if (/^\s*rngs\b/.test(value)) return [name, null];
    const json = value.trim().replace(/\(/g, "[").replace(/,?\s*\)/g, "]").replace(/'/g, '"').replace(/\bTrue\b/g, "true").replace(/\bFalse\b/g, "false").replace(/\bNone\b/g, "null");
    try { return [name, JSON.parse(json)]; } catch { throw new CallError(ERRORS.noValue(value.trim())); }
  });
}

const MOST = 4096; // of each number
const whole = (value, least, name) => {
  if (!Number.isInteger(value) || value < least || value > MOST) throw new CallError(ERRORS.notWhole(name, least, MOST));
  return value;
};
const both = (value, least, name) => {
  const two = Array.isArray(value) ? value : [value, value];
  if (two.length !== 2) throw new CallError(ERRORS.notBoth(name));
  return two.map((one) => whole(one, least, name));
};
const reach = (k, d) => d * (k - 1) + 1;

/** The padding that ⌈n / s⌉ windows need on an axis, the odd row at the end. */
const same = (n, k, s, d) => {
  const total = Math.max(0, (Math.ceil(n / s) - 1) * s + reach(k, d) - n);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
};
export const samePadding = (layer) => [0, 1].map((a) => same(layer.size[a], layer.kernel[a], layer.stride[a], layer.dilation[a]));

/** A call in the words of PyTorch, Keras or Flax as a layer; `size` and `channels` are the input's. */
export function read(text, size, channels) {
  const found = /^\s*([\w.]+)\s*\(([^]*)\)\s*$/.exec(text);
  if (!found) throw new CallError(ERRORS.noCall("nn.Conv2d(4, 6, 3, stride=2)"));
  const last = found[1].split(".").at(-1);
  const key = Object.keys(SIGNATURES).find((name) => name.split(".").at(-1) === last);
  if (!key) throw new CallError(ERRORS.unknown(found[1], Object.keys(SIGNATURES).join(", ")));
  const given = { in_channels: channels };
  let place = 0;
  for (const [name, value] of argumentsOf(found[2])) {
    const word = name === undefined ? SIGNATURES[key][place++] : OTHER_WORDS[name] ?? name;
    if (word === undefined) throw new CallError(ERRORS.tooMany);
    given[word] = value;
  }
  const op = OPS[last], pool = op === "max" || op === "avg";
  for (const need of pool ? ["kernel_size"] : ["out_channels", "kernel_size"]) if (given[need] == null) throw new CallError(ERRORS.missing(need));
  const layer = {
    op, size: both(size, 1, WORDS.theSize), kernel: both(given.kernel_size, 1, "kernel_size"), dilation: both(given.dilation ?? 1, 1, "dilation"),
    ins: whole(pool ? channels : given.in_channels, 1, "in_channels"), outs: pool ? channels : whole(given.out_channels, 1, "out_channels"), groups: whole(given.groups ?? 1, 1, "groups"),
    bias: given.bias ?? true, mode: given.padding_mode ?? "zeros", more: both(given.output_padding ?? 0, 0, "output_padding"),
    ceil: given.ceil_mode ?? false, counts: given.count_include_pad ?? true,
  };
  layer.stride = both(given.stride ?? (pool ? layer.kernel : 1), 1, "stride");
  if (layer.ins % layer.groups || layer.outs % layer.groups) throw new CallError(ERRORS.groups(layer.groups, layer.ins, layer.outs));
  const torch = key.startsWith("nn."), word = given.padding ?? (key === "nnx.Conv" ? "SAME" : torch ? 0 : "valid");
  if (typeof word === "string") {
    const lower = word.toLowerCase();
    if (lower !== "same" && lower !== "valid") throw new CallError(ERRORS.noPadding(word));
    if (torch && lower === "same" && (layer.stride[0] > 1 || layer.stride[1] > 1)) throw new CallError(ERRORS.noStride);
    layer.sides = lower === "same" ? samePadding(layer) : [[0, 0], [0, 0]];
    if (op === "avg" && lower === "same") layer.counts = false;
  } else if (Array.isArray(word) && word.some(Array.isArray)) layer.sides = word.map((two) => both(two, 0, "padding"));
  else layer.sides = both(word, 0, "padding").map((p) => [p, p]);
  for (const a of [0, 1]) {
    const n = layer.size[a] + (op === "transposed" ? Infinity : layer.sides[a][0] + layer.sides[a][1]);
    if (reach(layer.kernel[a], layer.dilation[a]) > n) throw new CallError(ERRORS.noFit(reach(layer.kernel[a], layer.dilation[a]), n));
  }
  return layer;
}

// --------------------------------------------------------------------------------------------------- writing

const tuple = (two) => `(${two.join(", ")})`;
const one = (two) => (two[0] === two[1] ? `${two[0]}` : tuple(two));
const pairs = (sides) => `(${sides.map(tuple).join(", ")})`;
const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const count = (l, a, [start, end]) => Math.floor((l.size[a] + start + end - reach(l.kernel[a], l.dilation[a])) / l.stride[a]) + 1;
/** Whether padding these sides gives the same windows: what no window reaches at the end does not count. */
const alike = (l, sides) => sides.every((two, a) => two[0] === l.sides[a][0] && count(l, a, two) === count(l, a, l.sides[a]));
const none = (sides) => equal(sides, [[0, 0], [0, 0]]);
const ones = (two) => equal(two, [1, 1]);
const call = (name, ...parts) => `${name}(${parts.filter(Boolean).join(", ")})`;
const option = (name, value, shown = true) => (shown ? `${name}=${value}` : "");
const yes = (code, weight, why = "") => ({ call: code, weight, same: "yes", why });
const no = (code, weight, why) => ({ call: code, weight, same: "no", why });
const lacks = (why) => ({ call: "", weight: "", same: "none", why });
const unrun = (code, weight, why = WHY.unrun) => ({ call: code, weight, same: "not run", why });
const symmetric = (sides) => sides.every(([a, b]) => a === b);
const starts = (sides) => sides.map(([a]) => a);

const HWIO = "w.transpose(2, 3, 1, 0)", OHWI = "w.transpose(0, 2, 3, 1)";
const OTHER_SAME = (l) => WHY.otherSame(pairs(samePadding(l)), pairs(l.sides));

function torch(l) {
  const bias = option("bias", "False", !l.bias), mode = option("padding_mode", `"${l.mode}"`, l.mode !== "zeros");
  if (l.op === "transposed") return [yes(call("nn.ConvTranspose2d", l.ins, l.outs, one(l.kernel), option("stride", one(l.stride), !ones(l.stride)), option("padding", one(starts(l.sides)), !none(l.sides)), option("output_padding", one(l.more), l.more.some(Boolean)), option("groups", l.groups, l.groups > 1), bias, option("dilation", one(l.dilation), !ones(l.dilation))), "w")];
  const pool = l.op !== "conv", far = !symmetric(l.sides) || (pool && starts(l.sides).some((p, a) => p > l.kernel[a] / 2));
  const pad = option("padding", one(starts(l.sides)), !far && !none(l.sides)), gap = option("dilation", one(l.dilation), !ones(l.dilation));
  const [[t, b], [left, right]] = l.sides;
  const layer = l.op === "conv"
    ? call("nn.Conv2d", l.ins, l.outs, one(l.kernel), option("stride", one(l.stride), !ones(l.stride)), pad, gap, option("groups", l.groups, l.groups > 1), bias, mode)
    : call(l.op === "max" ? "nn.MaxPool2d" : "nn.AvgPool2d", one(l.kernel), option("stride", one(l.stride), !equal(l.stride, l.kernel)), pad, l.op === "max" && gap, option("ceil_mode", "True", l.ceil), option("count_include_pad", "False", l.op === "avg" && !l.counts));
  if (!far) return [yes(layer, pool ? "" : "w")];
  if (l.op === "avg" && !l.counts) return [lacks(WHY.torchAverage)];
  const before = l.op === "max" ? `nn.ConstantPad2d((${left}, ${right}, ${t}, ${b}), -math.inf)` : `nn.ZeroPad2d((${left}, ${right}, ${t}, ${b}))`;
  return [yes(`nn.Sequential(${before}, ${layer})`, pool ? "" : "w", WHY.torchSides)];
}

function keras(l) {
  const base = "keras.layers.", strides = option("strides", one(l.stride), !ones(l.stride));
  if (l.mode !== "zeros") return [lacks(WHY.kerasZeros)];
  if (l.op === "transposed") {
    if (l.groups > 1) return [lacks(WHY.noGroups("Conv2DTranspose"))];
    if (!ones(l.dilation) && !ones(l.stride)) return [lacks(WHY.kerasEither("Conv2DTranspose"))];
    if (l.kernel.some((k, a) => reach(k, l.dilation[a]) < l.stride[a]) || l.sides.some(([p], a) => p < l.more[a])) return [lacks(WHY.kerasRows)];
    const whole = call(`${base}Conv2DTranspose`, l.outs, one(l.kernel), strides, option("dilation_rate", one(l.dilation), !ones(l.dilation)), option("use_bias", "False", !l.bias));
    const cut = l.sides.map(([p], a) => [p, p - l.more[a]]);
    const rows = [yes(none(cut) ? whole : `keras.Sequential([${whole}, ${base}Cropping2D(${pairs(cut)})])`, HWIO, none(cut) ? "" : WHY.kerasStamps)];
    const kept = l.size.map((n, a) => (n - 1) * l.stride[a] + reach(l.kernel[a], l.dilation[a]) - cut[a][0] - cut[a][1]);
    if (equal(kept, l.size.map((n, a) => n * l.stride[a])) && ones(l.dilation) && l.bias) {
      const own = l.kernel.map((k, a) => k - l.stride[a]).map((cutoff) => [Math.floor(cutoff / 2), Math.ceil(cutoff / 2)]);
      const word = call(`${base}Conv2DTranspose`, l.outs, one(l.kernel), strides, 'padding="same"');
      rows.push(equal(own, cut) ? yes(word, HWIO) : no(word, HWIO, WHY.kerasCuts(pairs(own), pairs(cut))));
    }
    return rows;
  }
  const word = alike(l, samePadding(l)) && !none(l.sides);
  if (l.op !== "conv") {
    if (!ones(l.dilation)) return [lacks(WHY.noDilation)];
    const name = base + (l.op === "max" ? "MaxPooling2D" : "AveragePooling2D"), step = option("strides", one(l.stride), !equal(l.stride, l.kernel));
    if (l.ceil) return [lacks(WHY.kerasDown)];
    if (none(l.sides)) return [yes(call(name, one(l.kernel), step), "")];
    const padded = call(name, one(l.kernel), step, 'padding="same"');
    if (l.op === "avg") {
      if (word && !l.counts) return [yes(padded, "", WHY.leavesOut)];
      const zeros = `keras.Sequential([${base}ZeroPadding2D(${pairs(l.sides)}), ${call(name, one(l.kernel), step)}])`;
      return [...(l.counts ? [yes(zeros, "", WHY.zerosCount)] : []), no(padded, "", l.counts ? WHY.countsNone : OTHER_SAME(l))];
    }
    const zeros = `keras.Sequential([${base}ZeroPadding2D(${pairs(l.sides)}), ${call(name, one(l.kernel), step)}])`;
    return [word ? yes(padded, "", WHY.neverWins) : no(padded, "", OTHER_SAME(l)), no(zeros, "", WHY.zeroWins)];
  }
  if (!ones(l.dilation) && !ones(l.stride)) return [lacks(WHY.kerasEither("Conv2D"))];
  const settings = [option("dilation_rate", one(l.dilation), !ones(l.dilation)), option("groups", l.groups, l.groups > 1), option("use_bias", "False", !l.bias)];
  const layer = (pad) => call(`${base}Conv2D`, l.outs, one(l.kernel), strides, pad, ...settings);
  if (none(l.sides)) return [yes(layer(""), HWIO)];
  if (word) return [yes(layer('padding="same"'), HWIO)];
  return [yes(`keras.Sequential([${base}ZeroPadding2D(${pairs(l.sides)}), ${layer("")}])`, HWIO, WHY.noNumbers), no(layer('padding="same"'), HWIO, OTHER_SAME(l))];
}

const windows = (l) => `(1, 1, ${l.kernel.join(", ")}), (1, 1, ${l.stride.join(", ")}), ((0, 0), (0, 0), ${l.sides.map(tuple).join(", ")})`;

function lax(l) {
  if (l.mode !== "zeros") return [lacks(WHY.jaxZeros)];
  const gap = option("rhs_dilation", tuple(l.dilation), !ones(l.dilation));
  if (l.op === "transposed") {
    if (l.groups > 1) return [lacks(WHY.noGroups("lax.conv_transpose"))];
    const pads = l.sides.map(([p], a) => [reach(l.kernel[a], l.dilation[a]) - 1 - p, reach(l.kernel[a], l.dilation[a]) - 1 - p + l.more[a]]);
    const start = ["x", "w", tuple(l.stride), `[${pads.map(tuple).join(", ")}]`, gap];
    return [
      yes(call("lax.conv_transpose", ...start, 'dimension_numbers=("NCHW", "OIHW", "NCHW")', "transpose_kernel=True"), "w", WHY.jaxAround),
      no(call("lax.conv_transpose", ...start, 'dimension_numbers=("NCHW", "IOHW", "NCHW")'), "w", WHY.jaxTurn),
    ];
  }
  if (l.op !== "conv") {
    if (l.ceil) return [lacks(WHY.jaxDown)];
    const wide = option("window_dilation", `(1, 1, ${l.dilation.join(", ")})`, !ones(l.dilation));
    if (l.op === "max") return [yes(call("lax.reduce_window", "x", "-jnp.inf", "lax.max", windows(l), wide), "", WHY.jaxStart)];
    const sum = call("lax.reduce_window", "x", "0.0", "lax.add", windows(l));
    return [yes(l.counts ? `${sum} / ${l.kernel[0] * l.kernel[1]}` : `${sum} / ${call("lax.reduce_window", "jnp.ones_like(x)", "0.0", "lax.add", windows(l))}`, "")];
  }
  const rest = [gap, option("feature_group_count", l.groups, l.groups > 1)], start = ["x", "w", tuple(l.stride)];
  const rows = [yes(call("lax.conv_general_dilated", ...start, `[${l.sides.map(tuple).join(", ")}]`, ...rest), "w")];
  const word = alike(l, samePadding(l));
  if (!none(l.sides)) rows.push((word ? yes : no)(call("lax.conv_general_dilated", ...start, '"SAME"', ...rest), "w", word ? "" : OTHER_SAME(l)));
  return rows;
}

function flax(l) {
  if (l.mode !== "zeros") return [lacks(WHY.flaxModes)];
  const rest = [option("kernel_dilation", tuple(l.dilation), !ones(l.dilation)), option("feature_group_count", l.groups, l.groups > 1), option("use_bias", "False", !l.bias), "rngs=rngs"];
  const strides = option("strides", tuple(l.stride), !ones(l.stride));
  if (l.op === "transposed") {
    if (l.groups > 1) return [lacks(WHY.noGroups("nnx.ConvTranspose"))];
    const pads = l.sides.map(([p], a) => [reach(l.kernel[a], l.dilation[a]) - 1 - p, reach(l.kernel[a], l.dilation[a]) - 1 - p + l.more[a]]);
    return [yes(call("nnx.ConvTranspose", l.ins, l.outs, tuple(l.kernel), strides, option("padding", `[${pads.map(tuple).join(", ")}]`), "transpose_kernel=True", ...rest), HWIO)];
  }
  if (l.op !== "conv") {
    if (l.ceil || !ones(l.dilation)) return [lacks(WHY.flaxPooling)];
    const start = ["x", tuple(l.kernel)], pad = option("padding", pairs(l.sides), !none(l.sides));
    const name = l.op === "max" ? "nnx.max_pool" : "nnx.avg_pool", counts = option("count_include_pad", "False", l.op === "avg" && !l.counts);
    const rows = [yes(call(name, ...start, strides, pad, counts), "")];
    if (!ones(l.stride)) rows.push(no(call(name, ...start, pad, counts), "", WHY.flaxStrides));
    return rows;
  }
  const layer = (pad) => call("nnx.Conv", l.ins, l.outs, tuple(l.kernel), strides, pad, ...rest);
  const word = alike(l, samePadding(l));
  const rows = [yes(layer(option("padding", `[${l.sides.map(tuple).join(", ")}]`)), HWIO)];
  rows.push(word ? yes(layer(""), HWIO, WHY.flaxSame) : no(layer(""), HWIO, WHY.flaxOther(OTHER_SAME(l))));
  return rows;
}

function onnx(l) {
  if (l.mode !== "zeros") return [lacks(WHY.onnxZeros)];
  const list = (values) => `[${values.join(", ")}]`, [[t, b], [left, right]] = l.sides;
  const inputs = l.op === "max" || l.op === "avg" ? '["x"]' : l.bias ? '["x", "w", "b"]' : '["x", "w"]';
  const node = (type, ...more) => call("helper.make_node", `"${type}"`, inputs, '["y"]', option("kernel_shape", list(l.kernel)), option("strides", list(l.stride), !ones(l.stride)), option("dilations", list(l.dilation), !ones(l.dilation)), ...more);
  const pads = option("pads", list([t, left, b, right]), !none(l.sides)), group = option("group", l.groups, l.groups > 1);
  if (l.op === "transposed") return [yes(node("ConvTranspose", pads, option("output_padding", list(l.more), l.more.some(Boolean)), group), "w", group && WHY.onnxGroups)];
  const ceil = option("ceil_mode", 1, l.ceil);
  if (l.op === "max") return [yes(node("MaxPool", pads, ceil), "")];
  if (l.op === "avg") {
    const rows = [yes(node("AveragePool", pads, ceil, option("count_include_pad", 1, l.counts && !none(l.sides))), "")];
    if (l.counts && !none(l.sides)) rows.push(no(node("AveragePool", pads, ceil), "", WHY.onnxDivisor));
    return rows;
  }
  const rows = [yes(node("Conv", pads, group), "w", pads && WHY.onnxPads)];
  const upper = samePadding(l), lower = upper.map(([a, z]) => [z, a]);
  for (const [word, sides] of [["SAME_UPPER", upper], ["SAME_LOWER", lower]]) {
    if (none(l.sides) || !ones(l.dilation)) continue;
    const code = node("Conv", option("auto_pad", `"${word}"`), group);
    rows.push(alike(l, sides) ? yes(code, "w", equal(sides, l.sides) ? "" : WHY.onnxLast) : no(code, "w", WHY.onnxWord(word, pairs(sides), pairs(l.sides))));
  }
  return rows;
}

function mlx(l) {
  if (l.mode !== "zeros" || !symmetric(l.sides) || l.ceil) return [lacks(WHY.mlxPads)];
  const pad = option("padding", one(starts(l.sides)), !none(l.sides)), strides = option("stride", one(l.stride), !ones(l.stride)), gap = option("dilation", one(l.dilation), !ones(l.dilation));
  if (l.op === "max" || l.op === "avg") return l.op === "avg" && !l.counts && !none(l.sides) || !ones(l.dilation) ? [lacks(WHY.mlxPooling)] : [unrun(call(l.op === "max" ? "nn.MaxPool2d" : "nn.AvgPool2d", one(l.kernel), option("stride", one(l.stride), !equal(l.stride, l.kernel)), pad), "")];
  const bias = option("bias", "False", !l.bias);
  if (l.op === "transposed") return l.groups > 1 ? [lacks(WHY.mlxGroups)] : [unrun(call("nn.ConvTranspose2d", l.ins, l.outs, one(l.kernel), strides, pad, gap, option("output_padding", one(l.more), l.more.some(Boolean)), bias), "w.transpose(1, 2, 3, 0)")];
  return [unrun(call("nn.Conv2d", l.ins, l.outs, one(l.kernel), strides, pad, gap, option("groups", l.groups, l.groups > 1), bias), OHWI)];
}

// One plane, one kernel, stride 1: the filters of image libraries.
const BORDERS = { zeros: ["cv2.BORDER_CONSTANT", "constant"], reflect: ["cv2.BORDER_REFLECT_101", "mirror"], replicate: ["cv2.BORDER_REPLICATE", "nearest"], circular: [null, "grid-wrap"] };
const isFilter = (l) => l.op === "conv" && l.ins === 1 && l.outs === 1 && ones(l.stride) && ones(l.dilation);
const anchored = (l) => l.kernel.map((k) => [Math.floor(k / 2), k - 1 - Math.floor(k / 2)]);
const ANCHOR = (l) => WHY.anchor(pairs(anchored(l)), pairs(l.sides));

function opencv(l) {
  if (!isFilter(l)) return [lacks(WHY.noFilter)];
  const [border] = BORDERS[l.mode];
  if (!border) return [lacks(WHY.noWrap)];
  const code = call("cv2.filter2D", "x", "-1", "w", option("borderType", border, l.mode !== "reflect"));
  const rows = [equal(anchored(l), l.sides) ? yes(code, "w[0, 0]") : no(code, "w[0, 0]", ANCHOR(l))];
  if (l.mode === "zeros" && equal(anchored(l), l.sides)) rows.push(no("cv2.filter2D(x, -1, w)", "w[0, 0]", WHY.mirrors));
  return rows;
}

function scipy(l) {
  if (!isFilter(l)) return [lacks(WHY.noFilter)];
  if (none(l.sides)) return [yes('signal.correlate2d(x, w, mode="valid")', "w[0, 0]"), no('signal.convolve2d(x, w, mode="valid")', "w[0, 0]", WHY.flips)];
  const code = `ndimage.correlate(x, w, mode="${BORDERS[l.mode][1]}")`;
  const rows = [equal(anchored(l), l.sides) ? yes(code, "w[0, 0]") : no(code, "w[0, 0]", ANCHOR(l))];
  if (l.mode === "reflect" && equal(anchored(l), l.sides)) rows.push(no('ndimage.correlate(x, w, mode="reflect")', "w[0, 0]", WHY.reflect));
  return rows;
}

export const FRAMEWORKS = { PyTorch: torch, Keras: keras, "JAX lax": lax, "Flax nnx": flax, ONNX: onnx, MLX: mlx, OpenCV: opencv, SciPy: scipy };

/** A layer in every framework's words: rows of framework, call, weight, same and why. */
export const convert = (layer) => Object.entries(FRAMEWORKS).flatMap(([framework, write]) => write(layer).map((row) => ({ framework, ...row })));
