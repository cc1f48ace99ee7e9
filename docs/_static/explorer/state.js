// The explorer's state: its starting point, its presets, and its form in the page's address.

import { OPERATIONS, PADDING_MODES, isPooling } from "./arithmetic.js";
import { fieldsOf } from "./page.js";

export const LARGEST = 16; // rows and columns of an input or a kernel
export const FARTHEST = 16; // a stride, a padding, a dilation
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
    ceilMode: false,
    countIncludePad: true,
  };
}

/** Fit the parts of a state to each other: as many kernels as channels, groups that divide, no option out of place. */
export function normalised(given) {
  const s = { ...given };
  const channels = s.input.length;
  if (typeof s.paddingMode === "string") s.paddingMode = [s.paddingMode, s.paddingMode];
  s.kernel = Array.from({ length: channels }, (_, c) => given.kernel[c] ?? given.kernel[given.kernel.length - 1]);
  if (channels % s.groups) s.groups = 1;
  if (isPooling(s.op) || s.op === "transpose") s.padding = s.padding.map(([first]) => [first, first]);
  if (s.op === "average") s.dilation = [1, 1];
  return s;
}

const numbers = (text) => text.split(",").map(Number);
export const planesText = (planes) => planes.map((p) => p.map((row) => row.join(",")).join(";")).join("|");
export const planesFrom = (text) => text.split("|").map((p) => p.split(";").map(numbers));

/** The state as the part of an address behind "#", with the output cell that is lit. */
export function toHash(s, at = FIRST) {
  const fields = {
    op: s.op, x: planesText(s.input), k: planesText(s.kernel), pool: s.poolSize, s: s.stride, p: s.padding.flat(),
    d: s.dilation, op2: s.outputPadding, pm: s.paddingMode, g: s.groups, ceil: +s.ceilMode, cip: +s.countIncludePad, at,
  };
  const usual = { pool: "2,2", s: "1,1", p: "0,0,0,0", d: "1,1", op2: "0,0", pm: "zeros,zeros", g: "1", ceil: "0", cip: "1", at: `${FIRST}` };
  return Object.entries(fields).map(([k, v]) => [k, String(v)]).filter(([k, v]) => usual[k] !== v)
    .map(([k, v]) => `${k}=${v}`).join("&");
}

/** The output cell that an address lights. */
export function cellOf(hash) {
  const at = numbers(fieldsOf(hash).at ?? "");
  return at.length === 3 && at.every((n) => Number.isInteger(n) && n >= 0) ? at : FIRST;
}

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
  s.ceilMode = fields.ceil === "1";
  s.countIncludePad = fields.cip !== "0";
  return isSound(s) ? normalised(s) : null;
}

/** Whether a plane is a rectangle of numbers, at most `most` on a side. */
export const isPlane = (p, most) => p.length <= most && p[0].length <= most &&
  p.every((row) => row.length === p[0].length && row.every(Number.isFinite));

function isSound(s) {
  const whole = (list) => list.length === 2 && list.every((n) => Number.isInteger(n) && Math.abs(n) <= FARTHEST);
  const block = (planes) => planes.length <= 3 && planes.every((p) =>
    isPlane(p, LARGEST) && p.length === planes[0].length && p[0].length === planes[0][0].length);
  return block(s.input) && block(s.kernel) && s.poolSize.every((n) => n >= 1 && n <= LARGEST) && [s.poolSize, s.stride,
    s.dilation, s.outputPadding, ...s.padding].every(whole) && [1, 2, 3].includes(s.groups);
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

/** A plane cut or continued with `fill` to another size. */
export const resized = (plane, rows, columns, fill = 0) => grid(rows, columns, (i, j) => plane[i]?.[j] ?? fill);
