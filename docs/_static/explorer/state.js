// The explorer's state: its starting point, its presets, and its form in the page's address.

import { OPERATIONS, PADDING_MODES, isPooling, planeSize } from "./arithmetic.js";

export const LARGEST = 16;

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
    paddingMode: "zeros",
    groups: 1,
    ceilMode: false,
    countIncludePad: true,
  };
}

/** Fit the parts of a state to each other: as many kernels as channels, groups that divide, no option out of place. */
export function normalised(given) {
  const s = { ...given };
  const channels = s.input.length;
  s.kernel = Array.from({ length: channels }, (_, c) => given.kernel[c] ?? given.kernel[given.kernel.length - 1]);
  if (channels % s.groups) s.groups = 1;
  if (isPooling(s.op) || s.op === "transpose") s.padding = s.padding.map(([first]) => [first, first]);
  if (s.op === "average") s.dilation = [1, 1];
  return s;
}

const numbers = (text) => text.split(",").map(Number);
const planesText = (planes) => planes.map((p) => p.map((row) => row.join(",")).join(";")).join("|");
const planesFrom = (text) => text.split("|").map((p) => p.split(";").map(numbers));

/** The state as the part of an address behind "#". */
export function toHash(s) {
  const fields = {
    op: s.op, x: planesText(s.input), k: planesText(s.kernel), pool: s.poolSize, s: s.stride, p: s.padding.flat(),
    d: s.dilation, op2: s.outputPadding, pm: s.paddingMode, g: s.groups, ceil: +s.ceilMode, cip: +s.countIncludePad,
  };
  const usual = { pool: "2,2", s: "1,1", p: "0,0,0,0", d: "1,1", op2: "0,0", pm: "zeros", g: "1", ceil: "0", cip: "1" };
  return Object.entries(fields).map(([k, v]) => [k, String(v)]).filter(([k, v]) => usual[k] !== v)
    .map(([k, v]) => `${k}=${v}`).join("&");
}

/** The state that an address describes, or null where it describes none or a broken one. */
export function fromHash(hash) {
  const fields = Object.fromEntries(hash.replace(/^#/, "").split("&").map((part) => part.split("=").map(decodeURIComponent)));
  if (!fields.x || !OPERATIONS.includes(fields.op)) return null;
  const s = defaultState();
  s.op = fields.op;
  s.input = planesFrom(fields.x);
  if (fields.k) s.kernel = planesFrom(fields.k);
  const pairs = { pool: "poolSize", s: "stride", d: "dilation", op2: "outputPadding" };
  for (const [key, name] of Object.entries(pairs)) if (fields[key]) s[name] = numbers(fields[key]);
  if (fields.p) { const [t, b, l, r] = numbers(fields.p); s.padding = [[t, b], [l, r]]; }
  if (PADDING_MODES.includes(fields.pm)) s.paddingMode = fields.pm;
  if (fields.g) s.groups = Number(fields.g);
  s.ceilMode = fields.ceil === "1";
  s.countIncludePad = fields.cip !== "0";
  return isSound(s) ? normalised(s) : null;
}

function isSound(s) {
  const whole = (list, least) => list.length === 2 && list.every((n) => Number.isInteger(n) && n >= least && n <= 99);
  const block = (planes) => planes.length >= 1 && planes.length <= 3 && planes.every((p) =>
    p.length <= LARGEST && p.every((row) => row.length === planes[0][0].length && row.length <= LARGEST && row.every(Number.isFinite)));
  return block(s.input) && block(s.kernel) && planeSize(s.input).every((n) => n >= 1) && whole(s.poolSize, 1) &&
    whole(s.stride, 0) && whole(s.dilation, 0) && whole(s.outputPadding, 0) && s.padding.every((p) => whole(p, 0)) &&
    [1, 2, 3].includes(s.groups);
}

// ------------------------------------------------------------------------------------------------- presets

const grid = (rows, columns, f) => Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));

/** Inputs by name; each takes a size and returns one plane. */
export const INPUTS = {
  "edge image": (h, w) => grid(h, w, (_, j) => (j >= Math.floor(w / 4) && j < w - Math.floor(w / 4) ? 0 : 1)),
  impulse: (h, w) => grid(h, w, (i, j) => +(i === Math.floor(h / 2) && j === Math.floor(w / 2))),
  ramp: (h, w) => grid(h, w, (i, j) => i * w + j),
  checkerboard: (h, w) => grid(h, w, (i, j) => (i + j) % 2),
  ones: (h, w) => grid(h, w, () => 1),
  digit: (h, w) => grid(h, w, (i, j) => SEVEN[Math.floor((i * 8) / h)][Math.floor((j * 8) / w)]),
};

const SEVEN = ["00000000", "01111110", "00000110", "00001100", "00011000", "00110000", "00110000", "00000000"]
  .map((row) => [...row].map(Number));

/** A plane cut or continued with `fill` to another size. */
export const resized = (plane, rows, columns, fill = 0) => grid(rows, columns, (i, j) => plane[i]?.[j] ?? fill);
