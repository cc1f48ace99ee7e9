// The arithmetic of the explorer: sizes, values, sums and sentences.  No page, no drawing.
//
// Each function has its counterpart in the package `convbook` (geometry.py, _checks.py, correlation.py); a test sets
// hundreds of random settings into the built page and compares every number and every sentence with it.

/** One setting: all that the page shows follows from it.
 *  op: "correlate" | "convolve" | "transpose" | "max" | "average"
 *  input: [channel][row][column]; kernel: [plane][row][column], one plane for each input channel
 *  stride, dilation, outputPadding: [rows, columns]; padding: [[top, bottom], [left, right]]
 *  poolSize: [rows, columns]; paddingMode: [rows', columns']; groups; ceilMode; countIncludePad
 */
export const OPERATIONS = ["correlate", "convolve", "transpose", "max", "average"];
export const PADDING_MODES = ["zeros", "reflect", "replicate", "circular"];
export const isPooling = (op) => op === "max" || op === "average";

const AXES = [0, 1];
const NO_PADDING = [[0, 0], [0, 0]];
const LARGEST_OUTPUT = 64; // rows and columns that the page draws
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
  for (const [name, value] of [["kernel_size", kernel], ["stride", s.stride], ["dilation", s.dilation]]) atLeast(1, name, value);
  const out = s.op === "transpose" ? transposedSize(s, size, kernel) : isPooling(s.op) ? pooledSize(s, size, kernel) : layerSize(s, size, kernel);
  if (Math.max(...out) > LARGEST_OUTPUT) {
    throw new SettingError(`output would be ${out.join("×")}; this page draws at most ${LARGEST_OUTPUT}×${LARGEST_OUTPUT}, \`convbook\` computes it all the same`);
  }
  return out;
}

function atLeast(least, name, value) {
  if (Math.min(...value) < least) throw new SettingError(`${name} must be at least ${least} on both axes, got (${value.join(", ")})`);
}

const counts = (s, size, kernel, padding) => AXES.map((a) => windows(size[a], kernel[a], s.stride[a], padding[a], s.dilation[a], ceilMode(s)));

function layerSize(s, size, kernel) {
  if (Math.min(...s.padding.flat()) < 0) {
    const sides = s.padding.map((side) => `(${side.join(", ")})`).join(", ");
    throw new SettingError(`padding must be at least 0 on every side, got (${sides}); to cut rows off, slice the input`);
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
  atLeast(0, "padding", s.padding.map(([first]) => first));
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
  const name = isMixed(s) ? "mode" : "padding_mode";
  modesOf(s).forEach((mode, a) => {
    const limit = { reflect: size[a] - 1, circular: size[a] }[mode] ?? Infinity;
    if (Math.max(...s.padding[a]) > limit) {
      const why = mode === "reflect" ? "the edge itself is not repeated" : "it would wrap around more than once";
      throw new SettingError(
        `${name}="${mode}" can pad ${size[a]} ${LINES[a]} by at most ${limit} on a side (${why}), ` +
          `got ${s.padding[a][0]} and ${s.padding[a][1]}`,
      );
    }
  });
}

function doesNotFit(s, size, padding, kernel, a) {
  const [n, k, step, [first, last], d] = [size[a], kernel[a], s.stride[a], padding[a], s.dilation[a]];
  const noun = isPooling(s.op) ? "pooling window" : "kernel";
  const reached = s.dilation[0] === 1 && s.dilation[1] === 1 ? "" :
    `, which reaches over ${reach(kernel[0], s.dilation[0])}×${reach(kernel[1], s.dilation[1])} with dilation ${times(s.dilation)},`;
  const result = minus(windows(n, k, step, padding[a], d, ceilMode(s)));
  return `${noun} ${kernel[0]}×${kernel[1]}${reached} does not fit input ${size[0]}×${size[1]} with padding ` +
    `${showSides(padding)}: output ${SIDE[a]} would be ${quotient(n, first, last, reach(k, d), step, ceilMode(s))} = ${result}`;
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

/** The padding modes in force on the two axes: poolings and the transposed convolution know zeros (or −∞) alone, and an
 *  axis without padding goes along with the other. */
export function modesOf(s) {
  if (s.op !== "correlate" && s.op !== "convolve") return ["zeros", "zeros"];
  const padded = s.padding.map((side) => side.some((p) => p));
  return AXES.map((a) => s.paddingMode[padded[a] || !padded[1 - a] ? a : 1 - a]).map((mode) => (padded.some(Boolean) ? mode : "zeros"));
}

const isMixed = (s) => modesOf(s)[0] !== modesOf(s)[1];

/** The terms behind one output cell, in the order in which the sum is written.
 *  Each: channel c, kernel tap (a, b), input place (r, q) in the unpadded image, its value x, the weight w, and
 *  whether it lies inside the image. */
export function terms(s, o, i, j) {
  const [n, m] = planeSize(s.input);
  const [kh, kw] = kernelSize(s);
  const channels = isPooling(s.op) ? [o] : groupChannels(s, o);
  const modes = modesOf(s);
  const found = [];
  for (const c of channels) {
    for (let a = 0; a < kh; a++) {
      for (let b = 0; b < kw; b++) {
        const place = s.op === "transpose" ? cameFrom(s, i, j, a, b, n, m) : windowPlace(s, i, j, a, b);
        if (!place) continue;
        const [r, q] = place;
        const [from, at] = [source(modes[0], r, n), source(modes[1], q, m)];
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

/** The output cells that one input cell (r, q) of channel c reaches, each [o, i, j, how often it is a term there]. */
export function reaches(s, c, r, q) {
  const [rows, columns] = outputSize(s);
  const o = isPooling(s.op) ? c : Math.floor(c / (s.input.length / s.groups));
  const found = [];
  const [n, m] = planeSize(s.input);
  const modes = modesOf(s);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const times = terms(s, o, i, j).filter((t) => t.c === c && source(modes[0], t.r, n) === r && source(modes[1], t.q, m) === q).length;
      if (times) found.push([o, i, j, times]);
    }
  }
  return found;
}

/** What one input cell is used for, in a sentence. */
export function useSentence(s, c, r, q) {
  const reached = reaches(s, c, r, q);
  const cell = `Input${s.input.length > 1 ? ` ${c},` : ""} row ${r}, column ${q}`;
  if (!reached.length) return `${cell} is used by no output cell.`;
  const uses = reached.reduce((total, [, , , times]) => total + times, 0);
  const cells = `${reached.length} output cell${reached.length === 1 ? "" : "s"}`;
  if (s.op === "max") {
    const won = reached.filter(([o, i, j]) => value(s, o, i, j) === s.input[c][r][q]).length;
    return `${cell} is seen by ${cells}; it is the largest in ${won === reached.length ? (won === 1 ? "it" : "all") : won || "none"}.`;
  }
  const often = uses === reached.length ? "" : `, ${uses} times in all, since the padding repeats it`;
  return `${cell} is used by ${cells}${often}.`;
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
  if (!list.length) return [["", "no copy of the kernel reaches this cell: "], result];
  return [...between(" + ", (t) => [input(t, show), ["", "·"], ["w", factor(t.w)]]), ["", " = "], result];
}

/** The same as a text. */
export const sentence = (s, o, i, j) => sentenceParts(s, o, i, j).map(([, text]) => text).join("");

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

/** Planes as Python writes them, a row on each line where they would be long; `indent` columns stand before. */
function literal(planes, indent) {
  const row = (numbers) => `[${numbers.join(", ")}]`;
  const gap = planes.flat(2).length > 12 ? `,\n${" ".repeat(indent + 2)}` : ", ";
  return `[${planes.map((plane) => `[${plane.map(row).join(gap)}]`).join(gap === ", " ? gap : gap.slice(0, -1))}]`;
}

const two = ([a, b]) => (a === b ? `${a}` : `(${a}, ${b})`);
const symmetric = (p) => p[0][0] === p[0][1] && p[1][0] === p[1][1];

function keywords(pairs) {
  return pairs.filter(([, value, usual]) => value !== usual).map(([name, value]) => `, ${name}=${value}`).join("");
}

/** Code that computes this setting, ending in a variable `y` of shape (channels, rows, columns). */
export function code(s, library) {
  const torch = library === "torch";
  const name = functionName(s);
  const head = (more = "") => `import torch\n${torch ? "from torch.nn import functional as F" : `from convbook import ${name}${more}`}\n\n${x}`;
  const call = `y = ${torch ? "F." : ""}${name}`;
  const x = `x = torch.tensor(${literal(s.input, 17)}, dtype=torch.float64)\n`;
  const both = two(s.padding.map(([first]) => first));
  if (isPooling(s.op)) {
    const more = keywords([
      ["stride", two(s.stride), two(s.poolSize)],
      ["padding", both, "0"],
      ["dilation", s.op === "max" ? two(s.dilation) : "1", "1"],
      ["ceil_mode", s.ceilMode ? "True" : "False", "False"],
      ["count_include_pad", s.op === "average" && !s.countIncludePad ? "False" : "True", "True"],
    ]);
    return `${head()}${call}(x[None], ${two(s.poolSize)}${more})[0]`;
  }
  const [c, g] = [s.input.length, s.groups];
  const shape = [...(s.op === "transpose" ? [c, 1] : [g, c / g]), ...planeSize(s.kernel)];
  const w = `w = torch.tensor(${literal(s.kernel, 17)}, dtype=torch.float64).reshape(${shape.join(", ")})\n`;
  const flipped = s.op === "convolve" ? "w.flip(2, 3)" : "w";
  const common = [["stride", two(s.stride), "1"], ["dilation", two(s.dilation), "1"], ["groups", `${g}`, "1"]];
  if (s.op === "transpose") {
    return `${head()}${w}${call}(x[None], ${flipped}${keywords([["padding", both, "0"], ["output_padding", two(s.outputPadding), "0"], ...common])})[0]`;
  }
  const apart = padApart(s, torch);
  if (apart) return `${head(torch ? "" : ", pad")}${w}${apart}${call}(padded, ${flipped}${keywords(common)})[0]`;
  const sides = symmetric(s.padding) ? both : showSides(s.padding);
  const more = keywords([["padding", sides, "0"], ["padding_mode", `"${modesOf(s)[0]}"`, '"zeros"'], ...common]);
  return `${head()}${w}${call}(x[None], ${flipped}${more})[0]`;
}

/** The lines that pad before the layer, where its own argument can't: torch's knows zeros and equal sides alone, both know one mode. */
function padApart(s, torch) {
  const [[t, b], [l, r]] = s.padding;
  const modes = modesOf(s);
  const line = (of, [top, bottom, left, right], mode) => (torch
    ? `padded = F.pad(${of}, (${left}, ${right}, ${top}, ${bottom}), mode="${mode === "zeros" ? "constant" : mode}")\n`
    : `padded = pad(${of}, ((${top}, ${bottom}), (${left}, ${right})), mode="${mode}")\n`);
  if (isMixed(s)) return line("x[None]", [t, b, 0, 0], modes[0]) + line("padded", [0, 0, l, r], modes[1]);
  return torch && (modes[0] !== "zeros" || !symmetric(s.padding)) ? line("x[None]", [t, b, l, r], modes[0]) : "";
}

const functionName = (s) => ({ transpose: "conv_transpose2d", max: "max_pool2d", average: "avg_pool2d" })[s.op] ?? "conv2d";
