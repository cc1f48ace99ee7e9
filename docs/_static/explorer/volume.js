// The channels in depth: input, kernel and output as stacks of sheets in oblique projection, with the block that one output reads.
//
// A sheet is a few paths, one for each shade, so that a large input has hardly more nodes than a small one.  What the lit output
// reads are further paths, whose outlines alone change while the reader goes from cell to cell.

import * as math from "./arithmetic.js";
import { largestOf, shadeOf } from "./cells.js";
import { h } from "./nodes.js";
import { paddedPlane } from "./picture.js";
import { words } from "./words.js";

const CELL = 20; // pixels down a row, where the picture is not made smaller
const ACROSS = [0.62 * CELL, -0.26 * CELL]; // one column to the right
const EDGE = 3; // around a stack
const NAMESPACE = "http://www.w3.org/2000/svg";

function node(tag, attributes, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat());
  return element;
}

/** A corner of the grid of a sheet that begins at [x, y], in pixels. */
const corner = ([x, y], row, column) => [x + column * ACROSS[0], y + row * CELL + column * ACROSS[1]];
const outline = (points) => `M${points.map((point) => point.map((n) => Math.round(10 * n) / 10).join(" ")).join("L")}Z`;
const rectangle = (start, [top, left, bottom, right]) => [[top, left], [top, right], [bottom, right], [bottom, left]].map(([r, q]) => corner(start, r, q));

/** The rectangle around places [row, column]. */
function around(places) {
  const [rows, columns] = [0, 1].map((axis) => places.map((place) => place[axis]));
  return [Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1];
}

export class Volume {
  /** `choose` is called with the output cell that is pointed at. */
  constructor(choose) {
    this.stacks = h("div", { class: "cx-stacks", role: "img" });
    this.sums = h("p", { class: "cx-volume-sum" });
    this.element = h("div", { class: "cx-depth", hidden: true }, this.stacks, this.sums);
    this.stacks.addEventListener("pointermove", (event) => {
      const at = this.outputAt(event);
      if (at) choose(at);
    });
  }

  /** The output cell under the pointer. */
  outputAt({ clientX, clientY, target }) {
    const stack = this.drawn[this.drawn.length - 1];
    if (!stack.svg.contains(target)) return null;
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(stack.svg.getScreenCTM().inverse());
    for (const { start, index, rows, columns } of [...stack.sheets].reverse()) {
      const across = (x - start[0]) / ACROSS[0];
      const [row, column] = [(y - start[1] - across * ACROSS[1]) / CELL, across].map(Math.floor);
      if (row >= 0 && column >= 0 && row < rows && column < columns) return [index, row, column];
    }
    return null;
  }

  /** All stacks of a setting. */
  draw(s, output) {
    this.corner = s.op === "transpose" ? [0, 0] : [s.padding[0][0], s.padding[1][0]];
    const known = (planes) => planes.map((plane) => plane.map((row) => row.map((value) => ({ value, inside: true }))));
    const channels = s.input.length;
    const filters = math.isPooling(s.op) ? [] : Array.from({ length: s.filters }, (_, f) => this.stack("k", known(s.kernel.slice(f * channels, (f + 1) * channels)), f * channels,
      s.filters > 1 ? words.filterTable(f, 1, 0) : words.kernel));
    this.drawn = [this.stack("x", s.input.map((_, c) => paddedPlane(s, c)), 0, words.input), ...filters, this.stack("y", known(output), 0, words.outputTable(1, 0))];
    this.stacks.replaceChildren(...this.drawn.map(({ caption, size, svg }) => h("div", {}, h("p", { class: "cx-caption" }, `${caption} `, h("small", {}, size)), svg)));
    this.stacks.setAttribute("aria-label", words.volumeLabel(channels, output.length));
  }

  /** A stack of sheets, of which the next one stands so far behind that more than half of each is seen. */
  stack(kind, planes, first, caption) {
    const [rows, columns] = [planes[0].length, planes[0][0].length];
    const step = [Math.max(1.4 * CELL, 0.62 * columns * ACROSS[0] + 6), 0.35 * CELL];
    const most = largestOf(planes.map((plane) => plane.map((row) => row.map(({ value }) => value))));
    const sheets = planes.map((_, k) => ({ kind, index: first + k, rows, columns, start: [EDGE + k * step[0], EDGE - columns * ACROSS[1] + k * step[1]], lit: node("path", { class: "cx-lit" }) }));
    const block = node("path", { class: "cx-block" });
    const end = corner(sheets[sheets.length - 1].start, rows, columns)[0] + EDGE;
    const low = corner(sheets[sheets.length - 1].start, rows, 0)[1] + EDGE;
    const [width, height] = [end, low].map(Math.ceil);
    const svg = node("svg", { class: "cx-volume", width, height, viewBox: `0 0 ${width} ${height}` },
      sheets.map((sheet, k) => node("g", {}, this.sheet(planes[k], sheet, most), sheet.lit)), block);
    return { sheets, block, svg, caption, size: [planes.length, rows, columns].join("×") };
  }

  /** The paths of one sheet: its ground, a path for each shade, its grid. */
  sheet(plane, { start, rows, columns }, most) {
    const shades = new Map();
    plane.forEach((row, i) => row.forEach(({ value, inside }, j) => {
      const shade = inside ? shadeOf(value, most) : "pad";
      if (shade) shades.set(shade, `${shades.get(shade) ?? ""}${outline(rectangle(start, [i, j, i + 1, j + 1]))}`);
    }));
    const line = (from, to) => `M${from.join(" ")}L${to.join(" ")}`;
    const grid = [...Array.from({ length: rows + 1 }, (_, i) => line(corner(start, i, 0), corner(start, i, columns))),
      ...Array.from({ length: columns + 1 }, (_, j) => line(corner(start, 0, j), corner(start, rows, j)))].join("");
    return [node("path", { class: "cx-ground", d: outline(rectangle(start, [0, 0, rows, columns])) }),
      ...[...shades].map(([shade, d]) => node("path", { "data-shade": shade, d })), node("path", { class: "cx-grid", d: grid })];
  }

  /** Light what one output cell reads: its cells in every channel, and the block that they are. */
  light(s, used, at) {
    const [o, i, j] = at;
    const [down, right] = this.corner;
    const lit = new Map([[`y${o}`, [[i, j]]]]);
    const add = (name, place) => lit.set(name, [...(lit.get(name) ?? []), place]);
    for (const t of used) {
      add(`x${t.c}`, [t.r + down, t.q + right]);
      if (t.p !== null) add(`k${t.p}`, [t.a, t.b]);
    }
    for (const { sheets, block } of this.drawn) {
      const rectangles = [];
      for (const { kind, index, start, lit: path } of sheets) {
        const places = lit.get(`${kind}${index}`) ?? [];
        put(path, places.map(([r, q]) => outline(rectangle(start, [r, q, r + 1, q + 1]))).join(""));
        if (places.length) rectangles.push(rectangle(start, around(places)));
      }
      put(block, boxOf(rectangles));
    }
    const text = math.isPooling(s.op) ? "" : words.volumeSum(channelSums(used), s.bias.length ? math.show(math.biasOf(s, o)) : null, s.relu, math.show(math.value(s, o, i, j)));
    if (this.sums.textContent !== text) this.sums.textContent = text;
  }
}

/** What each channel adds to a sum, [channel, text]. */
function channelSums(used) {
  const sums = new Map();
  for (const t of used) sums.set(t.c, (sums.get(t.c) ?? 0) + t.x * t.w);
  return [...sums].map(([c, sum]) => [c, math.show(sum)]);
}

/** The edges of the block between the first and the last of its rectangles. */
function boxOf(rectangles) {
  if (!rectangles.length) return "";
  const [first, last] = [rectangles[0], rectangles[rectangles.length - 1]];
  return outline(first) + (rectangles.length > 1 ? outline(last) + first.map((point, k) => `M${point.join(" ")}L${last[k].join(" ")}`).join("") : "");
}

function put(path, d) { if (path.getAttribute("d") !== d) path.setAttribute("d", d); }
