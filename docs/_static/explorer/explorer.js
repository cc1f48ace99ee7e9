// <conv-explorer>: an input, a kernel and an output whose every number can be touched, typed and followed.
//
// The element holds a state (state.js), asks arithmetic.js for everything that is computed, and draws tables.  Attributes:
// `settings` (a state as in the address), `compact` (no controls: for a chapter), `linked` (the address follows the state).

import * as math from "./arithmetic.js";
import { arrow, copy, download, h, keep, link, namedKernels, only, typed, write } from "./page.js";
import { FARTHEST, FIRST, INPUTS, LARGEST, cellOf, defaultState, fromHash, normalised, resized, toHash } from "./state.js";
import { paddedPlane, svg } from "./picture.js";

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const LABELS = {
  correlate: "Cross-correlation (a layer)", convolve: "Convolution (flipped kernel)", transpose: "Transposed convolution",
  max: "Max pooling", average: "Average pooling",
};
const KEY = [["used", "a term of the sum"], ["window", "skipped by the dilation"], ["pad", "padding"], ["reached", "an output that an input cell reaches"]];
const base = document.currentScript?.src ?? "";
const sizeOf = (planes) => math.planeSize(planes).join("×");
let instances = 0;

export class ConvExplorer extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.uid = `cx${instances++}`;
    this.kernels = namedKernels();
    this.linked = this.hasAttribute("linked");
    const linked = this.linked && fromHash(location.hash);
    this.state = linked || fromHash(this.getAttribute("settings") ?? "") || defaultState();
    this.at = linked ? cellOf(location.hash) : FIRST;
    this.build();
    this.update();
    if (!this.linked) return;
    if (linked) keep("explorer", this.fields());
    addEventListener("hashchange", () => this.fromAddress());
  }

  disconnectedCallback() { this.stop(); }

  // ---------------------------------------------------------------------------------------------- state

  /** Replace the state; the picture keeps the last good one where the new one is impossible. */
  setState(change) {
    this.state = normalised({ ...this.state, ...change });
    this.update();
    this.remember();
  }

  fields() { return toHash(this.state, this.at); }

  remember() { if (this.linked) write("explorer", this.fields()); }

  fromAddress() {
    const state = fromHash(location.hash);
    if (!state || toHash(state, cellOf(location.hash)) === this.fields()) return;
    this.state = state;
    this.at = cellOf(location.hash);
    this.update();
    keep("explorer", this.fields());
  }

  /** Back to the first picture. */
  reset() {
    this.at = FIRST;
    this.setState(fromHash(this.getAttribute("settings") ?? "") ?? defaultState());
  }

  update() {
    this.stop();
    try {
      math.outputSize(this.state);
      this.draw(this.state);
      this.problem.textContent = "";
      this.problem.hidden = true;
    } catch (error) {
      if (!(error instanceof math.SettingError)) throw error;
      this.problem.textContent = `${error.message}.`;
      this.problem.hidden = false;
      if (!this.good) this.draw(defaultState()); // a link to an impossible setting
    }
    this.classList.toggle("cx-stale", !this.problem.hidden);
    if (this.controls) this.drawControls();
  }

  draw(state) {
    this.good = state;
    this.output = math.compute(state);
    this.drawStage();
  }

  // ------------------------------------------------------------------------------------------- the frame

  build() {
    // A finger that moves sideways over a table that fits goes from cell to cell; over a wider one it moves the table.
    this.sizes = new ResizeObserver((entries) => {
      const boxes = [...new Set(entries.map((entry) => entry.target.closest(".cx-scroll")))].filter(Boolean);
      const fits = boxes.map((box) => box.scrollWidth <= box.clientWidth);
      boxes.forEach((box, index) => box.classList.toggle("cx-fits", fits[index]));
    });
    this.controls = this.hasAttribute("compact") ? null : h("div", { class: "cx-controls" });
    this.problem = h("p", { class: "cx-problem", role: "alert", hidden: true });
    this.stage = h("div", { class: "cx-stage" });
    this.words = h("p", { class: "cx-sum", "aria-live": "polite", id: `${this.uid}-sum` });
    this.slider = h("input", { id: `${this.uid}-slider`, type: "range", min: 0, value: 0, "aria-label": "Output cell", oninput: () => { this.stop(); this.go(+this.slider.value); } });
    this.where = h("output", { for: `${this.uid}-slider`, class: "cx-where" });
    this.player = h("button", { type: "button", class: "cx-play", onclick: () => (this.timer ? this.stop() : this.play()) }, "Play");
    this.facts = h("div", { class: "cx-facts" });
    const key = this.controls && h("p", { class: "cx-key" }, KEY.map(([kind, text]) => h("span", {}, h("i", { class: `cx-swatch cx-${kind}` }), text)));
    // On a phone the picture comes first, and the settings wait behind their title.
    const settings = this.controls && h("details", { class: "cx-settings", open: !matchMedia("(max-width: 480px)").matches },
      h("summary", {}, "Settings"), this.controls);
    this.replaceChildren(...[settings, this.problem, this.stage,
      h("div", { class: "cx-steps" }, this.player, this.slider, this.where), this.words, key, this.facts].filter(Boolean));
  }

  // ---------------------------------------------------------------------------------------- the controls

  /** The controls of this operation; where they stay the same ones, only their values are set, so that none loses the focus. */
  drawControls() {
    const s = this.state;
    const kinds = `${s.op} ${s.input.length}`;
    if (this.kinds === kinds) { for (const refresh of this.refreshers) refresh(); return; }
    this.kinds = kinds;
    this.refreshers = [];
    const focused = this.controls.contains(document.activeElement) && document.activeElement.dataset.control;
    const pooling = math.isPooling(s.op);
    const layer = s.op === "correlate" || s.op === "convolve";
    const size = () => math.planeSize(this.state.input);
    const kernel = () => math.kernelSize(this.state);
    const divisors = [1, 2, 3].filter((g) => s.input.length % g === 0);
    const named = (names) => [["", "choose …"], ...Object.keys(names).map((k) => [k, k.replaceAll("_", " ")])];
    const blocks = [
      this.fieldset("Operation", this.choice("op", "What is done", math.OPERATIONS.map((o) => [o, LABELS[o]]), () => this.state.op, (op) => this.setState({ op }))),
      this.fieldset("Input",
        this.number("rows", "rows", () => size()[0], 1, LARGEST, (v) => this.resizeInput(v, size()[1])),
        this.number("columns", "columns", () => size()[1], 1, LARGEST, (v) => this.resizeInput(size()[0], v)),
        this.choice("channels", "channels", [1, 2, 3].map((c) => [c, c]), () => this.state.input.length, (v) => this.setChannels(+v)),
        this.choice("fill", "fill with", named(INPUTS), () => "", (v) => v && this.fill(v))),
      this.fieldset(pooling ? "Window" : "Kernel",
        this.number("kernel rows", "rows", () => kernel()[0], 1, LARGEST, (v) => this.resizeKernel(v, kernel()[1])),
        this.number("kernel columns", "columns", () => kernel()[1], 1, LARGEST, (v) => this.resizeKernel(kernel()[0], v)),
        pooling ? null : this.choice("kernel preset", "take", named(this.kernels), () => "", (v) => v && this.takeKernel(v)),
        pooling || divisors.length < 2 ? null : this.choice("groups", "groups", divisors.map((g) => [g, g]), () => this.state.groups, (v) => this.setState({ groups: +v }))),
      this.fieldset("Stride", ...this.two("stride", 1)),
      s.op === "average" ? null : this.fieldset("Dilation", ...this.two("dilation", 1)),
      this.fieldset(s.op === "transpose" ? "Padding (cut off)" : "Padding", ...(layer
        ? [["top", 0, 0], ["bottom", 0, 1], ["left", 1, 0], ["right", 1, 1]] : [["rows", 0, 0], ["columns", 1, 0]]).map(([side, a, e]) =>
        this.number(`padding ${side}`, side, () => this.state.padding[a][e], 0, FARTHEST, (v) => this.setSide(a, e, v), -FARTHEST)),
      ...(layer ? ["rows", "columns"].map((axis, a) => this.choice(`mode ${axis}`, `${axis} by`, math.PADDING_MODES.map((p) => [p, p]),
        () => this.state.paddingMode[a], (mode) => this.setPair("paddingMode", a, mode))) : [])),
      s.op === "transpose" ? this.fieldset("Output padding", ...this.two("outputPadding", 0)) : null,
      pooling ? this.fieldset("Borders", this.check("ceilMode", "ceil_mode"),
        s.op === "average" ? this.check("countIncludePad", "count_include_pad") : null) : null,
      this.fieldset("This picture",
        h("button", { type: "button", onclick: () => this.save("svg") }, "Save SVG"),
        h("button", { type: "button", onclick: () => this.save("png") }, "Save PNG"),
        h("button", { type: "button", onclick: (e) => { this.remember(); copy(e.target, link()); } }, "Copy link"),
        h("button", { type: "button", onclick: () => this.reset() }, "Start again")),
    ];
    this.controls.replaceChildren(...blocks.filter(Boolean));
    if (focused) this.controls.querySelector(`[data-control="${focused}"]`)?.focus();
  }

  fieldset(legend, ...children) { return h("fieldset", {}, h("legend", {}, legend), children.filter(Boolean)); }

  labelled(name, label, control, refresh) {
    control.id = `${this.uid}-${name.replaceAll(" ", "-")}`;
    control.dataset.control = name;
    this.refreshers.push(refresh);
    refresh();
    return h("span", { class: "cx-field" }, h("label", { for: control.id }, label), control);
  }

  choice(name, label, options, value, change) {
    const select = h("select", { onchange: (e) => change(e.target.value) }, options.map(([v, text]) => h("option", { value: v }, String(text))));
    return this.labelled(name, label, select, () => { select.value = value(); });
  }

  /** A whole number from `least` to `most`; what is typed below `least`, down to `lowest`, is taken, and explained as an error. */
  number(name, label, value, least, most, change, lowest = least) {
    const field = h("input", {
      type: "number", min: least, max: most, step: 1,
      onchange: () => change(Math.min(most, Math.max(lowest, Math.round(Number(field.value) || 0)))),
    });
    return this.labelled(name, label, field, () => { field.value = value(); });
  }

  two(key, least) {
    return ["rows", "columns"].map((label, a) => this.number(`${key} ${label}`, label, () => this.state[key][a], least, FARTHEST, (v) => this.setPair(key, a, v), -FARTHEST));
  }

  check(key, label) {
    const box = h("input", { type: "checkbox", onchange: (e) => this.setState({ [key]: e.target.checked }) });
    return this.labelled(key, label, box, () => { box.checked = this.state[key]; });
  }

  setPair(key, a, v) { this.setState({ [key]: this.state[key].map((old, axis) => (axis === a ? v : old)) }); }

  setSide(a, e, v) {
    const padding = this.state.padding.map((p) => [...p]);
    padding[a][e] = v;
    this.setState({ padding });
  }

  resizeInput(rows, columns) {
    this.setState({ input: this.state.input.map((p) => resized(p, rows, columns)) });
  }

  resizeKernel(rows, columns) {
    const size = [rows, columns];
    if (math.isPooling(this.state.op)) this.setState({ poolSize: size, stride: size });
    else this.setState({ kernel: this.state.kernel.map((k) => resized(k, ...size)) });
  }

  setChannels(count) {
    const planes = Array.from({ length: count }, (_, c) => this.state.input[c] ?? this.state.input[0].map((row) => [...row]));
    this.setState({ input: planes });
  }

  fill(name) {
    const [n, m] = math.planeSize(this.state.input);
    this.setState({ input: this.state.input.map(() => INPUTS[name](n, m)) });
  }

  takeKernel(name) { this.setState({ kernel: this.state.input.map(() => this.kernels[name].map((row) => [...row])) }); }

  // ------------------------------------------------------------------------------------------- the stage

  /** The tables; where their shape stays, only their numbers are set, so that no cell loses the focus. */
  drawStage() {
    const s = this.good;
    const shape = JSON.stringify([s.op, s.input.length, math.planeSize(s.input), math.kernelSize(s), s.padding, this.output.length, math.planeSize(this.output)]);
    if (shape !== this.shape) this.layOut(s);
    this.shape = shape;
    this.fillIn(s);
    const [rows, columns] = math.planeSize(this.output);
    this.slider.max = this.output.length * rows * columns - 1;
    const [o, i, j] = this.at;
    this.at = [Math.min(o, this.output.length - 1), Math.min(i, rows - 1), Math.min(j, columns - 1)];
    this.drawFacts();
    this.show(this.at);
  }

  layOut(s) {
    const focused = this.stage.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    this.sizes.disconnect();
    const name = (word, planes, c) => [planes.length > 1 ? `${word} ${c}` : word, sizeOf(planes)];
    const channels = s.input.map((_, c) => h("div", { class: "cx-channel" }, this.inputTable(c, ...name("Input", s.input, c)),
      math.isPooling(s.op) ? null : this.kernelTable(c, ...name("Kernel", s.kernel, c))));
    const outputs = this.output.map((_, o) => this.outputTable(o, ...name("Output", this.output, o)));
    this.stage.replaceChildren(h("div", { class: "cx-part" }, channels), h("div", { class: "cx-part" }, outputs));
    this.places = new Map([...this.stage.querySelectorAll("[data-place]")].map((element) => [element.dataset.place, element]));
    if (focused) this.places.get(focused)?.focus();
  }

  /** All numbers into their cells; columns as wide as the longest of their table. */
  fillIn(s) {
    const [top, left] = s.op === "transpose" ? [0, 0] : [s.padding[0][0], s.padding[1][0]];
    const each = (planes, put) => planes.forEach((plane, c) => plane.forEach((row, i) => row.forEach((value, j) => put(value, c, i, j))));
    each(s.input.map((_, c) => paddedPlane(s, c)), ({ value, inside }, c, i, j) => {
      const place = `x${c},${i - top},${j - left}`;
      if (inside) this.places.get(place).value = math.show(value);
      else this.places.get(`t${place}`).textContent = math.show(value);
    });
    if (!math.isPooling(s.op)) each(s.kernel, (value, c, a, b) => { this.places.get(`k${c},${a},${b}`).value = math.show(value); });
    each(this.output, (value, o, i, j) => {
      const cell = this.places.get(`y${o},${i},${j}`);
      cell.textContent = math.show(value);
      cell.dataset.value = value;
      cell.setAttribute("aria-label", `output ${o}, row ${i}, column ${j}: ${math.show(value)}`);
    });
    for (const table of this.stage.querySelectorAll("table")) {
      const lengths = [...table.querySelectorAll("td")].map((cell) => (cell.querySelector("input")?.value ?? cell.textContent).length);
      table.style.setProperty("--cx-characters", Math.max(...lengths));
    }
  }

  /** A table; one of its cells is in the order of the Tab key. */
  table(caption, size, className, rows) {
    const table = h("table", { class: `cx-table ${className}` }, h("caption", {}, `${caption} `, h("small", {}, size)),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells))));
    const first = table.querySelector(".cx-cell");
    if (first) first.tabIndex = 0;
    const box = h("div", { class: "cx-scroll", role: "group", "aria-label": caption }, table);
    this.sizes.observe(box);
    this.sizes.observe(table);
    return box;
  }

  inputTable(c, caption, size) {
    const s = this.good;
    const [top, left] = s.op === "transpose" ? [0, 0] : [s.padding[0][0], s.padding[1][0]];
    return this.table(caption, size, "cx-input", paddedPlane(s, c).map((row, i) => row.map(({ inside }, j) => {
      const [r, q] = [i - top, j - left];
      const place = `x${c},${r},${q}`;
      if (!inside) return h("td", { class: "cx-pad", "data-place": `t${place}` });
      return h("td", { "data-place": `t${place}`, onpointerenter: () => this.showReach(c, r, q), onpointerleave: () => this.show(this.at) },
        this.cell(place, "input", `input ${c}, row ${r}, column ${q}`, () => this.showReach(c, r, q)));
    })));
  }

  kernelTable(c, caption, size) {
    return this.table(caption, size, "cx-kernel", this.good.kernel[c].map((row, a) => row.map((_, b) =>
      h("td", { "data-place": `tk${c},${a},${b}` }, this.cell(`k${c},${a},${b}`, "kernel", `kernel ${c}, row ${a}, column ${b}`)))));
  }

  outputTable(o, caption, size) {
    return this.table(caption, size, "cx-output", this.output[o].map((row, i) => row.map((_, j) => h("td", {}, h("button", {
      type: "button", class: "cx-cell", "data-place": `y${o},${i},${j}`, tabindex: -1,
      onpointerenter: () => this.choose([o, i, j]), onfocus: () => this.choose([o, i, j]), onkeydown: (e) => this.walk(e, `y${o},${i},${j}`),
      onpointerdown: (e) => e.target.releasePointerCapture(e.pointerId), // a finger belongs to where it began, unless it is let go
    })))));
  }

  /** A cell that takes a number, of the state's `key` ("input" or "kernel"), at `place`. */
  cell(place, key, label, focus = () => {}) {
    const [c, i, j] = place.slice(1).split(",").map(Number);
    return h("input", {
      class: "cx-cell", "data-place": place, inputmode: "decimal", autocomplete: "off", "aria-label": label, tabindex: -1,
      onfocus: (e) => { e.target.select(); only(e.target); focus(); },
      onkeydown: (e) => this.walk(e, place),
      onchange: (e) => {
        const number = typed(e.target.value);
        if (number === null) {
          e.target.value = math.show(this.good[key][c][i][j]);
          this.words.textContent = `The ${label} takes a number; the old one was kept.`;
          return;
        }
        const planes = this.good[key].map((plane) => plane.map((row) => [...row]));
        planes[c][i][j] = number;
        this.setState({ [key]: planes });
      },
    });
  }

  /** Arrow keys go to the neighbouring cell of the same table. */
  walk(event, place) {
    const move = arrow(event);
    if (!move) return;
    const [kind, c, i, j] = [place[0], ...place.slice(1).split(",").map(Number)];
    const next = this.places.get(`${kind}${c},${i + move[0]},${j + move[1]}`);
    if (next) { event.preventDefault(); next.focus(); }
  }

  // -------------------------------------------------------------------------------------- what lights up

  clear() {
    for (const name of ["cx-used", "cx-window", "cx-here", "cx-reached"]) {
      for (const element of this.stage.querySelectorAll(`.${name}`)) element.classList.remove(name);
    }
  }

  mark(place, name) { this.places.get(place)?.classList.add(name); }

  markInput(c, r, q, name) { this.mark(`tx${c},${r},${q}`, name); }

  /** Go to an output cell, as the reader asked. */
  choose(at) {
    this.stop();
    this.show(at);
    this.remember();
  }

  /** Light up one output cell, its window and its sum. */
  show(at) {
    const s = this.good;
    this.at = at;
    this.clear();
    const used = math.terms(s, ...at);
    if (s.op !== "transpose" && used.length) {
      const [rs, qs] = [used.map((t) => t.r), used.map((t) => t.q)];
      for (const c of new Set(used.map((t) => t.c))) {
        for (let r = Math.min(...rs); r <= Math.max(...rs); r++) {
          for (let q = Math.min(...qs); q <= Math.max(...qs); q++) this.markInput(c, r, q, "cx-window");
        }
      }
    }
    for (const t of used) {
      this.markInput(t.c, t.r, t.q, "cx-used");
      this.mark(`tk${t.c},${t.a},${t.b}`, "cx-used");
    }
    this.mark(`y${at.join(",")}`, "cx-here");
    only(this.places.get(`y${at.join(",")}`));
    const [rows, columns] = math.planeSize(this.output);
    this.slider.value = (at[0] * rows + at[1]) * columns + at[2];
    const where = `${this.output.length > 1 ? `output ${at[0]}, ` : ""}row ${at[1]}, column ${at[2]}`;
    this.slider.setAttribute("aria-valuetext", where);
    this.where.textContent = where;
    this.words.replaceChildren(...math.sentenceParts(s, ...at).map(([kind, text]) =>
      (kind === "channel" ? h("br") : kind ? h("span", { class: `cx-${kind}` }, text) : text)));
  }

  /** Light up the outputs that one input cell reaches. */
  showReach(c, r, q) {
    const reached = math.reaches(this.good, c, r, q);
    this.clear();
    this.markInput(c, r, q, "cx-used");
    for (const [o, i, j] of reached) this.mark(`y${o},${i},${j}`, "cx-reached");
    this.words.textContent = math.useSentence(this.good, c, r, q);
  }

  // -------------------------------------------------------------------------------------------- stepping

  go(step) {
    const [rows, columns] = math.planeSize(this.output);
    this.show([Math.floor(step / (rows * columns)), Math.floor(step / columns) % rows, step % columns]);
    this.remember();
  }

  play() {
    const next = () => {
      const step = +this.slider.value + 1;
      this.go(step);
      if (step >= +this.slider.max) this.stop();
    };
    if (+this.slider.value >= +this.slider.max) this.go(0);
    if (calm()) return next(); // one step at a time for those who asked for stillness
    this.timer = setInterval(next, 700);
    this.player.textContent = "Pause";
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.player) this.player.textContent = calm() ? "Step" : "Play";
  }

  // --------------------------------------------------------------------------------------------- facts

  drawFacts() {
    const s = this.good;
    const cost = math.costs(s);
    const [kh, kw] = math.kernelSize(s);
    const field = [math.reach(kh, s.dilation[0]), math.reach(kw, s.dilation[1])].join("×");
    const apart = `${s.stride[0]} row${s.stride[0] === 1 ? "" : "s"} and ${s.stride[1]} column${s.stride[1] === 1 ? "" : "s"} apart`;
    const lines = [
      ["Output size", math.sizeArithmetic(s).join("; ")],
      ["Cost", cost ? `${cost.multiplyAdds} multiply–adds, ${cost.parameters} parameters`
        : `0 multiply–adds, 0 parameters: each output ${s.op === "max" ? `compares ${kh * kw} numbers` : `adds ${kh * kw} numbers and divides once`}`],
      s.op === "transpose" ? ["Reach", `each input cell lays ${field} cells of output; neighbours' begin ${apart}`]
        : ["Receptive field", `each output sees ${field} pixels; neighbours' begin ${apart}`],
    ];
    const list = h("dl", {}, lines.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]));
    if (!this.controls) {
      const page = new URL("../../explorer.html", base || location.href);
      const more = h("a", { href: `${page.href}#${toHash(s, this.at)}`, onclick: (e) => { e.target.href = `${page.href}#${this.fields()}`; } }, "Open this with all settings");
      return this.facts.replaceChildren(list, h("p", {}, more));
    }
    const open = [...this.facts.querySelectorAll("details")].map((d) => d.open);
    const codes = ["torch", "convbook"].map((library, index) => {
      const text = math.code(s, library);
      return h("details", { open: open[index] ?? index === 0 }, h("summary", {}, `The same in ${library}`),
        h("button", { type: "button", onclick: (e) => copy(e.target, text) }, "Copy"),
        h("pre", { tabindex: 0, "aria-label": `code for ${library}` }, h("code", { "data-library": library }, text)));
    });
    return this.facts.replaceChildren(list, ...codes);
  }

  // ---------------------------------------------------------------------------------------------- export

  save(format) {
    const text = svg(this.good, this.at);
    const file = new Blob([text], { type: "image/svg+xml" });
    if (format === "svg") return download(file, "convolution.svg");
    const image = new Image();
    image.onload = () => {
      const canvas = h("canvas", { width: 2 * image.width, height: 2 * image.height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(image.src);
      canvas.toBlob((png) => download(png, "convolution.png"));
    };
    image.src = URL.createObjectURL(file);
    return undefined;
  }
}

customElements.define("conv-explorer", ConvExplorer);
