// Charts as SVG in pixels of the page: text keeps its size on a phone, and the theme's colors follow light and dark.

import { mark, put } from "./nodes.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((candidate) => candidate >= raw);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** A frame with two labeled axes; a `group` has parts that take the focus. `place(width, height)` sets its size; `x` and `y` turn numbers into pixels. */
export class Chart {
  constructor({ label, xlabel, ylabel, margin = [8, 10, 38, 46], group = false }) {
    this.margin = margin;
    this.lines = []; // of the grid, each with its number
    this.grid = s("g", { class: "lab-grid" });
    this.clip = s("rect");
    const id = `lab-clip-${Math.random().toString(36).slice(2)}`;
    this.inside = s("g", { "clip-path": `url(#${id})` }); // what is drawn over the grid
    this.over = s("g"); // what may hang over the frame
    this.xname = s("text", { "text-anchor": "middle" }, xlabel);
    this.yname = s("text", { "text-anchor": "middle" }, ylabel);
    this.element = s("svg", { class: "lab-chart", role: group ? "group" : "img", "aria-label": label }, s("defs", {}, s("clipPath", { id }, this.clip)),
      this.grid, this.inside, this.over, this.xname, this.yname);
  }

  place(width, height) {
    [this.width, this.height] = [width, height];
    const [top, right, bottom, left] = this.margin;
    [this.left, this.right, this.top, this.bottom] = [left, width - right, top, height - bottom];
    const set = (element, attributes) => { for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value); };
    set(this.element, { width, height, viewBox: `0 0 ${width} ${height}` });
    set(this.clip, { x: this.left, y: this.top, width: Math.max(0, this.right - this.left), height: Math.max(0, this.bottom - this.top) });
    set(this.xname, { x: (this.left + this.right) / 2, y: height - 4 });
    set(this.yname, { transform: `translate(12 ${(this.top + this.bottom) / 2}) rotate(-90)` });
  }

  /** Set the ranges, and draw the grid where they have changed; `log` counts y in powers of ten. */
  range(x, y, { log = false, count = [5, 5] } = {}) {
    const up = log ? y.map(Math.log10) : y;
    this.x = (value) => this.left + ((value - x[0]) / (x[1] - x[0])) * (this.right - this.left);
    this.y = (value) => this.bottom - (((log ? Math.log10(value) : value) - up[0]) / (up[1] - up[0])) * (this.bottom - this.top);
    this.back = (px, py) => [x[0] + ((px - this.left) / (this.right - this.left)) * (x[1] - x[0]), y[0] + ((this.bottom - py) / (this.bottom - this.top)) * (y[1] - y[0])];
    const state = JSON.stringify([x, y, log, this.width, this.height]);
    if (state === this.drawn) return;
    this.drawn = state;
    const power = (value) => `10${[...String(Math.round(Math.log10(value)))].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`;
    const text = (value) => String(value).replace("-", "−");
    const ups = log ? ticks(up[0], up[1], count[1]).filter(Number.isInteger).map((n) => 10 ** n) : ticks(...y, count[1]);
    const lines = [
      ...ticks(...x, count[0]).map((value) => {
        const at = this.x(value).toFixed(1);
        return [`M${at} ${this.top}V${this.bottom}`, { x: at, y: this.bottom + 15, "text-anchor": "middle" }, text(value)];
      }),
      ...ups.map((value) => {
        const at = this.y(value).toFixed(1);
        return [`M${this.left} ${at}H${this.right}`, { x: this.left - 6, y: +at + 4, "text-anchor": "end" }, log ? power(value) : text(value)];
      }),
    ];
    // Nodes are used again: while a slider moves, the numbers change but seldom their count.
    for (const [path, label] of this.lines.splice(lines.length)) { path.remove(); label.remove(); }
    lines.forEach(([d, place, words], k) => {
      if (!this.lines[k]) { this.lines[k] = [s("path"), s("text", {}, "")]; this.grid.append(...this.lines[k]); }
      const [path, label] = this.lines[k];
      mark(path, "d", d);
      for (const [name, value] of Object.entries(place)) mark(label, name, String(value));
      put(label, words);
    });
  }

  /** A dot for the attribute `d` of a path with round ends; none where it lies far outside. */
  dot(x, y) {
    const [px, py] = [this.x(x), this.y(y)];
    return Math.abs(px) + Math.abs(py) < 1e5 ? `M${px.toFixed(1)} ${py.toFixed(1)}h0` : "";
  }

  /** A path through points [[x, y], …] for the attribute `d`; it ends where a number is none, and stays near the frame. */
  path(points) {
    const near = (pixel, low, high) => Math.min(high + 2000, Math.max(low - 2000, pixel)).toFixed(1);
    const good = points.filter(([x, y]) => Number.isFinite(this.x(x)) && Number.isFinite(this.y(y)));
    return good.length ? `M${good.map(([x, y]) => `${near(this.x(x), this.left, this.right)} ${near(this.y(y), this.top, this.bottom)}`).join("L")}` : "";
  }
}

/** Call `draw(width)` when the element gets another width. */
export function onWidth(element, draw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.floor(element.clientWidth);
    if (now && now !== width) { width = now; draw(now); }
  }).observe(element);
}
