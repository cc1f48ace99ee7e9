// The arithmetic of the explorer: sizes, values, sums and sentences.  No page, no drawing.
//
// Each function has its counterpart in the package `convbook` (geometry.py, _judge/, correlation.py); a test sets
// hundreds of random settings into the built page and compares every number and every sentence with it.

/** One setting: all that the page shows follows from it.
 *  op: "correlate" | "convolve" | "transpose" | "max" | "average"
 *  input: [channel][row][column]; kernel: [plane][row][column], a plane for each channel of the first filter, then of the next
 *  filters: outputs of each group; bias: one number for each output, or none at all; relu: whether negative outputs become 0
 *  gradient: whether the gradients of the lit output ("lit") or of the sum of all ("sum") are shown, or none ("")
 *  line: one row alone, as a 1-D layer has it; volume: whether the channels are drawn in depth; other: the setting it is compared with, as in an address
 *  stride, dilation, outputPadding: [rows, columns]; padding: [[top, bottom], [left, right]]
 *  poolSize: [rows, columns]; paddingMode: [rows', columns']; groups; ceilMode; countIncludePad
 */
import { words } from "./words.js";

export const OPERATIONS = ["correlate", "convolve", "transpose", "max", "average"];
export const PADDING_MODES = ["zeros", "reflect", "replicate", "circular"];
export const isPooling = (op) => op === "max" || op === "average";

const AXES = [0, 1];
const NO_PADDING = [[0, 0], [0, 0]];
const LARGEST_OUTPUT = 64; // rows and columns that the page draws

export class SettingError extends Error {}

export const planeSize = (planes) => [planes[0].length, planes[0][0].length];
export const kernelSize = (s) => (isPooling(s.op) ? s.poolSize : planeSize(s.kernel));
export const reach = (k, d) => d * (k - 1) + 1;

// ------------------------------------------------------------------------------------------------- sizes

function windows(n, k, stride, [before, after], d, ceil = false) {
  const room = n + before + after - d * (k - 1) - 1;
  if (!ceil) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  // A window must start inside the input or its left padding.
  return (count - 1) * stride >= n + before ? count - 1 : count;
}

/** Rows and columns of the output; throws the sentence that says why there is none. */
export function outputSize(s) {
  const size = planeSize(s.input);
  const kernel = kernelSize(s);
  for (const [name, value] of [["kernel_size", kernel], ["stride", s.stride], ["dilation", s.dilation]]) atLeast(1, name, value);
  const out = s.op === "transpose" ? transposedSize(s, size, kernel) : isPooling(s.op) ? pooledSize(s, size, kernel) : layerSize(s, size, kernel);
  if (Math.max(...out) > LARGEST_OUTPUT) {
    throw new SettingError(words.tooLarge(out.join("×"), LARGEST_OUTPUT));
  }
  return out;
}

function atLeast(least, name, value) {
  if (Math.min(...value) < least) throw new SettingError(words.atLeast(name, least, value.join(", ")));
}

const counts = (s, size, kernel, padding) => AXES.map((a) => windows(size[a], kernel[a], s.stride[a], padding[a], s.dilation[a], ceilMode(s)));

function layerSize(s, size, kernel) {
  if (Math.min(...s.padding.flat()) < 0) {
    const sides = s.padding.map((side) => `(${side.join(", ")})`).join(", ");
    throw new SettingError(words.paddingBelow(sides));
  }
  paddingReaches(s, size);
  // Two modes are two steps: the image is padded first, and the layer sees the padded one.
  const [seen, around] = isMixed(s) ? [AXES.map((a) => size[a] + s.padding[a][0] + s.padding[a][1]), NO_PADDING] : [size, s.padding];
  const out = counts(s, seen, kernel, around);
  if (Math.min(...out) < 1) throw new SettingError(doesNotFit(s, seen, around, kernel, out[0] < 1 ? 0 : 1));
  return out;
}

function pooledSize(s, size, kernel) {
  poolPadding(s, kernel);
  const out = counts(s, size, kernel, s.padding);
  if (Math.min(...out) < 1) throw new SettingError(doesNotFit(s, size, s.padding, kernel, out[0] < 1 ? 0 : 1));
  return out;
}

const ceilMode = (s) => isPooling(s.op) && s.ceilMode;

function transposedSize(s, size, kernel) {
  atLeast(0, "padding", s.padding.map(([first]) => first));
  atLeast(0, "output_padding", s.outputPadding);
  for (const a of AXES) {
    const most = Math.max(s.stride[a], s.dilation[a]);
    if (s.outputPadding[a] >= most) {
      throw new SettingError(words.outputPaddingAbove(s.outputPadding[a], a, s.stride[a], s.dilation[a], most - 1));
    }
  }
  return AXES.map((a) => {
    const [n, p, r] = [size[a], s.padding[a][0], reach(kernel[a], s.dilation[a])];
    const full = s.stride[a] * (n - 1) + r + s.outputPadding[a];
    if (full - 2 * p < 1) {
      const formula = `${s.stride[a]}·(${n} − 1) − 2·${p} + ${r} + ${s.outputPadding[a]} = ${minus(full - 2 * p)}`;
      throw new SettingError(words.allCutOff(p, a, formula, Math.floor((full - 1) / 2)));
    }
    return full - 2 * p;
  });
}

function poolPadding(s, kernel) {
  atLeast(0, "padding", s.padding.map(([first]) => first));
  for (const a of AXES) {
    const most = Math.floor(kernel[a] / 2);
    if (s.padding[a][0] > most) throw new SettingError(words.poolPadding(s.padding[a][0], a, kernel[a], most));
  }
}

function paddingReaches(s, size) {
  const name = isMixed(s) ? "mode" : "padding_mode";
  modesOf(s).forEach((mode, a) => {
    const limit = { reflect: size[a] - 1, circular: size[a] }[mode] ?? Infinity;
    if (Math.max(...s.padding[a]) > limit) throw new SettingError(words.paddingTooFar(name, mode, size[a], a, limit, ...s.padding[a]));
  });
}

function doesNotFit(s, size, padding, kernel, a) {
  const [n, k, step, [first, last], d] = [size[a], kernel[a], s.stride[a], padding[a], s.dilation[a]];
  const reached = s.dilation[0] === 1 && s.dilation[1] === 1 ? "" : AXES.map((axis) => reach(kernel[axis], s.dilation[axis])).join("×");
  const formula = `${quotient(n, first, last, reach(k, d), step, ceilMode(s))} = ${minus(windows(n, k, step, padding[a], d, ceilMode(s)))}`;
  return words.doesNotFit(isPooling(s.op), kernel.join("×"), reached, times(s.dilation), size.join("×"), showSides(padding), a, formula);
}

function quotient(n, first, last, r, step, ceil) {
  const padded = first || last ? `${n} + ${first} + ${last}` : `${n}`;
  const [left, right] = ceil ? ["⌈", "⌉"] : ["⌊", "⌋"];
  return step === 1 ? `${padded} − ${r} + 1` : `${left}(${padded} − ${r}) / ${step}${right} + 1`;
}

/** The size's arithmetic with this setting's numbers in it, a line for each axis. */
export function sizeArithmetic(s) {
  const [size, kernel, out] = [planeSize(s.input), kernelSize(s), outputSize(s)];
  const LENGTH = 2;
  return (s.line ? [1] : AXES).map((a) => {
    const side = s.line ? LENGTH : a;
    const r = reach(kernel[a], s.dilation[a]);
    const [first, last] = s.padding[a];
    if (s.op === "transpose") {
      const more = s.outputPadding[a] ? ` + ${s.outputPadding[a]}` : "";
      return words.sizeLine(side, `${s.stride[a]}·(${size[a]} − 1) − 2·${first} + ${r}${more}`, out[a]);
    }
    return words.sizeLine(side, quotient(size[a], first, last, r, s.stride[a], ceilMode(s)), out[a]);
  });
}

const times = (two) => (two[0] === two[1] ? `${two[0]}` : two.join("×"));
export const minus = (n) => (n < 0 ? `−${-n}` : `${n}`);

function showSides([[top, bottom], [left, right]]) {
  if (top === bottom && left === right) return top === left ? `${top}` : `(${top}, ${left})`;
  return `((${top}, ${bottom}), (${left}, ${right}))`;
}

// ------------------------------------------------------------------------------------------------- values

/** Where padded row (or column) i comes from: a position in the image, or null for a cell of padding. */
export function source(mode, i, n) {
  if (i >= 0 && i < n) return i;
  if (mode === "reflect") return n - 1 - Math.abs(n - 1 - Math.abs(i));
  if (mode === "replicate") return Math.min(Math.max(i, 0), n - 1);
  if (mode === "circular") return ((i % n) + n) % n;
  return null;
}

/** The padding modes in force on the two axes: poolings and the transposed convolution know zeros (or −∞) alone, and an
 *  axis without padding goes along with the other. */
export function modesOf(s) {
  if (s.op !== "correlate" && s.op !== "convolve") return ["zeros", "zeros"];
  const padded = s.padding.map((side) => side.some((p) => p));
  return AXES.map((a) => s.paddingMode[padded[a] || !padded[1 - a] ? a : 1 - a]).map((mode) => (padded.some(Boolean) ? mode : "zeros"));
}

const isMixed = (s) => modesOf(s)[0] !== modesOf(s)[1];

const PADDING = -1; // a place outside the image whose value is the padding's
const NOTHING = -2; // a tap that reaches no input at all
const mapsOf = new WeakMap();

/** For each axis, output place and tap: the input row (or column) behind it, PADDING or NOTHING. */
function maps(s) {
  if (mapsOf.has(s)) return mapsOf.get(s);
  const [size, kernel, out, modes] = [planeSize(s.input), kernelSize(s), outputSize(s), modesOf(s)];
  const found = AXES.map((a) => Array.from({ length: out[a] }, (_, i) => Array.from({ length: kernel[a] }, (__, tap) => {
    if (s.op === "transpose") {
      const laid = i + s.padding[a][0] - tap * s.dilation[a];
      return laid < 0 || laid % s.stride[a] || laid / s.stride[a] >= size[a] ? NOTHING : laid / s.stride[a];
    }
    return source(modes[a], place(s, a, i, tap), size[a]) ?? PADDING;
  })));
  mapsOf.set(s, found);
  return found;
}

/** Where tap `tap` of output `i` lies on axis `a`, counted from the image's first row; outside of it in the padding. */
const place = (s, a, i, tap) => i * s.stride[a] + tap * s.dilation[a] - s.padding[a][0];

export const groupCount = (s) => (isPooling(s.op) ? s.input.length : s.groups);
export const outputCount = (s) => (isPooling(s.op) ? s.input.length : s.groups * s.filters);
export const biasOf = (s, o) => (isPooling(s.op) ? 0 : s.bias[o] ?? 0);

/** The input channels behind output o. */
export function channelsOf(s, o) {
  if (isPooling(s.op)) return [o];
  const each = s.input.length / s.groups;
  const first = Math.floor(o / s.filters) * each;
  return Array.from({ length: each }, (_, c) => first + c);
}

/** Which plane of the kernel joins input channel c and output o. */
export const planeOf = (s, o, c) => (o % s.filters) * s.input.length + c;

/** The kernel's planes in the order of torch's weight: (outputs, channels of a group), transposed (channels, outputs of a group). */
function inWeightOrder(s) {
  const all = (count) => Array.from({ length: count }, (_, k) => k);
  if (s.op === "transpose") return all(s.input.length).flatMap((c) => all(s.filters).map((f) => s.kernel[planeOf(s, f, c)]));
  return all(outputCount(s)).flatMap((o) => channelsOf(s, o).map((c) => s.kernel[planeOf(s, o, c)]));
}

/** The terms behind one output cell, in the order in which the sum is written.
 *  Each: channel c, the kernel's plane p, tap (a, b), input place (r, q) in the unpadded image, its value x, the weight w,
 *  and whether it lies inside the image. */
export function terms(s, o, i, j) {
  const [rows, columns] = maps(s);
  const size = planeSize(s.input);
  const transposed = s.op === "transpose";
  const found = [];
  for (const c of channelsOf(s, o)) {
    const p = isPooling(s.op) ? null : planeOf(s, o, c);
    rows[i].forEach((from, a) => columns[j].forEach((at, b) => {
      if (from === NOTHING || at === NOTHING) return;
      const [r, q] = transposed ? [from, at] : [place(s, 0, i, a), place(s, 1, j, b)];
      const known = from !== PADDING && at !== PADDING;
      found.push({ c, p, a, b, r, q, from, at, inside: r >= 0 && r < size[0] && q >= 0 && q < size[1], known,
        x: known ? s.input[c][from][at] : s.op === "max" ? -Infinity : 0, w: p === null ? 1 : weight(s, p, a, b) });
    }));
  }
  return found;
}

function weight(s, p, a, b) {
  const plane = s.kernel[p];
  return s.op === "convolve" ? plane[plane.length - 1 - a][plane[0].length - 1 - b] : plane[a][b];
}

/** The number that an average is divided by: padding counts or not, the overhang of ceil_mode never does. */
export function divisor(s, i, j) {
  const size = planeSize(s.input);
  const kernel = kernelSize(s);
  return AXES.map((a) => {
    const start = [i, j][a] * s.stride[a] - s.padding[a][0];
    const end = Math.min(start + kernel[a], size[a] + s.padding[a][1]);
    return s.countIncludePad ? end - start : Math.min(end, size[a]) - Math.max(start, 0);
  }).reduce((x, y) => x * y);
}

/** One output number; written as loops, since a picture asks for thousands of them. */
export function value(s, o, i, j) {
  const [rows, columns] = maps(s).map((axis, a) => axis[[i, j][a]]);
  const maximum = s.op === "max";
  let [sum, most] = [0, -Infinity];
  for (const c of channelsOf(s, o)) {
    const [plane, p] = [s.input[c], isPooling(s.op) ? null : planeOf(s, o, c)];
    for (let a = 0; a < rows.length; a++) {
      if (rows[a] < 0) continue;
      for (let b = 0; b < columns.length; b++) {
        if (columns[b] < 0) continue;
        const x = plane[rows[a]][columns[b]];
        if (maximum) most = x > most ? x : most;
        else sum += p === null ? x : x * weight(s, p, a, b);
      }
    }
  }
  if (maximum) return most;
  if (s.op === "average") return sum / divisor(s, i, j);
  return s.relu ? Math.max(0, sum + biasOf(s, o)) : sum + biasOf(s, o);
}

/** All output planes, [channel][row][column]. */
export function compute(s) {
  const [rows, columns] = outputSize(s);
  return Array.from({ length: outputCount(s) }, (_, o) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(s, o, i, j))));
}

/** The output cells that one input cell (r, q) of channel c reaches, each [o, i, j, how often it is a term there]. */
export function reaches(s, c, r, q) {
  const often = maps(s).map((axis, a) => axis.map((taps) => taps.filter((from) => from === [r, q][a]).length));
  const found = [];
  for (let o = 0; o < outputCount(s); o++) {
    if (!channelsOf(s, o).includes(c)) continue;
    often[0].forEach((down, i) => often[1].forEach((across, j) => { if (down && across) found.push([o, i, j, down * across]); }));
  }
  return found;
}

/** The gradient of a sum of output cells [o, i, j] by every input number and every weight, in the shapes of both.  A maximum sends
 *  all of it to its first largest number; a ReLU passes it where its output is above 0. */
export function gradients(s, cells) {
  const zeros = (planes) => planes.map((plane) => plane.map((row) => row.map(() => 0)));
  const found = { input: zeros(s.input), kernel: zeros(s.kernel) };
  for (const [o, i, j] of cells) {
    let list = terms(s, o, i, j).filter((t) => t.known);
    if (s.op === "max") list = list.filter((t) => t.x === value(s, o, i, j)).slice(0, 1);
    else if (!isPooling(s.op) && s.relu && value(s, o, i, j) <= 0) list = [];
    for (const t of list) {
      found.input[t.c][t.from][t.at] += s.op === "average" ? 1 / divisor(s, i, j) : t.w;
      if (t.p === null) continue;
      const plane = found.kernel[t.p];
      if (s.op === "convolve") plane[plane.length - 1 - t.a][plane[0].length - 1 - t.b] += t.x;
      else plane[t.a][t.b] += t.x;
    }
  }
  return found;
}

/** What one input cell is used for, in a sentence. */
export function useSentence(s, c, r, q) {
  const reached = reaches(s, c, r, q);
  const cell = words.inputCell(s.input.length > 1 ? c : null, s.line ? null : r, q);
  if (!reached.length) return words.unused(cell);
  if (s.op === "max") return words.seen(cell, reached.length, reached.filter(([o, i, j]) => value(s, o, i, j) === s.input[c][r][q]).length);
  return words.used(cell, reached.length, reached.reduce((total, [, , , often]) => total + often, 0));
}

// ---------------------------------------------------------------------------------------------- sentences

/** A number as the page shows it: up to four significant digits, a true minus sign. */
export function show(x) {
  if (x === -Infinity) return "−∞";
  if (!Number.isFinite(x)) return String(x);
  const short = Number(x.toPrecision(4));
  return minus(Object.is(short, -0) ? 0 : short);
}

const factor = (x) => (x < 0 ? `(${show(x)})` : show(x));

/** The sum behind one output cell, written out in parts [kind, text]: "x" an input's number, "pad" one of the padding, "w" a
 *  weight, "y" the result, "channel" where a channel begins, "" what stands between. */
export function sentenceParts(s, o, i, j) {
  const list = terms(s, o, i, j);
  const result = ["y", show(value(s, o, i, j))];
  const input = (t, form) => [t.inside || s.op === "transpose" ? "x" : "pad", form(t.x)];
  const between = (sign, one) => list.flatMap((t, k) => [...(k ? [["", sign]] : []), ...(k && t.c !== list[k - 1].c ? [["channel", ""]] : []), ...one(t)]);
  if (s.op === "max") return [["", "max("], ...between(", ", (t) => [input(t, show)]), ["", ") = "], result];
  if (s.op === "average") return [["", "("], ...between(" + ", (t) => [input(t, factor)]), ["", `) / ${divisor(s, i, j)} = `], result];
  const bias = s.bias.length ? [["", " + "], ["b", factor(biasOf(s, o))]] : [];
  if (!list.length && !bias.length) return [["", words.noCopy], result];
  const sum = [...between(" + ", (t) => [input(t, show), ["", "·"], ["w", factor(t.w)]]), ...bias.slice(list.length ? 0 : 1)];
  return s.relu ? [["", "max(0, "], ...sum, ["", ") = "], result] : [...sum, ["", " = "], result];
}

/** The same as a text. */
export const sentence = (s, o, i, j) => sentenceParts(s, o, i, j).map(([, text]) => text).join("");

/** Multiply–adds and parameters, as `convbook.cost` counts them (null for a pooling, which has neither). */
export function costs(s) {
  if (isPooling(s.op)) return null;
  const [kh, kw] = kernelSize(s);
  const weights = s.kernel.length * kh * kw;
  // A transposed convolution uses its kernel once for each input cell.
  const [rows, columns] = s.op === "transpose" ? planeSize(s.input) : outputSize(s);
  return { parameters: weights + (s.bias.length ? outputCount(s) : 0), multiplyAdds: rows * columns * weights };
}

// --------------------------------------------------------------------------------------------------- code

/** Planes as Python writes them behind `x = torch.tensor(`, a row on each line where they would be long. */
function literalOf(planes) {
  const indent = 17;
  const row = (numbers) => `[${numbers.join(", ")}]`;
  const gap = planes.flat(2).length > 12 ? `,\n${" ".repeat(indent + 2)}` : ", ";
  return `[${planes.map((plane) => `[${plane.map(row).join(gap)}]`).join(gap === ", " ? gap : gap.slice(0, -1))}]`;
}

const symmetric = (p) => p[0][0] === p[0][1] && p[1][0] === p[1][1];

function keywords(pairs) {
  return pairs.filter(([, value, usual]) => value !== usual).map(([name, value]) => `, ${name}=${value}`).join("");
}

/** Code that computes this setting, ending in a variable `y` of shape (channels, rows, columns). */
export function code(s, library) {
  const torch = library === "torch";
  const line = torch && s.line; // `convbook` has layers of two dimensions alone
  const name = line ? functionName(s).replace("2d", "1d") : functionName(s);
  const two = ([a, b]) => (a === b || line ? `${b}` : `(${a}, ${b})`);
  const layer = torch ? layerCode(s, two) : "";
  const end = `[0]${s.relu && !isPooling(s.op) ? ".relu()" : ""}${layer && `\n# ${words.asLayer}${layer}`}`;
  const literal = (planes) => (line ? literalOf([planes.map(([row]) => row)]).slice(1, -1) : literalOf(planes));
  const head = (more = "") => `import torch\n${torch ? "from torch.nn import functional as F" : `from convbook import ${name}${more}`}\n\n${x}`;
  const call = `y = ${torch ? "F." : ""}${name}`;
  const x = `x = torch.tensor(${literal(s.input)}, dtype=torch.float64)\n`;
  const both = two(s.padding.map(([first]) => first));
  if (isPooling(s.op)) {
    const more = keywords([
      ["stride", two(s.stride), two(s.poolSize)],
      ["padding", both, "0"],
      ["dilation", s.op === "max" ? two(s.dilation) : "1", "1"],
      ["ceil_mode", s.ceilMode ? "True" : "False", "False"],
      ["count_include_pad", s.op === "average" && !s.countIncludePad ? "False" : "True", "True"],
    ]);
    return `${head()}${call}(x[None], ${two(s.poolSize)}${more})${end}`;
  }
  const [c, g] = [s.input.length, s.groups];
  const shape = [...(s.op === "transpose" ? [c, s.filters] : [g * s.filters, c / g]), ...planeSize(s.kernel).slice(line ? 1 : 0)];
  const biased = s.bias.length ? [["bias", `torch.tensor([${s.bias.join(", ")}], dtype=torch.float64)`, ""]] : [];
  const w = `w = torch.tensor(${literal(inWeightOrder(s))}, dtype=torch.float64).reshape(${shape.join(", ")})\n`;
  const flipped = s.op === "convolve" ? (line ? "w.flip(2)" : "w.flip(2, 3)") : "w";
  const common = [...biased, ["stride", two(s.stride), "1"], ["dilation", two(s.dilation), "1"], ["groups", `${g}`, "1"]];
  if (s.op === "transpose") {
    return `${head()}${w}${call}(x[None], ${flipped}${keywords([["padding", both, "0"], ["output_padding", two(s.outputPadding), "0"], ...common])})${end}`;
  }
  const apart = padApart(s, torch, line);
  if (apart) return `${head(torch ? "" : ", pad")}${w}${apart}${call}(padded, ${flipped}${keywords(common)})${end}`;
  const sides = symmetric(s.padding) ? both : showSides(s.padding); // torch has got here with equal sides alone
  const more = keywords([["padding", sides, "0"], ["padding_mode", `"${modesOf(s)[0]}"`, '"zeros"'], ...common]);
  return `${head()}${w}${call}(x[None], ${flipped}${more})${end}`;
}

/** The layer of torch.nn that computes this setting, once it has these weights; none where its padding or its flip is no layer's. */
function layerCode(s, two) {
  const name = { transpose: "ConvTranspose", max: "MaxPool", average: "AvgPool" }[s.op] ?? "Conv";
  const [pooling, transposed, modes] = [isPooling(s.op), s.op === "transpose", modesOf(s)];
  if (s.op === "convolve" || !symmetric(s.padding) || isMixed(s)) return "";
  const head = pooling ? [] : [s.input.length, outputCount(s)];
  const more = keywords([
    ["stride", two(s.stride), pooling ? two(s.poolSize) : "1"],
    ["padding", two(s.padding.map(([first]) => first)), "0"],
    ["output_padding", transposed ? two(s.outputPadding) : "0", "0"],
    ["dilation", s.op === "average" ? "1" : two(s.dilation), "1"],
    ["groups", pooling ? "1" : `${s.groups}`, "1"],
    ["bias", pooling || s.bias.length ? "True" : "False", "True"],
    ["padding_mode", `"${modes[0]}"`, '"zeros"'],
    ["ceil_mode", pooling && s.ceilMode ? "True" : "False", "False"],
    ["count_include_pad", s.op === "average" && !s.countIncludePad ? "False" : "True", "True"],
  ]);
  return `nn.${name}${s.line ? 1 : 2}d(${[...head, two(kernelSize(s))].join(", ")}${more})`;
}

/** The lines that pad before the layer, where its own argument can't: torch's knows zeros and equal sides alone, both know one mode. */
function padApart(s, torch, single) {
  const [[t, b], [l, r]] = s.padding;
  const modes = modesOf(s);
  const line = (of, [top, bottom, left, right], mode) => (torch
    ? `padded = F.pad(${of}, (${[left, right, ...(single ? [] : [top, bottom])].join(", ")}), mode="${mode === "zeros" ? "constant" : mode}")\n`
    : `padded = pad(${of}, ((${top}, ${bottom}), (${left}, ${right})), mode="${mode}")\n`);
  if (isMixed(s)) return line("x[None]", [t, b, 0, 0], modes[0]) + line("padded", [0, 0, l, r], modes[1]);
  return torch && (modes[0] !== "zeros" || !symmetric(s.padding)) ? line("x[None]", [t, b, l, r], modes[0]) : "";
}

const functionName = (s) => ({ transpose: "conv_transpose2d", max: "max_pool2d", average: "avg_pool2d" })[s.op] ?? "conv2d";
