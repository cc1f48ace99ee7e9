// <conv-explorer>: an input, a kernel and an output whose every number can be touched, typed and followed.
//
// The element holds a state (state.js), asks arithmetic.js for everything that is computed, and draws tables.  Attributes:
// `settings` (a state as in the address), `compact` (no controls: for a chapter), `linked` (the address follows the state).

import * as math from "./arithmetic.js";
import { INPUTS, LARGEST, defaultState, fromHash, normalised, resized, toHash } from "./state.js";
import { paddedPlane, svg } from "./picture.js";

const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
};

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const LABELS = {
  correlate: "Cross-correlation (a layer)", convolve: "Convolution (flipped kernel)", transpose: "Transposed convolution",
  max: "Max pooling", average: "Average pooling",
};
let instances = 0;

export class ConvExplorer extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.uid = `cx${instances++}`;
    const presets = this.querySelector("script[type='application/json']") ?? document.querySelector("#cx-presets");
    this.kernels = presets ? JSON.parse(presets.textContent).kernels : {};
    const linked = this.hasAttribute("linked");
    this.state = (linked && fromHash(location.hash)) || fromHash(this.getAttribute("settings") ?? "") || defaultState();
    this.at = [0, 0, 1]; // the first cell of the first picture that is not 0
    this.build();
    this.update();
    if (linked) addEventListener("hashchange", () => this.fromAddress());
  }

  disconnectedCallback() { this.stop(); }

  // ---------------------------------------------------------------------------------------------- state

  /** Replace the state; the picture keeps the last good one where the new one is impossible. */
  setState(change) {
    this.state = normalised({ ...this.state, ...change });
    this.update();
  }

  fromAddress() {
    const state = fromHash(location.hash);
    if (state && toHash(state) !== toHash(this.state)) { this.state = state; this.update(); }
  }

  update() {
    this.stop();
    try {
      math.outputSize(this.state);
      this.good = this.state;
      this.output = math.compute(this.good);
      this.problem.textContent = "";
      this.problem.hidden = true;
      this.drawStage();
    } catch (error) {
      if (!(error instanceof math.SettingError)) throw error;
      this.problem.textContent = `${error.message}.`;
      this.problem.hidden = false;
    }
    this.classList.toggle("cx-stale", !this.problem.hidden);
    if (this.controls) this.drawControls();
    if (this.hasAttribute("linked")) history.replaceState(null, "", `#${toHash(this.state)}`);
  }

  // ------------------------------------------------------------------------------------------- the frame

  build() {
    this.controls = this.hasAttribute("compact") ? null : h("div", { class: "cx-controls" });
    this.problem = h("p", { class: "cx-problem", role: "alert", hidden: true });
    this.stage = h("div", { class: "cx-stage" });
    this.words = h("p", { class: "cx-sum", "aria-live": "polite", id: `${this.uid}-sum` });
    this.slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "Output cell", oninput: () => this.go(+this.slider.value) });
    this.player = h("button", { type: "button", class: "cx-play", onclick: () => (this.timer ? this.stop() : this.play()) }, "Play");
    this.facts = h("div", { class: "cx-facts" });
    // On a phone the picture comes first, and the settings wait behind their title.
    const settings = this.controls && h("details", { class: "cx-settings", open: !matchMedia("(max-width: 480px)").matches },
      h("summary", {}, "Settings"), this.controls);
    this.replaceChildren(...[settings, this.problem, this.stage,
      h("div", { class: "cx-steps" }, this.player, this.slider), this.words, this.facts].filter(Boolean));
  }

  // ---------------------------------------------------------------------------------------- the controls

  drawControls() {
    const s = this.state;
    const pooling = math.isPooling(s.op);
    const layer = s.op === "correlate" || s.op === "convolve";
    const focused = document.activeElement?.dataset?.control;
    const [n, m] = math.planeSize(s.input);
    const [kh, kw] = math.kernelSize(s);
    const divisors = [1, 2, 3].filter((g) => s.input.length % g === 0);
    const blocks = [
      this.fieldset("Operation", this.choice("op", "Operation", math.OPERATIONS.map((o) => [o, LABELS[o]]), s.op, (op) => this.setState({ op }))),
      this.fieldset("Input",
        this.number("rows", "Rows", n, 1, LARGEST, (v) => this.resizeInput(v, m)),
        this.number("columns", "Columns", m, 1, LARGEST, (v) => this.resizeInput(n, v)),
        this.choice("channels", "Channels", [1, 2, 3].map((c) => [c, c]), s.input.length, (v) => this.setChannels(+v)),
        this.choice("fill", "Fill with", [["", "…"], ...Object.keys(INPUTS).map((k) => [k, k])], "", (v) => v && this.fill(v))),
      this.fieldset(pooling ? "Window" : "Kernel",
        this.number("kernel rows", "Rows", kh, 1, LARGEST, (v) => this.resizeKernel(v, kw)),
        this.number("kernel columns", "Columns", kw, 1, LARGEST, (v) => this.resizeKernel(kh, v)),
        pooling ? null : this.choice("kernel preset", "Take", [["", "…"], ...Object.keys(this.kernels).map((k) => [k, k])], "", (v) => v && this.takeKernel(v)),
        pooling || divisors.length < 2 ? null : this.choice("groups", "Groups", divisors.map((g) => [g, g]), s.groups, (v) => this.setState({ groups: +v }))),
      this.fieldset("Stride", ...this.two("stride", s.stride, 1)),
      this.fieldset(s.op === "transpose" ? "Padding (cut off)" : "Padding",
        ...(layer
          ? [["top", 0, 0], ["bottom", 0, 1], ["left", 1, 0], ["right", 1, 1]].map(([side, a, e]) =>
              this.number(`padding ${side}`, side, s.padding[a][e], 0, 32, (v) => this.setSide(a, e, v)))
          : [["rows", 0], ["columns", 1]].map(([side, a]) =>
              this.number(`padding ${side}`, side, s.padding[a][0], 0, 32, (v) => this.setSide(a, 0, v)))),
        layer ? this.choice("mode", "Mode", math.PADDING_MODES.map((p) => [p, p]), s.paddingMode, (paddingMode) => this.setState({ paddingMode })) : null),
      s.op === "average" ? null : this.fieldset("Dilation", ...this.two("dilation", s.dilation, 1)),
      s.op === "transpose" ? this.fieldset("Output padding", ...this.two("outputPadding", s.outputPadding, 0)) : null,
      pooling ? this.fieldset("Borders", this.check("ceilMode", "ceil_mode"),
        s.op === "average" ? this.check("countIncludePad", "count_include_pad") : null) : null,
      this.fieldset("This picture",
        h("button", { type: "button", onclick: () => this.save("svg") }, "Save SVG"),
        h("button", { type: "button", onclick: () => this.save("png") }, "Save PNG"),
        h("button", { type: "button", onclick: (e) => copy(e.target, location.href) }, "Copy link")),
    ];
    this.controls.replaceChildren(...blocks.filter(Boolean));
    if (focused) this.controls.querySelector(`[data-control="${focused}"]`)?.focus();
  }

  fieldset(legend, ...children) { return h("fieldset", {}, h("legend", {}, legend), children.filter(Boolean)); }

  labelled(name, label, control) {
    control.id = `${this.uid}-${name.replaceAll(" ", "-")}`;
    control.dataset.control = name;
    return h("span", { class: "cx-field" }, h("label", { for: control.id }, label), control);
  }

  choice(name, label, options, value, change) {
    const select = h("select", { onchange: (e) => change(e.target.value) },
      options.map(([v, text]) => h("option", { value: v, selected: String(v) === String(value) }, String(text))));
    return this.labelled(name, label, select);
  }

  number(name, label, value, least, most, change) {
    return this.labelled(name, label, h("input", {
      type: "number", min: least, max: most, step: 1, value,
      onchange: (e) => change(Math.min(most, Math.max(0, Math.round(Number(e.target.value) || 0)))),
    }));
  }

  two(key, value, least) {
    return ["rows", "columns"].map((label, a) => this.number(`${key} ${label}`, label, value[a], least, 32, (v) => {
      const next = [...this.state[key]];
      next[a] = v;
      this.setState({ [key]: next });
    }));
  }

  check(key, label) {
    return this.labelled(key, label, h("input", { type: "checkbox", checked: this.state[key], onchange: (e) => this.setState({ [key]: e.target.checked }) }));
  }

  setSide(a, e, v) {
    const padding = this.state.padding.map((p) => [...p]);
    padding[a][e] = v;
    this.setState({ padding });
  }

  resizeInput(rows, columns) {
    const [n, m] = [Math.max(1, rows), Math.max(1, columns)];
    this.setState({ input: this.state.input.map((p) => resized(p, n, m)) });
  }

  resizeKernel(rows, columns) {
    const size = [Math.max(1, rows), Math.max(1, columns)];
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

  drawStage() {
    const s = this.good;
    const focused = this.stage.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    const many = s.input.length > 1;
    const name = (word, c) => (many ? `${word} ${c}` : word);
    const planes = s.input.map((_, c) => this.inputTable(c, name("Input", c)));
    const kernels = math.isPooling(s.op) ? [] : s.kernel.map((k, c) => this.kernelTable(k, c, name("Kernel", c)));
    const outputs = this.output.map((p, o) => this.outputTable(p, o, this.output.length > 1 ? `Output ${o}` : "Output"));
    this.stage.replaceChildren(
      h("div", { class: "cx-part" }, planes), kernels.length ? h("div", { class: "cx-part" }, kernels) : "",
      h("div", { class: "cx-part" }, outputs));
    const [rows, columns] = math.planeSize(this.output);
    this.slider.max = this.output.length * rows * columns - 1;
    const [o, i, j] = this.at;
    this.at = [Math.min(o, this.output.length - 1), Math.min(i, rows - 1), Math.min(j, columns - 1)];
    this.drawFacts();
    this.show(this.at);
    if (focused) this.stage.querySelector(`[data-place="${focused}"]`)?.focus();
  }

  table(caption, className, rows) {
    return h("div", { class: "cx-scroll", tabindex: 0, role: "group", "aria-label": caption },
      h("table", { class: `cx-table ${className}` }, h("caption", {}, caption),
        h("tbody", {}, rows.map((cells) => h("tr", {}, cells)))));
  }

  inputTable(c, caption) {
    const s = this.good;
    const [top, left] = s.op === "transpose" ? [0, 0] : [s.padding[0][0], s.padding[1][0]];
    const rows = paddedPlane(s, c).map((row, i) => row.map(({ value, inside }, j) => {
      const [r, q] = [i - top, j - left];
      const place = `x${c},${r},${q}`;
      if (!inside) return h("td", { class: "cx-pad", "data-place": `t${place}` }, math.show(value));
      return h("td", { "data-place": `t${place}`, onpointerenter: () => this.showReach(c, r, q), onpointerleave: () => this.show(this.at) },
        this.cell(place, value, `input ${c}, row ${r}, column ${q}`, (v) => {
          const input = this.good.input.map((p) => p.map((line) => [...line]));
          input[c][r][q] = v;
          this.setState({ input });
        }, () => this.showReach(c, r, q)));
    }));
    return this.table(caption, "cx-input", rows);
  }

  kernelTable(kernel, c, caption) {
    return this.table(caption, "cx-kernel", kernel.map((row, a) => row.map((value, b) =>
      h("td", { "data-place": `tk${c},${a},${b}` }, this.cell(`k${c},${a},${b}`, value, `kernel ${c}, row ${a}, column ${b}`, (v) => {
        const next = this.good.kernel.map((p) => p.map((line) => [...line]));
        next[c][a][b] = v;
        this.setState({ kernel: next });
      })))));
  }

  cell(place, value, label, change, focus = () => {}) {
    return h("input", {
      class: "cx-cell", "data-place": place, inputmode: "decimal", autocomplete: "off", value: math.show(value), "aria-label": label,
      onfocus: focus,
      onkeydown: (e) => this.walk(e, place),
      onchange: (e) => {
        const number = Number(e.target.value.trim().replace("−", "-").replace(",", "."));
        if (e.target.value.trim() && Number.isFinite(number)) change(number);
        else {
          e.target.value = math.show(value);
          this.words.textContent = `The ${label} takes a number; the old one was kept.`;
        }
      },
    });
  }

  outputTable(plane, o, caption) {
    const table = this.table(caption, "cx-output", plane.map((row, i) => row.map((value, j) => h("td", {}, h("button", {
      type: "button", class: "cx-cell", "data-place": `y${o},${i},${j}`, "data-value": String(value), tabindex: -1,
      "aria-label": `output ${o}, row ${i}, column ${j}: ${math.show(value)}`,
      onpointerenter: () => this.show([o, i, j]), onfocus: () => this.show([o, i, j]), onkeydown: (e) => this.walk(e, `y${o},${i},${j}`),
    }, math.show(value))))));
    return table;
  }

  /** Arrow keys go to the neighbouring cell of the same table. */
  walk(event, place) {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    const [kind, c, i, j] = [place[0], ...place.slice(1).split(",").map(Number)];
    // Inside a number, left and right move the caret until it stands at the end.
    const field = event.target;
    if (move[1] && field.selectionStart !== undefined && field.tagName === "INPUT") {
      const atEnd = move[1] < 0 ? field.selectionStart === 0 : field.selectionEnd === field.value.length;
      if (!atEnd) return;
    }
    const next = this.stage.querySelector(`[data-place="${kind}${c},${i + move[0]},${j + move[1]}"]`);
    if (next && next.matches("input, button")) { event.preventDefault(); next.focus(); }
  }

  // -------------------------------------------------------------------------------------- what lights up

  clear() {
    for (const name of ["cx-used", "cx-window", "cx-here", "cx-reached"]) {
      for (const element of this.stage.querySelectorAll(`.${name}`)) element.classList.remove(name);
    }
  }

  mark(place, name) { this.stage.querySelector(`[data-place="${place}"]`)?.classList.add(name); }

  markInput(c, r, q, name) { this.mark(`tx${c},${r},${q}`, name); }

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
    for (const cell of this.stage.querySelectorAll(".cx-output .cx-cell")) cell.tabIndex = -1;
    const here = this.stage.querySelector(`[data-place="y${at.join(",")}"]`);
    if (here) here.tabIndex = 0;
    const [rows, columns] = math.planeSize(this.output);
    this.slider.value = (at[0] * rows + at[1]) * columns + at[2];
    this.slider.setAttribute("aria-valuetext", `output ${at[0]}, row ${at[1]}, column ${at[2]}`);
    this.words.textContent = math.sentence(s, ...at);
  }

  /** Light up the outputs that one input cell reaches. */
  showReach(c, r, q) {
    const reached = math.reaches(this.good, c, r, q);
    this.clear();
    this.markInput(c, r, q, "cx-used");
    for (const [o, i, j] of reached) this.mark(`y${o},${i},${j}`, "cx-reached");
    const count = reached.length;
    this.words.textContent = `Input ${c}, row ${r}, column ${q} is used by ${count} output cell${count === 1 ? "" : "s"}.`;
  }

  // -------------------------------------------------------------------------------------------- stepping

  go(step) {
    const [rows, columns] = math.planeSize(this.output);
    this.show([Math.floor(step / (rows * columns)), Math.floor(step / columns) % rows, step % columns]);
  }

  play() {
    const next = () => {
      const step = +this.slider.value + 1;
      if (step > +this.slider.max) this.stop();
      else this.go(step);
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
    const field = s.op === "transpose" ? null : [math.reach(kh, s.dilation[0]), math.reach(kw, s.dilation[1])];
    const lines = [
      ["Output size", math.sizeArithmetic(s).join("; ")],
      cost ? ["Cost", `${cost.multiplyAdds} multiply–adds, ${cost.parameters} parameters`] : ["Cost", "no parameters"],
      field ? ["Receptive field", `${field[0]}×${field[1]} pixels, ${s.stride.join("×")} apart`] : null,
    ].filter(Boolean);
    const list = h("dl", {}, lines.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]));
    if (!this.controls) return this.facts.replaceChildren(list);
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

function download(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function copy(button, text) {
  const before = button.textContent;
  try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
  catch { button.textContent = "Select and copy by hand"; }
  setTimeout(() => { button.textContent = before; }, 1500);
}

customElements.define("conv-explorer", ConvExplorer);
