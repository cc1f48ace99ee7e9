// The arithmetic of the explorer: sizes, values, sums and sentences.  No page, no drawing.
//
// Each function has its counterpart in the package `convbook` (geometry.py, _checks.py, correlation.py); a test sets
// hundreds of random settings into the built page and compares every number and every sentence with it.

/** One setting: all that the page shows follows from it.
 *  op: "correlate" | "convolve" | "transpose" | "max" | "average"
 *  input: [channel][row][column]; kernel: [plane][row][column], one plane for each input channel
 *  stride, dilation, outputPadding: [rows, columns]; padding: [[top, bottom], [left, right]]
 *  poolSize: [rows, columns]; paddingMode; groups; ceilMode; countIncludePad
 */
export const OPERATIONS = ["correlate", "convolve", "transpose", "max", "average"];
export const PADDING_MODES = ["zeros", "reflect", "replicate", "circular"];
export const isPooling = (op) => op === "max" || op === "average";

const AXES = [0, 1];
const SIDE = ["height", "width"];
const LINES = ["rows", "columns"];

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
  for (const [name, value] of [["kernel_size", kernel], ["stride", s.stride], ["dilation", s.dilation]]) {
    if (Math.min(...value) < 1) throw new SettingError(`${name} must be at least 1 on both axes, got (${value.join(", ")})`);
  }
  if (s.op === "transpose") return transposedSize(s, size, kernel);
  if (isPooling(s.op)) poolPadding(s, kernel);
  else paddingReaches(s, size);
  const out = AXES.map((a) => windows(size[a], kernel[a], s.stride[a], s.padding[a], s.dilation[a], ceilMode(s)));
  if (Math.min(...out) < 1) throw new SettingError(doesNotFit(s, size, kernel, out[0] < 1 ? 0 : 1));
  return out;
}

const ceilMode = (s) => isPooling(s.op) && s.ceilMode;

function transposedSize(s, size, kernel) {
  for (const a of AXES) {
    const most = Math.max(s.stride[a], s.dilation[a]);
    if (s.outputPadding[a] >= most) {
      throw new SettingError(
        `output_padding must be smaller than the stride or the dilation: got ${s.outputPadding[a]} for the ${LINES[a]} ` +
          `with stride ${s.stride[a]} and dilation ${s.dilation[a]}; it chooses among the sizes that the stride maps to ` +
          `one, so 0 to ${most - 1} are possible`,
      );
    }
  }
  return AXES.map((a) => {
    const [n, p, r] = [size[a], s.padding[a][0], reach(kernel[a], s.dilation[a])];
    const full = s.stride[a] * (n - 1) + r + s.outputPadding[a];
    if (full - 2 * p < 1) {
      throw new SettingError(
        `padding ${p} cuts the whole output off: output ${SIDE[a]} would be ${s.stride[a]}·(${n} − 1) − 2·${p} + ${r} + ` +
          `${s.outputPadding[a]} = ${minus(full - 2 * p)}; a padding of at most ${Math.floor((full - 1) / 2)} leaves something`,
      );
    }
    return full - 2 * p;
  });
}

function poolPadding(s, kernel) {
  for (const a of AXES) {
    const most = Math.floor(kernel[a] / 2);
    if (s.padding[a][0] > most) {
      throw new SettingError(
        `padding of a pooling must be at most half the kernel: got ${s.padding[a][0]} for the ${LINES[a]} with kernel ` +
          `${kernel[a]}, ${kernel[a]} // 2 = ${most}; a larger one would leave windows without a pixel`,
      );
    }
  }
}

function paddingReaches(s, size) {
  const most = { reflect: (n) => n - 1, circular: (n) => n }[s.paddingMode];
  if (!most) return;
  for (const a of AXES) {
    const limit = most(size[a]);
    if (Math.max(...s.padding[a]) > limit) {
      const why = s.paddingMode === "reflect" ? "the edge itself is not repeated" : "it would wrap around more than once";
      throw new SettingError(
        `padding_mode="${s.paddingMode}" can pad ${size[a]} ${LINES[a]} by at most ${limit} on a side (${why}), ` +
          `got ${s.padding[a][0]} and ${s.padding[a][1]}`,
      );
    }
  }
}

function doesNotFit(s, size, kernel, a) {
  const [n, k, step, [first, last], d] = [size[a], kernel[a], s.stride[a], s.padding[a], s.dilation[a]];
  const noun = isPooling(s.op) ? "pooling window" : "kernel";
  const reached = s.dilation[0] === 1 && s.dilation[1] === 1 ? "" :
    `, which reaches over ${reach(kernel[0], s.dilation[0])}×${reach(kernel[1], s.dilation[1])} with dilation ${times(s.dilation)},`;
  const result = minus(windows(n, k, step, s.padding[a], d, ceilMode(s)));
  return `${noun} ${kernel[0]}×${kernel[1]}${reached} does not fit input ${size[0]}×${size[1]} with padding ` +
    `${showSides(s.padding)}: output ${SIDE[a]} would be ${quotient(n, first, last, reach(k, d), step, ceilMode(s))} = ${result}`;
}

function quotient(n, first, last, r, step, ceil) {
  const padded = first || last ? `${n} + ${first} + ${last}` : `${n}`;
  const [left, right] = ceil ? ["⌈", "⌉"] : ["⌊", "⌋"];
  return step === 1 ? `${padded} − ${r} + 1` : `${left}(${padded} − ${r}) / ${step}${right} + 1`;
}

/** The size's arithmetic with this setting's numbers in it, a line for each axis. */
export function sizeArithmetic(s) {
  const [size, kernel, out] = [planeSize(s.input), kernelSize(s), outputSize(s)];
  return AXES.map((a) => {
    const r = reach(kernel[a], s.dilation[a]);
    const [first, last] = s.padding[a];
    if (s.op === "transpose") {
      const more = s.outputPadding[a] ? ` + ${s.outputPadding[a]}` : "";
      return `${SIDE[a]}: ${s.stride[a]}·(${size[a]} − 1) − 2·${first} + ${r}${more} = ${out[a]}`;
    }
    return `${SIDE[a]}: ${quotient(size[a], first, last, r, s.stride[a], ceilMode(s))} = ${out[a]}`;
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

/** The padding mode in force: poolings and the transposed convolution know zeros (or −∞) alone. */
export const modeOf = (s) => (s.op === "correlate" || s.op === "convolve" ? s.paddingMode : "zeros");

/** The terms behind one output cell, in the order in which the sum is written.
 *  Each: channel c, kernel tap (a, b), input place (r, q) in the unpadded image, its value x, the weight w, and
 *  whether it lies inside the image. */
export function terms(s, o, i, j) {
  const [n, m] = planeSize(s.input);
  const [kh, kw] = kernelSize(s);
  const channels = isPooling(s.op) ? [o] : groupChannels(s, o);
  const mode = modeOf(s);
  const found = [];
  for (const c of channels) {
    for (let a = 0; a < kh; a++) {
      for (let b = 0; b < kw; b++) {
        const place = s.op === "transpose" ? cameFrom(s, i, j, a, b, n, m) : windowPlace(s, i, j, a, b);
        if (!place) continue;
        const [r, q] = place;
        const [from, at] = [source(mode, r, n), source(mode, q, m)];
        const known = from !== null && at !== null;
        found.push({ c, a, b, r, q, inside: r >= 0 && r < n && q >= 0 && q < m, known,
          x: known ? s.input[c][from][at] : s.op === "max" ? -Infinity : 0, w: weight(s, c, a, b, kh, kw) });
      }
    }
  }
  return found;
}

export const groupCount = (s) => (isPooling(s.op) ? s.input.length : s.groups);

function groupChannels(s, o) {
  const each = s.input.length / s.groups;
  return Array.from({ length: each }, (_, c) => o * each + c);
}

const windowPlace = (s, i, j, a, b) => [
  i * s.stride[0] + a * s.dilation[0] - s.padding[0][0],
  j * s.stride[1] + b * s.dilation[1] - s.padding[1][0],
];

/** The input cell that lays tap (a, b) on output (i, j) of a transposed convolution, or null. */
function cameFrom(s, i, j, a, b, n, m) {
  const r = i + s.padding[0][0] - a * s.dilation[0];
  const q = j + s.padding[1][0] - b * s.dilation[1];
  if (r < 0 || q < 0 || r % s.stride[0] || q % s.stride[1]) return null;
  const [from, at] = [r / s.stride[0], q / s.stride[1]];
  return from < n && at < m ? [from, at] : null;
}

function weight(s, c, a, b, kh, kw) {
  if (isPooling(s.op)) return 1;
  return s.op === "convolve" ? s.kernel[c][kh - 1 - a][kw - 1 - b] : s.kernel[c][a][b];
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

/** One output number. */
export function value(s, o, i, j) {
  const list = terms(s, o, i, j);
  if (s.op === "max") return list.reduce((best, t) => Math.max(best, t.x), -Infinity);
  const sum = list.reduce((total, t) => total + t.x * t.w, 0);
  return s.op === "average" ? sum / divisor(s, i, j) : sum;
}

/** All output planes, [channel][row][column]. */
export function compute(s) {
  const [rows, columns] = outputSize(s);
  return Array.from({ length: groupCount(s) }, (_, o) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(s, o, i, j))));
}

/** The output cells that one input cell (r, q) of channel c reaches, as "o,i,j". */
export function reaches(s, c, r, q) {
  const [rows, columns] = outputSize(s);
  const o = isPooling(s.op) ? c : Math.floor(c / (s.input.length / s.groups));
  const found = [];
  const [n, m] = planeSize(s.input);
  const mode = modeOf(s);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const touched = terms(s, o, i, j).some((t) => t.c === c && source(mode, t.r, n) === r && source(mode, t.q, m) === q);
      if (touched) found.push([o, i, j]);
    }
  }
  return found;
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

/** The sum behind one output cell, written out. */
export function sentence(s, o, i, j) {
  const list = terms(s, o, i, j);
  const result = show(value(s, o, i, j));
  if (s.op === "max") return `max(${list.map((t) => show(t.x)).join(", ")}) = ${result}`;
  if (s.op === "average") return `(${list.map((t) => factor(t.x)).join(" + ")}) / ${divisor(s, i, j)} = ${result}`;
  if (!list.length) return `no copy of the kernel reaches this cell: ${result}`;
  return `${list.map((t) => `${show(t.x)}·${factor(t.w)}`).join(" + ")} = ${result}`;
}

/** Multiply–adds and parameters, as `convbook.cost` counts them (null for a pooling, which has neither). */
export function costs(s) {
  if (isPooling(s.op)) return null;
  const [kh, kw] = kernelSize(s);
  const parameters = s.input.length * kh * kw;
  // A transposed convolution uses its kernel once for each input cell.
  const [rows, columns] = s.op === "transpose" ? planeSize(s.input) : outputSize(s);
  return { parameters, multiplyAdds: rows * columns * parameters };
}

// --------------------------------------------------------------------------------------------------- code

const literal = (planes) => JSON.stringify(planes).replaceAll(",", ", ");
const two = ([a, b]) => (a === b ? `${a}` : `(${a}, ${b})`);
const symmetric = (p) => p[0][0] === p[0][1] && p[1][0] === p[1][1];

function keywords(pairs) {
  return pairs.filter(([, value, usual]) => value !== usual).map(([name, value]) => `, ${name}=${value}`).join("");
}

/** Code that computes this setting, ending in a variable `y` of shape (channels, rows, columns). */
export function code(s, library) {
  const torch = library === "torch";
  const head = torch ? "import torch\nfrom torch.nn import functional as F\n" : `import torch\nfrom convbook import ${functionName(s)}\n`;
  const call = `${torch ? "F." : ""}${functionName(s)}`;
  const x = `x = torch.tensor(${literal(s.input)}, dtype=torch.float64)`;
  if (isPooling(s.op)) {
    const more = keywords([
      ["stride", two(s.stride), two(s.poolSize)],
      ["padding", two([s.padding[0][0], s.padding[1][0]]), "0"],
      ["dilation", s.op === "max" ? two(s.dilation) : "1", "1"],
      ["ceil_mode", s.ceilMode ? "True" : "False", "False"],
      ["count_include_pad", s.op === "average" && !s.countIncludePad ? "False" : "True", "True"],
    ]);
    return `${head}\n${x}\ny = ${call}(x[None], ${two(s.poolSize)}${more})[0]`;
  }
  const [c, g] = [s.input.length, s.groups];
  const [kh, kw] = planeSize(s.kernel);
  const shape = s.op === "transpose" ? [c, 1, kh, kw] : [g, c / g, kh, kw];
  const w = `w = torch.tensor(${literal(s.kernel)}, dtype=torch.float64).reshape(${shape.join(", ")})`;
  const flipped = s.op === "convolve" ? "w.flip(2, 3)" : "w";
  const common = [["stride", two(s.stride), "1"], ["dilation", two(s.dilation), "1"], ["groups", `${g}`, "1"]];
  if (s.op === "transpose") {
    const more = keywords([["padding", two([s.padding[0][0], s.padding[1][0]]), "0"],
      ["output_padding", two(s.outputPadding), "0"], ...common]);
    return `${head}\n${x}\n${w}\ny = ${call}(x[None], ${flipped}${more})[0]`;
  }
  if (torch && (s.paddingMode !== "zeros" || !symmetric(s.padding)) && s.padding.flat().some((p) => p)) {
    const [[t, b], [l, r]] = s.padding;
    const mode = s.paddingMode === "zeros" ? "constant" : s.paddingMode;
    return `${head}\n${x}\n${w}\npadded = F.pad(x[None], (${l}, ${r}, ${t}, ${b}), mode="${mode}")\n` +
      `y = ${call}(padded, ${flipped}${keywords(common)})[0]`;
  }
  const sides = symmetric(s.padding) ? two([s.padding[0][0], s.padding[1][0]]) : showSides(s.padding);
  const more = keywords([["padding", sides, "0"], ["padding_mode", `"${s.paddingMode}"`, '"zeros"'], ...common]);
  return `${head}\n${x}\n${w}\ny = ${call}(x[None], ${flipped}${more})[0]`;
}

const functionName = (s) => ({ transpose: "conv_transpose2d", max: "max_pool2d", average: "avg_pool2d" })[s.op] ?? "conv2d";
