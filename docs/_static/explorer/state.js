// The explorer's state: its starting point, its presets, and its form in the page's address.

import { OPERATIONS, PADDING_MODES, isPooling } from "./arithmetic.js";
import { fieldsOf } from "./page.js";

export const LARGEST = 16; // rows and columns of an input or a kernel
export const FARTHEST = 16; // a stride, a padding, a dilation
export const MOST_FILTERS = 4;
export const FIRST = [0, 0, 1]; // the first cell of the first picture that is not 0

export function defaultState() {
  return {
    op: "correlate",
    input: [Array.from({ length: 6 }, () => [1, 1, 0, 0, 0, 0, 1, 1])],
    kernel: [[[1, -1]]],
    poolSize: [2, 2],
    stride: [1, 1],
    padding: [[0, 0], [0, 0]],
    dilation: [1, 1],
    outputPadding: [0, 0],
    paddingMode: ["zeros", "zeros"],
    groups: 1,
    filters: 1,
    bias: [],
    relu: false,
    gradient: "",
    ceilMode: false,
    countIncludePad: true,
    line: false,
    volume: false,
    other: "",
  };
}

/** Fit the parts of a state to each other: a kernel for each filter and channel, groups that divide, no option out of place. */
export function normalized(given) {
  const s = { ...given };
  const channels = s.input.length;
  if (typeof s.paddingMode === "string") s.paddingMode = [s.paddingMode, s.paddingMode];
  s.kernel = Array.from({ length: channels * s.filters }, (_, k) => given.kernel[k] ?? given.kernel[given.kernel.length - 1]);
  if (channels % s.groups) s.groups = 1;
  if (s.bias.length) s.bias = Array.from({ length: s.groups * s.filters }, (_, o) => s.bias[o] ?? 0);
  if (isPooling(s.op) || s.op === "transpose") s.padding = s.padding.map(([first]) => [first, first]);
  if (s.op === "average") s.dilation = [1, 1];
  if (s.line) {
    const row = (planes) => planes.map((plane) => plane.slice(0, 1));
    [s.input, s.kernel, s.poolSize] = [row(s.input), row(s.kernel), [1, s.poolSize[1]]];
    for (const name of ["stride", "dilation"]) s[name] = [1, s[name][1]];
    [s.padding, s.outputPadding, s.paddingMode] = [[[0, 0], s.padding[1]], [0, s.outputPadding[1]], [s.paddingMode[1], s.paddingMode[1]]];
  }
  return s;
}

const numbers = (text) => text.split(",").map(Number);
export const planesText = (planes) => planes.map((p) => p.map((row) => row.join(",")).join(";")).join("|");
export const planesFrom = (text) => text.split("|").map((p) => p.split(";").map(numbers));

/** The state as the part of an address behind "#", with the output cell that is lit. */
export function toHash(s, at = FIRST) {
  const fields = {
    op: s.op, x: planesText(s.input), k: planesText(s.kernel), pool: s.poolSize, s: s.stride, p: s.padding.flat(),
    d: s.dilation, op2: s.outputPadding, pm: s.paddingMode, g: s.groups, f: s.filters, b: s.bias, relu: +s.relu, gr: s.gradient, ceil: +s.ceilMode, cip: +s.countIncludePad,
    dim: s.line ? 1 : 2, vol: +s.volume, a: encodeURIComponent(s.other), at,
  };
  const usual = { pool: "2,2", s: "1,1", p: "0,0,0,0", d: "1,1", op2: "0,0", pm: "zeros,zeros", g: "1", f: "1", b: "", relu: "0", gr: "", ceil: "0", cip: "1", dim: "2", vol: "0", a: "", at: `${FIRST}` };
  return Object.entries(fields).map(([k, v]) => [k, String(v)]).filter(([k, v]) => usual[k] !== v)
    .map(([k, v]) => `${k}=${v}`).join("&");
}

/** The output cell that an address lights. */
export function cellOf(hash) {
  const at = numbers(fieldsOf(hash).at ?? "");
  return at.length === 3 && at.every((n) => Number.isInteger(n) && n >= 0) ? at : FIRST;
}

/** Whether an address means to describe a state. */
export const describes = (hash) => /(^#?|&)(op|x|k)=/.test(hash);

/** The state that an address describes, or null where it describes none or a broken one. */
export function fromHash(hash) {
  const fields = fieldsOf(hash);
  if (!fields.x || !OPERATIONS.includes(fields.op)) return null;
  const s = defaultState();
  s.op = fields.op;
  s.input = planesFrom(fields.x);
  if (fields.k) s.kernel = planesFrom(fields.k);
  const pairs = { pool: "poolSize", s: "stride", d: "dilation", op2: "outputPadding" };
  for (const [key, name] of Object.entries(pairs)) if (fields[key]) s[name] = numbers(fields[key]);
  if (fields.p) { const [t, b, l, r] = numbers(fields.p); s.padding = [[t, b], [l, r]]; }
  const modes = (fields.pm ?? "").split(",");
  if (modes.every((mode) => PADDING_MODES.includes(mode))) s.paddingMode = [modes[0], modes[1] ?? modes[0]];
  if (fields.g) s.groups = Number(fields.g);
  if (fields.f) s.filters = Number(fields.f);
  if (fields.b) s.bias = numbers(fields.b);
  s.relu = fields.relu === "1";
  if (["lit", "sum"].includes(fields.gr)) s.gradient = fields.gr;
  s.ceilMode = fields.ceil === "1";
  s.countIncludePad = fields.cip !== "0";
  s.line = fields.dim === "1";
  s.volume = fields.vol === "1";
  const other = fields.a ? fromHash(fields.a) : null;
  if (other) s.other = toHash({ ...other, other: "" });
  return isSound(s) ? normalized(s) : null;
}

/** Whether a plane is a rectangle of numbers, at most `most` on a side. */
export const isPlane = (p, most) => p.length <= most && p[0].length <= most &&
  p.every((row) => row.length === p[0].length && row.every(Number.isFinite));

function isSound(s) {
  const whole = (list) => list.length === 2 && list.every((n) => Number.isInteger(n) && Math.abs(n) <= FARTHEST);
  const block = (planes, most) => planes.length <= most && planes.every((p) =>
    isPlane(p, LARGEST) && p.length === planes[0].length && p[0].length === planes[0][0].length);
  const counted = [1, 2, 3].includes(s.groups) && [1, 2, 3, 4].includes(s.filters) && s.bias.length <= 12 && s.bias.every(Number.isFinite);
  return counted && block(s.input, 3) && block(s.kernel, 3 * MOST_FILTERS) && s.poolSize.every((n) => n >= 1 && n <= LARGEST) && [s.poolSize, s.stride,
    s.dilation, s.outputPadding, ...s.padding].every(whole);
}

// ------------------------------------------------------------------------------------------------- presets

const grid = (rows, columns, f) => Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));

const edges = (h, w) => grid(h, w, (_, j) => (j >= Math.floor(w / 4) && j < w - Math.floor(w / 4) ? 0 : 1));

/** Inputs by name; each takes a size and returns one plane, of that size or, where the name says one, of its own. */
export const INPUTS = {
  "edge image 6×8": () => edges(6, 8),
  "edge image": edges,
  impulse: (h, w) => grid(h, w, (i, j) => +(i === Math.floor(h / 2) && j === Math.floor(w / 2))),
  ramp: (h, w) => grid(h, w, (i, j) => i * w + j),
  checkerboard: (h, w) => grid(h, w, (i, j) => (i + j) % 2),
  ones: (h, w) => grid(h, w, () => 1),
  digit: (h, w) => grid(h, w, (i, j) => SEVEN[Math.floor((i * 8) / h)][Math.floor((j * 8) / w)]),
  "digit 8×8": () => SEVEN.map((row) => [...row]),
};

const SEVEN = ["00000000", "01111110", "00000110", "00001100", "00011000", "00110000", "00110000", "00000000"]
  .map((row) => [...row].map(Number));

/** A plane laid over an older one that may be larger. */
export const overlaid = (plane, older) => grid(Math.max(plane.length, older.length), Math.max(plane[0].length, older[0]?.length ?? 0),
  (i, j) => plane[i]?.[j] ?? older[i]?.[j] ?? 0);

/** A plane cut or continued with `fill` to another size. */
export const resized = (plane, rows, columns, fill = 0) => grid(rows, columns, (i, j) => plane[i]?.[j] ?? fill);
