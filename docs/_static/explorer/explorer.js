// <conv-explorer>: an input, a kernel and an output whose every number can be touched, typed and followed.
//
// The element holds a state (state.js), asks arithmetic.js for everything that is computed, and draws tables.  Attributes:
// `settings` (a state as in the address), `compact` (no controls: for a chapter), `linked` (the address follows the state).
//
// What is shown follows the state within one frame, so only what has changed is touched: a cell keeps its text, its shade and
// its marks in properties, and a table is made anew only where its shape changes.

import * as math from "./arithmetic.js";
import { cellTable, largestOf, placesIn, putNumber, widen } from "./cells.js";
import { isCode, readCode } from "./code.js";
import { cards, differences, rivalOf } from "./compare.js";
import { Typing } from "./typing.js";
import { copy, download, h, keep, link, namedKernels, onArrival, only, setText, write } from "./page.js";
import { FARTHEST, FIRST, INPUTS, LARGEST, MOST_FILTERS, cellOf, defaultState, describes, fromHash, normalized, overlaid, resized, toHash } from "./state.js";
import { paddedPlane, svg } from "./picture.js";
import { Volume } from "./volume.js";
import { words } from "./words.js";

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const [MOST_FLYING, FLIGHT] = [25, 600]; // products that are seen on their way into the sum, and their milliseconds
const TOGETHER = 1500; // milliseconds within which changes of the same number are one step to undo
const [LEAST_CELL, LARGEST_CELL, LARGEST_OF_LINE, TALLEST] = [21, 36, 56, 400]; // pixels
const base = document.currentScript?.src ?? "";
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);
const LONG_SUM = 90; // signs; a longer one may scroll on a phone, so keys must reach it
const MOST_PARTS = 100; // of a sum; a longer one is a text without marks
let instances = 0;

/** Neighboring texts of a sum as one, up to where a channel begins; the result stays by itself. */
function joined(parts) {
  const found = [];
  for (const [kind, text] of parts) {
    const own = kind === "y" || kind === "channel";
    const last = found[found.length - 1];
    if (own || !last || last[0]) found.push([own ? kind : "", text]);
    else last[1] += text;
  }
  return found;
}

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
    [this.past, this.future] = [[], []]; // settings to which undo and redo go
    this.hash = toHash(this.state);
    this.kept = {}; // numbers that a smaller size has cut off
    this.build();
    this.update();
    if (!this.linked) return;
    onArrival("explorer", linked ? this.fields() : toHash(this.state, this.at), (fields) => this.arrive(fields));
    if (!linked && describes(location.hash)) this.say(words.broken);
  }

  disconnectedCallback() { this.stop(); }

  get largest() { return LARGEST; }

  // ---------------------------------------------------------------------------------------------- state

  /** Replace parts of the state, as one step that can be undone. */
  setState(change) {
    this.kept = {};
    this.change(change);
  }

  /** The same; several changes of one `kind` that follow each other are one step. */
  change(change, kind = null) {
    const before = this.hash;
    this.state = normalized({ ...this.state, ...change });
    this.hash = toHash(this.state);
    const step = this.hash !== before;
    const now = performance.now();
    const goesOn = kind !== null && kind === this.kind && (this.typing.open || now - this.changed < TOGETHER);
    if (step && !goesOn) {
      this.past.push(before);
      this.future = [];
    }
    [this.kind, this.changed] = [kind, now];
    this.update();
    this.remember(step && !goesOn);
  }

  fields() { return toHash(this.state, this.at); }

  /** Have the address say what is shown now, and not what is shown when it is written. */
  remember(step = false) {
    const { state, at } = this;
    if (this.linked) write("explorer", () => toHash(state, at), step);
  }

  /** Go one step from the end of one list of settings to the other. */
  travel(from, to) {
    if (!from.length) return;
    to.push(this.hash);
    this.restore(from.pop());
    this.remember();
    if (this.linked) link(); // at once: Back may follow
  }

  undo() { this.travel(this.past, this.future); }

  redo() { this.travel(this.future, this.past); }

  restore(text) {
    this.state = fromHash(text) ?? this.state;
    this.hash = toHash(this.state);
    [this.kept, this.kind] = [{}, null];
    this.update();
  }

  /** Take the setting that an address or the Back button asks for; say whether it is another one. */
  arrive(fields) {
    const state = fromHash(fields);
    if (!state) {
      this.say(describes(fields) ? words.brokenLater : "");
      return false;
    }
    const [now, next] = [this.hash, toHash(state)];
    this.at = cellOf(fields);
    if (now !== next) {
      this.past.push(now);
      this.future = [];
    }
    this.restore(next);
    keep("explorer", this.fields());
    return now !== next;
  }

  /** Back to the first picture. */
  reset() {
    this.at = FIRST;
    this.setState(fromHash(this.getAttribute("settings") ?? "") ?? defaultState());
  }

  update() {
    this.stop();
    this.say("");
    let problem = "";
    try { this.output = math.compute(this.state); } catch (error) {
      if (!(error instanceof math.SettingError)) throw error;
      [this.output, problem] = [null, error.message + words.end];
    }
    this.rival = rivalOf(this.state);
    this.problem.hidden = !problem;
    if (this.problem.textContent !== problem) this.problem.textContent = problem;
    this.drawStage();
    if (this.controls) this.drawControls();
  }

  say(text) { if (this.notice.textContent !== text) this.notice.textContent = text; }

  // ------------------------------------------------------------------------------------------- the frame

  build() {
    this.controls = this.hasAttribute("compact") ? null : h("div", { class: "cx-controls" });
    this.problem = h("p", { class: "cx-problem", role: "alert", hidden: true });
    this.notice = h("p", { class: "cx-notice", role: "status" });
    this.sentence = h("p", { class: "cx-sum", "aria-live": "polite", id: `${this.uid}-sum` });
    this.slider = h("input", { id: `${this.uid}-slider`, type: "range", min: 0, value: 0, "aria-label": words.cell, oninput: () => { this.stop(); this.go(+this.slider.value); } });
    this.where = h("output", { for: `${this.uid}-slider`, class: "cx-where" });
    this.player = h("button", { type: "button", class: "cx-play", onclick: () => (this.timer ? this.stop() : this.play()) }, words.play);
    const key = this.controls && h("p", { class: "cx-key" }, Object.entries(words.key).map(([kind, text]) => h("span", {}, h("i", { class: `cx-swatch cx-${kind}` }), text)));
    this.panel = h("div", { class: "cx-panel" }, h("div", { class: "cx-steps" }, this.player, this.slider, this.where), this.sentence);
    this.sums = h("ol", { class: "cx-sums", "aria-label": words.sums });
    this.volume = new Volume((at) => this.choose(at));
    this.compared = h("section", { class: "cx-compare", "aria-label": words.compared });
    this.parts = ["x", "k", "y"].map((kind) => h("div", { class: `cx-part cx-part-${kind}` }));
    this.stage = h("div", { class: "cx-stage" }, this.volume.element, this.parts, this.panel, this.sums, this.compared);
    this.facts = h("div", { class: "cx-facts" });
    // On a phone the picture comes first, and the settings wait behind their title.
    const settings = this.controls && h("details", { class: "cx-settings", open: !matchMedia("(max-width: 600px)").matches },
      h("summary", {}, words.settings), this.controls);
    this.typing = new Typing(this);
    this.replaceChildren(...[settings, this.problem, this.notice, this.stage, key, this.facts].filter(Boolean));
    this.follow();
    new ResizeObserver(() => {
      const before = this.piled;
      this.fit();
      if (before !== this.piled) this.showAgain();
    }).observe(this);
    // A finger that moves sideways over a table that fits goes from cell to cell; over a wider one it moves the table.
    this.sizes = new ResizeObserver((entries) => {
      const boxes = [...new Set(entries.map((entry) => entry.target.closest(".cx-scroll")))].filter(Boolean);
      const fits = boxes.map((box) => box.scrollWidth <= box.clientWidth);
      boxes.forEach((box, index) => box.classList.toggle("cx-fits", fits[index]));
    });
  }

  /** Pointing, keys and pasting, for all cells at once. */
  follow() {
    const cellAt = (event) => event.target.closest?.("[data-place]");
    this.stage.addEventListener("pointerover", (event) => { const cell = cellAt(event); if (cell) this.point(cell); });
    this.stage.addEventListener("pointerout", (event) => {
      if (cellAt(event)?.dataset.place[0] === "x" && event.relatedTarget?.closest?.("[data-place]")?.dataset.place[0] !== "x") this.show(this.at);
    });
    // A finger belongs to the cell where it began, unless it is let go.
    this.stage.addEventListener("pointerdown", (event) => {
      if (cellAt(event)) event.target.releasePointerCapture(event.pointerId);
      if (!event.target.closest(".cx-plane")) return;
      this.bring(event.target);
      this.showAgain();
    });
    this.stage.addEventListener("focusin", (event) => {
      if (event.target.dataset.place === undefined) return;
      only(event.target);
      this.point(event.target);
    });
    this.stage.addEventListener("click", (event) => { if (cellAt(event)?.dataset.place[0] === "y") this.fly(); });
    const heard = (event) => this.contains(event.target) || (this.linked && event.target === document.body);
    document.addEventListener("keydown", (event) => { if (heard(event)) this.command(event); });
    document.addEventListener("paste", (event) => { if (heard(event)) this.paste(event); });
  }

  /** In a pile of planes, bring the one with this cell to the front. */
  bring(cell) {
    const plane = cell.closest(".cx-plane");
    if (plane.classList.contains("cx-front")) return;
    for (const other of plane.parentElement.children) other.classList.toggle("cx-front", other === plane);
    if (plane.parentElement === this.parts[0]) this.front = [...this.parts[0].children].indexOf(plane);
  }

  /** A cell was pointed at or reached by a key. */
  point(cell) {
    this.bring(cell);
    const [kind, at] = [cell.dataset.place[0], cell.dataset.place.slice(1).split(",").map(Number)];
    if (kind === "y" || ("AB".includes(kind) && this.places.has(`y${at}`))) this.choose(at);
    if (kind === "x" && !cell.classList.contains("cx-pad")) this.showReach(...at);
  }

  command(event) {
    const inText = event.target.matches("input:not([type=range], [type=checkbox]), textarea, select");
    if ((event.ctrlKey || event.metaKey) && !event.altKey && /^[zy]$/i.test(event.key)) {
      // In a field whose text was just changed the browser's own undo is meant.
      if (this.typing.isDirty()) return;
      event.preventDefault();
      if (event.key.toLowerCase() === "y" || event.shiftKey) this.redo(); else this.undo();
    } else if (event.key === "?" && !inText && this.controls) this.help();
  }

  /** Pasted code of a layer is taken wherever it is pasted. */
  paste(event) {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!isCode(text) || !this.controls) return;
    event.preventDefault();
    this.takeCode(text);
  }

  takeCode(text) {
    let asked;
    try { asked = readCode(text); } catch (error) {
      this.say(words.codeRefused(error.message));
      return;
    }
    const { note, size, channels, biased, ...change } = asked;
    const whole = (planes, count) => Array.from({ length: count }, (_, c) => planes[c] ?? planes[0]);
    if (math.isPooling(asked.op)) change.poolSize = size;
    else {
      change.kernel = whole(this.state.kernel, channels * asked.filters).map((plane) => resized(plane, ...size));
      change.input = whole(this.state.input, channels);
      change.bias = biased ? Array(asked.groups * asked.filters).fill(0) : [];
    }
    this.setState(change);
    this.say(words.codeTaken(note));
  }

  help() {
    const keyOf = (key) => (isMac ? key.replaceAll("Ctrl", "⌘") : key);
    const dialog = h("dialog", { class: "cx-help", "aria-label": words.keys, onclose: () => dialog.remove() }, h("h3", {}, words.keys),
      h("dl", {}, words.keyList.map(([key, text]) => [h("dt", {}, h("kbd", {}, keyOf(key))), h("dd", {}, text)])),
      h("form", { method: "dialog" }, h("button", {}, words.close)));
    this.append(dialog);
    dialog.showModal();
  }

  // ---------------------------------------------------------------------------------------- the controls

  /** The controls of this operation; where they stay the same ones, only their values are set, so that none loses the focus. */
  drawControls() {
    const s = this.state;
    const kinds = `${s.op} ${s.input.length} ${s.line}`;
    if (this.kinds === kinds) { for (const refresh of this.refreshers) refresh(); return; }
    this.kinds = kinds;
    this.refreshers = [];
    const focused = this.controls.contains(document.activeElement) && document.activeElement.dataset.control;
    const pooling = math.isPooling(s.op);
    const layer = s.op === "correlate" || s.op === "convolve";
    const size = () => math.planeSize(this.state.input);
    const kernel = () => math.kernelSize(this.state);
    const divisors = [1, 2, 3].filter((g) => s.input.length % g === 0);
    const named = (title, names, nameOf) => [["", title], ...Object.keys(names).map((name) => [name, nameOf(name)])];
    const sides = (layer ? [["top", "↑", 0, 0], ["bottom", "↓", 0, 1], ["left", "←", 1, 0], ["right", "→", 1, 1]] : [["rows", "", 0, 0], ["columns", "×", 1, 0]])
      .filter(([, , a]) => a || !s.line);
    const [flat, across] = [(made) => (s.line ? null : made()), s.line ? "" : "×"]; // what only two dimensions have
    const button = (text, click, more = {}) => h("button", { type: "button", onclick: click, ...more }, text);
    const steps = [button("↶", () => this.undo(), { "aria-label": words.undo, title: words.undoKey }), button("↷", () => this.redo(), { "aria-label": words.redo, title: words.redoKey })];
    this.refreshers.push(() => { steps[0].disabled = !this.past.length; steps[1].disabled = !this.future.length; });
    const compare = button("", () => this.compare());
    this.refreshers.push(() => {
      compare.textContent = this.state.other ? words.compareEnd : words.compare;
      compare.disabled = !this.output && !this.state.other;
    });
    const saves = ["svg", "png"].map((kind) => button(words.save(kind.toUpperCase()), () => this.save(kind)));
    this.refreshers.push(() => { for (const save of saves) save.disabled = !this.output; });
    this.controls.replaceChildren(...[
      this.group(words.operation, this.choice("op", words.operationLabel, math.OPERATIONS.map((o) => [o, words.operations[o]]), () => this.state.op, (op) => this.setState({ op }))),
      this.group(words.input,
        this.check("line", words.oneRow, (line) => this.setLine(line), () => this.state.line),
        flat(() => this.number("rows", words.inputSize[0], "", () => size()[0], 1, LARGEST, (v) => this.resize("input", v, size()[1]))),
        this.number("columns", words.inputSize[1], across, () => size()[1], 1, LARGEST, (v) => this.resize("input", size()[0], v)),
        this.choice("channels", words.channelsLabel, [1, 2, 3].map((c) => [c, words.channels(c)]), () => this.state.input.length, (v) => this.setChannels(+v)),
        this.choice("fill", words.fillLabel, named(words.fill, INPUTS, (name) => words.inputs[name]), () => "", (v) => v && this.fill(v))),
      this.group(pooling ? words.window : words.kernel,
        flat(() => this.number("kernel rows", words.kernelSize[0], "", () => kernel()[0], 1, LARGEST, (v) => this.resizeKernel(v, kernel()[1]))),
        this.number("kernel columns", words.kernelSize[1], across, () => kernel()[1], 1, LARGEST, (v) => this.resizeKernel(kernel()[0], v)),
        pooling ? null : this.choice("kernel preset", words.takeLabel, named(words.take, this.kernels, words.kernelName), () => "", (v) => v && this.takeKernel(v)),
        pooling ? null : this.choice("filters", words.filtersLabel, [1, 2, 3, 4].map((f) => [f, words.filters(f)]), () => this.state.filters, (v) => this.setFilters(+v)),
        pooling || divisors.length < 2 ? null : this.choice("groups", words.groupsLabel, divisors.map((g) => [g, words.groups(g)]), () => this.state.groups, (v) => this.setState({ groups: +v }))),
      this.group(words.stride, ...this.two("stride", 1)),
      s.op === "average" ? null : this.group(words.dilation, ...this.two("dilation", 1)),
      this.group(s.op === "transpose" ? words.paddingCut : words.padding, ...sides.map(([side, sign, a, e]) =>
        this.number(`padding ${side}`, words.sides[side], sign, () => this.state.padding[a][e], 0, FARTHEST, (v) => this.setSide(a, e, v), -FARTHEST)),
      ...(layer ? ["rows", "columns"].map((axis, a) => (!a && s.line) || this.choice(`mode ${axis}`, words.modeLabel(a), math.PADDING_MODES.map((p) => [p, words.mode(a, words.modes[p])]),
        () => this.state.paddingMode[a], (mode) => this.setPair("paddingMode", a, mode))).filter((one) => one !== true) : [])),
      s.op === "transpose" ? this.group(words.outputPadding, ...this.two("outputPadding", 0)) : null,
      pooling ? this.group(words.borders, this.check("ceilMode", "ceil_mode", (on) => this.setState({ ceilMode: on }), () => this.state.ceilMode),
        s.op === "average" ? this.check("countIncludePad", "count_include_pad", (on) => this.setState({ countIncludePad: on }), () => this.state.countIncludePad) : null)
        : this.group(words.afterSum, this.check("bias", words.bias, (on) => this.setBias(on), () => this.state.bias.length > 0),
          this.check("relu", "ReLU", (relu) => this.setState({ relu }), () => this.state.relu)),
      this.group(words.backward, this.choice("gradient", words.gradientLabel, Object.entries(words.gradients),
        () => this.state.gradient, (gradient) => this.setState({ gradient }))),
      this.group(words.fromCode, this.codeField()),
      this.group(words.picture, ...steps, button(words.again, () => this.reset()), this.check("volume", words.volume, (volume) => this.setState({ volume }), () => this.state.volume), compare, ...saves,
        button(words.copyLink, (e) => { this.remember(); copy(e.target, link(), [words.copied, words.copyByHand]); }), button("?", () => this.help(), { "aria-label": words.keys, title: words.keysKey })),
    ].filter(Boolean));
    for (const refresh of this.refreshers) refresh();
    if (focused) this.controls.querySelector(`[data-control="${focused}"]`)?.focus();
  }

  group(title, ...children) { return h("fieldset", {}, h("legend", {}, title), children.filter(Boolean)); }

  control(name, label, element, refresh, before = "") {
    element.id = `${this.uid}-${name.replaceAll(" ", "-")}`;
    element.dataset.control = name;
    element.setAttribute("aria-label", label);
    this.refreshers.push(refresh);
    return before ? h("span", { class: "cx-field" }, h("span", { "aria-hidden": "true" }, before), element) : element;
  }

  choice(name, label, options, value, change) {
    const select = h("select", { onchange: (e) => change(e.target.value) }, options.map(([v, text]) => h("option", { value: v }, String(text))));
    return this.control(name, label, select, () => { select.value = value(); });
  }

  /** A whole number from `least` to `most`, taken while it is typed; what is below `least`, down to `lowest`, is explained as an
   *  error of the setting.  An empty field changes nothing. */
  number(name, label, before, value, least, most, change, lowest = least) {
    const take = () => {
      const number = field.value === "" ? NaN : Number(field.value);
      const good = Number.isInteger(number) && number >= lowest && number <= most;
      if (good && number !== value()) change(number);
      return good;
    };
    const field = h("input", {
      type: "number", min: least, max: most, step: 1, oninput: take,
      onchange: () => {
        if (take()) return;
        const text = field.value;
        field.value = value();
        this.say(words.outOfRange(label, least, most, text, value()));
      },
    });
    return this.control(name, label, field, () => { if (document.activeElement !== field || field.value !== "") field.value = value(); }, before);
  }

  two(key, least) {
    return ["rows", "columns"].map((axis, a) => (this.state.line && !a ? null : this.number(`${key} ${axis}`, words.ofAxis(key, a), a && !this.state.line ? "×" : "", () => this.state[key][a], least, FARTHEST, (v) => this.setPair(key, a, v), -FARTHEST)));
  }

  check(key, label, change, value) {
    const box = h("input", { type: "checkbox", onchange: (e) => change(e.target.checked) });
    return h("label", { class: "cx-check" }, this.control(key, label, box, () => { box.checked = value(); }), label);
  }

  codeField() {
    const field = h("input", {
      type: "text", placeholder: "nn.Conv2d(1, 2, 3)", autocomplete: "off", spellcheck: "false",
      onchange: () => { if (field.value.trim()) this.takeCode(field.value); },
    });
    return this.control("code", words.codeLabel, field, () => {});
  }

  setPair(key, a, v) { this.change({ [key]: this.state[key].map((old, axis) => (axis === a ? v : old)) }, `${key} ${a}`); }

  setSide(a, e, v) {
    const padding = this.state.padding.map((p) => [...p]);
    padding[a][e] = v;
    this.change({ padding }, `padding ${a} ${e}`);
  }

  /** Another size of the input or of the kernel; what it cuts off comes back when the size does. */
  resize(key, rows, columns) {
    this.kept[key] = this.state[key].map((plane, c) => overlaid(plane, this.kept[key]?.[c] ?? []));
    this.change({ [key]: this.kept[key].map((plane) => resized(plane, rows, columns)) }, `${key} size`);
  }

  resizeKernel(rows, columns) {
    const size = [rows, columns];
    if (math.isPooling(this.state.op)) this.change({ poolSize: size, stride: size }, "window size");
    else this.resize("kernel", ...size);
  }

  setChannels(count) {
    const s = this.state;
    const input = Array.from({ length: count }, (_, c) => s.input[c] ?? s.input[0].map((row) => [...row]));
    const kernel = Array.from({ length: s.filters }, (_, f) => input.map((__, c) => s.kernel[f * s.input.length + Math.min(c, s.input.length - 1)])).flat();
    this.setState({ input, kernel });
  }

  /** Another number of filters; a new one is the first with its signs changed. */
  setFilters(filters) {
    const first = this.state.kernel.slice(0, this.state.input.length).map((plane) => plane.map((row) => row.map((v) => 0 - v)));
    const kernel = Array.from({ length: filters }, (_, f) => {
      const own = this.state.kernel.slice(f * first.length, (f + 1) * first.length);
      return own.length ? own : first;
    });
    this.setState({ filters, kernel: kernel.flat() });
  }

  /** To one row and back; the rows, and what their axis had, come back as long as nothing else was set anew. */
  setLine(line) {
    const { state, kept: { square } } = this;
    const change = { line };
    if (!line && square) {
      const rows = (key) => state[key].map((plane, c) => (square[key][c] ? resized(overlaid(plane, square[key][c]), square[key][c].length, plane[0].length) : plane));
      Object.assign(change, { input: rows("input"), kernel: rows("kernel") });
      for (const key of ["stride", "dilation", "padding", "outputPadding", "poolSize", "paddingMode"]) change[key] = [square[key][0], state[key][1]];
    }
    this.change(change);
    this.kept.square = line ? state : null;
  }

  /** Keep this setting to compare others with it, or end that. */
  compare() { this.setState({ other: this.state.other ? "" : this.hash }); }

  /** Work on the setting that was kept, and keep this one. */
  exchange() { this.setState({ ...this.rival.state, other: toHash({ ...this.state, other: "" }) }); }

  setBias(on) { this.setState({ bias: on ? Array(math.outputCount(this.state)).fill(0) : [] }); }

  fill(name) {
    const [n, m] = math.planeSize(this.state.input);
    this.setState({ input: this.state.input.map(() => INPUTS[name](n, m)) });
  }

  takeKernel(name) { this.setState({ kernel: this.state.kernel.map(() => this.kernels[name].map((row) => [...row])) }); }

  // ------------------------------------------------------------------------------------------- the stage

  /** The tables; where their shape stays, only their numbers are set, so that no cell loses the focus. */
  drawStage() {
    const s = this.state;
    // An impossible padding can't be drawn; the image without it can.
    this.seen = this.output ? s : { ...s, padding: [[0, 0], [0, 0]] };
    const shape = JSON.stringify([s.op, s.input.length, math.planeSize(s.input), s.filters, s.groups, s.bias.length, s.gradient, math.kernelSize(s), this.seen.padding, s.line, this.output && [this.output.length, math.planeSize(this.output)], this.rival?.shape]);
    if (shape !== this.shape) this.layOut(this.seen);
    this.shape = shape;
    this.fillIn(this.seen);
    this.volume.element.hidden = !s.volume || !this.output;
    if (!this.volume.element.hidden) this.volume.draw(s, this.output);
    this.panel.hidden = this.facts.hidden = !this.output;
    this.sums.hidden = !s.line || !this.output;
    if (!this.output) return;
    const [rows, columns] = math.planeSize(this.output);
    this.slider.max = this.output.length * rows * columns - 1;
    const [o, i, j] = this.at;
    this.at = [Math.min(o, this.output.length - 1), Math.min(i, rows - 1), Math.min(j, columns - 1)];
    this.drawFacts();
    this.show(this.at);
  }

  layOut(s) {
    const focused = this.stage.contains(document.activeElement) ? this.typing.open?.place ?? document.activeElement.dataset.place : null;
    this.typing.forget();
    this.sizes.disconnect();
    const pooling = math.isPooling(s.op);
    const [top, left] = this.corner(s);
    const [kh, kw] = math.kernelSize(s);
    const padded = math.planeSize([paddedPlane(s, 0)]);
    const channels = s.input.length;
    const inputName = (c) => words.inputTable(channels, c);
    const kernelName = (p) => (s.filters === 1 ? words.kernelTable(channels, p) : words.filterTable(Math.floor(p / channels), channels, p % channels));
    const back = this.output && s.gradient;
    this.tables = [
      [...s.input.map((_, c) => cellTable("x", c, inputName(c), math.planeSize(s.input), padded, [top, left])),
        ...(back ? s.input.map((_, c) => cellTable("g", c, words.gradientOf(inputName(c)), math.planeSize(s.input))) : [])],
      pooling ? [] : [...s.kernel.map((_, p) => cellTable("k", p, kernelName(p), [kh, kw])),
        ...(back ? s.kernel.map((_, p) => cellTable("h", p, words.gradientOf(kernelName(p)), [kh, kw])) : []),
        ...(s.bias.length ? [cellTable("b", 0, words.biasTable, [1, s.bias.length])] : [])],
      this.output ? this.output.map((_, o) => cellTable("y", o, words.outputTable(this.output.length, o), math.planeSize(this.output)))
        : [h("p", { class: "cx-none" }, words.noOutput)],
    ];
    this.tables.forEach((tables, k) => { this.parts[k].replaceChildren(...tables); this.parts[k].hidden = !tables.length; });
    this.stage.classList.toggle("cx-line", s.line);
    this.stage.classList.toggle("cx-slides", s.line && s.op === "correlate");
    this.compared.hidden = !this.rival;
    this.compared.replaceChildren(...(this.rival ? cards(this) : []));
    this.places = placesIn(this.stage);
    this.lit = new Map();
    this.sum = null;
    for (const table of this.parts[2].querySelectorAll("table")) for (const box of [table, table.parentElement]) this.sizes.observe(box);
    for (const part of this.parts) part.firstElementChild?.classList.add("cx-front");
    this.front = 0; // which plane of the input lies in front, where they are a pile
    this.fit();
    if (focused) this.places.get(focused)?.focus();
  }

  /** Where the image begins in its padded table. */
  corner(s) { return s.op === "transpose" ? [0, 0] : [s.padding[0][0], s.padding[1][0]]; }

  /** Make the cells so large that input, kernel and output fit beside each other, on a phone below each other, and many planes a pile. */
  fit() {
    if (!this.tables) return;
    const wide = this.clientWidth;
    const [rows, columns] = this.extent();
    const { line } = this.state;
    columns[1] *= math.isPooling(this.state.op) || line ? 1 : this.state.filters * (this.state.gradient ? 2 : 1);
    const beside = wide > 600 && !line;
    const gaps = 30 * columns.filter(Boolean).length + 16 * (this.state.filters - 1) + 10;
    const across = (beside ? (wide - gaps) / columns.reduce((a, b) => a + b, 0) : (wide - 4) / Math.max(...columns)) - 1;
    const down = TALLEST / Math.max(...rows);
    const size = Math.max(LEAST_CELL, Math.min(line ? LARGEST_OF_LINE : LARGEST_CELL, Math.floor(Math.min(across, Math.max(down, LEAST_CELL)))));
    this.style.setProperty("--cx-size", `${size}px`);
    this.stage.classList.toggle("cx-tall", rows[0] + rows[2] > 16);
    this.parts[1].style.setProperty("--cx-channels", this.state.input.length);
    this.parts.forEach((part, k) => {
      if (k === 1) return;
      const planes = part.querySelectorAll(".cx-plane").length;
      const piled = planes > 1 && planes * (rows[k] * size + 30) > 1.15 * TALLEST;
      part.classList.toggle("cx-pile", piled);
      if (k === 0) this.piled = piled;
    });
  }

  /** The most rows and columns that a table of each part has. */
  extent() {
    const sizes = this.parts.map((part) => [...part.querySelectorAll("table")].map((table) => [table.rows.length, table.rows[0].cells.length]));
    return [0, 1].map((a) => sizes.map((of) => Math.max(0, ...of.map((size) => size[a]))));
  }

  /** All numbers into their cells. */
  fillIn(s) {
    this.fillPlanes("x", s.input.map((_, c) => paddedPlane(s, c).map((row) => row.map(({ value }) => value))), this.corner(s));
    if (!math.isPooling(s.op)) {
      this.fillPlanes("k", s.kernel);
      if (s.bias.length) this.fillPlanes("b", [[s.bias]]);
    }
    if (this.rival) differences(this);
    if (s.line) {
      const tables = [...this.stage.querySelectorAll(".cx-input, .cx-kernel")];
      const longest = Math.max(...tables.map((table) => table.longest));
      for (const table of tables) widen(table.rows[0].cells[0], longest);
      this.parts[1].style.setProperty("--cx-apart", s.dilation[1]);
    }
    if (!this.output) return;
    this.fillPlanes("y", this.output);
    if (s.gradient === "sum") {
      this.fillGradients(this.output.flatMap((plane, o) => plane.flatMap((row, i) => row.map((_, j) => [o, i, j]))));
    }
  }

  /** The gradients of a sum of output cells. */
  fillGradients(cells) {
    const found = math.gradients(this.state, cells);
    this.fillPlanes("g", found.input);
    if (!math.isPooling(this.state.op)) this.fillPlanes("h", found.kernel);
  }

  /** The numbers of one kind's planes, shaded by their size; columns as wide as the longest of their table. */
  fillPlanes(kind, planes, shift = [0, 0]) {
    const most = largestOf(planes);
    planes.forEach((plane, c) => {
      let longest = 1;
      plane.forEach((row, i) => row.forEach((value, j) => {
        const cell = this.places.get(`${kind}${c},${i - shift[0]},${j - shift[1]}`);
        if (cell.number !== value || cell.text === undefined) cell.shown = math.show(value);
        putNumber(cell, value, cell.shown, most, this.typing.open?.cell === cell);
        longest = Math.max(longest, cell.shown.length);
      }));
      widen(this.places.get(`${kind}${c},0,0`), longest);
    });
  }

  // -------------------------------------------------------------------------------------- what lights up

  /** Light cells up: names of marks by their places.  Only what differs from before is touched. */
  light(marks) {
    const next = new Map();
    for (const [place, mark] of marks) {
      const cell = this.places.get(place);
      if (cell) next.set(cell, next.has(cell) ? `${next.get(cell)} ${mark}` : mark);
    }
    for (const cell of this.lit.keys()) if (!next.has(cell)) cell.className = cell.base;
    for (const [cell, mark] of next) if (this.lit.get(cell) !== mark) cell.className = `${cell.base} ${mark}`;
    this.lit = next;
  }

  /** Go to an output cell, as the reader asked. */
  choose(at) {
    if (`${at}` === `${this.at}` && this.shown === "cell") return;
    this.stop();
    this.show(at);
    this.remember();
  }

  /** Light up one output cell, its window and its sum. */
  show(at) {
    if (!this.output) return;
    const s = this.state;
    [this.at, this.shown] = [at, "cell"];
    const used = math.terms(s, ...at);
    const marks = [];
    const [above] = this.corner(s);
    const covered = (c, r) => this.piled && c !== this.front && r + above > 0; // in a pile, of a plane behind the first row is seen
    if (s.op !== "transpose" && used.length && Math.max(...s.dilation) > 1) {
      const [rs, qs] = [used.map((t) => t.r), used.map((t) => t.q)];
      const [top, bottom, left, right] = [Math.min(...rs), Math.max(...rs), Math.min(...qs), Math.max(...qs)];
      const lit = new Set(used.map((t) => `${t.r},${t.q}`));
      for (const c of new Set(used.map((t) => t.c))) {
        for (let r = top; r <= bottom; r++) for (let q = left; q <= right; q++) if (!lit.has(`${r},${q}`) && !covered(c, r)) marks.push([`x${c},${r},${q}`, "cx-window"]);
      }
    }
    for (const t of used) {
      if (!covered(t.c, t.r)) marks.push([`x${t.c},${t.r},${t.q}`, "cx-used"]);
      if (t.p !== null) marks.push([`k${t.p},${t.a},${t.b}`, "cx-used"]);
    }
    if (s.bias.length && !math.isPooling(s.op)) marks.push([`b0,0,${at[0]}`, "cx-used"]);
    marks.push([`y${at}`, "cx-here"], [`A${at}`, "cx-here"], [`B${at}`, "cx-here"]);
    this.light(marks);
    const here = this.places.get(`y${at}`);
    this.bring(here);
    only(here);
    const [rows, columns] = math.planeSize(this.output);
    this.slider.value = (at[0] * rows + at[1]) * columns + at[2];
    const where = s.line ? words.position(this.output.length, at[0], at[2]) : words.where(this.output.length, ...at);
    if (this.where.textContent !== where) {
      this.slider.setAttribute("aria-valuetext", where);
      setText(this.where, where);
    }
    this.writeSum(math.sentenceParts(s, ...at));
    if (s.gradient === "lit") this.fillGradients([at]);
    if (s.volume) this.volume.light(s, used, at);
    if (this.rival) this.compared.querySelector(".cx-sum").textContent = words.sumOfA(this.places.has(`A${at}`) ? math.sentence(this.rival.state, ...at) : "");
    if (s.line) this.writeSums(s, at);
  }

  /** The same once more, since another plane is seen now. */
  showAgain() { if (this.output && this.shown === "cell") this.show(this.at); }

  /** A sum in parts; where it has as many parts as the last one, only their texts are set. */
  writeSum(all) {
    const parts = all.length > MOST_PARTS ? joined(all) : all;
    const long = parts.reduce((length, [, text]) => length + text.length, 0) > LONG_SUM;
    if (long !== this.sentence.hasAttribute("tabindex")) {
      if (long) this.sentence.tabIndex = 0;
      else this.sentence.removeAttribute("tabindex");
    }
    const kinds = parts.map(([kind]) => kind).join();
    if (this.sum !== kinds) {
      this.sentence.replaceChildren(...parts.map(([kind, text]) => (kind === "channel" ? h("br") : kind ? h("span", { class: `cx-${kind}` }, text) : document.createTextNode(text))));
      this.sum = kinds;
      return;
    }
    let node = this.sentence.firstChild;
    for (const [kind, text] of parts) {
      if (kind !== "channel" && node.textContent !== text) (node.firstChild ?? node).nodeValue = text;
      node = node.nextSibling;
    }
  }

  /** In one dimension: all sums of the lit output, and the kernel below its window. */
  writeSums(s, [o, , here]) {
    this.parts[1].style.setProperty("--cx-shift", here * s.stride[1]);
    const rows = this.output[o][0].map((_, j) => `y[${j}]: ${math.sentence(s, o, 0, j)}`);
    while (this.sums.children.length > rows.length) this.sums.lastChild.remove();
    rows.forEach((text, j) => {
      const row = this.sums.children[j] ?? this.sums.appendChild(h("li"));
      if (row.textContent !== text) row.textContent = text;
      if ((j === here) !== row.hasAttribute("aria-current")) row.toggleAttribute("aria-current");
    });
  }

  /** Light up the outputs that one input cell reaches. */
  showReach(c, r, q) {
    if (!this.output) return;
    this.shown = "reach";
    this.light([[`x${c},${r},${q}`, "cx-used"], ...math.reaches(this.state, c, r, q).map(([o, i, j]) => [`y${o},${i},${j}`, "cx-reached"])]);
    this.sum = null;
    this.sentence.textContent = math.useSentence(this.state, c, r, q);
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
      this.fly();
      if (step >= +this.slider.max) this.stop();
    };
    if (+this.slider.value >= +this.slider.max) this.go(0);
    if (calm()) return next(); // one step at a time for those who asked for stillness
    this.timer = setInterval(next, 700);
    this.player.textContent = words.pause;
  }

  /** Send the products of the lit sum from their input cells into the output cell, for those who like motion. */
  fly() {
    const used = math.terms(this.state, ...this.at);
    if (calm() || used.length > MOST_FLYING) return;
    const box = this.getBoundingClientRect();
    const middle = (place) => {
      const cell = this.places.get(place)?.getBoundingClientRect();
      return cell && `translate(${cell.left + cell.width / 2 - box.left}px, ${cell.top + cell.height / 2 - box.top}px) translate(-50%, -50%)`;
    };
    const end = middle(`y${this.at}`);
    const flights = used.map((t) => [middle(`x${t.c},${t.r},${t.q}`), math.show(math.isPooling(this.state.op) ? t.x : t.x * t.w)]).filter(([begin]) => begin);
    for (const [begin, text] of flights) {
      const product = h("span", { class: "cx-flying", "aria-hidden": "true" }, text);
      this.append(product);
      product.animate([{ transform: begin }, { transform: end, opacity: 0.4 }], { duration: FLIGHT, easing: "ease-in" }).finished.then(() => product.remove(), () => product.remove());
    }
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    const text = calm() ? words.step : words.play;
    if (this.player && this.player.textContent !== text) this.player.textContent = text;
  }

  // --------------------------------------------------------------------------------------------- facts

  drawFacts() {
    const s = this.state;
    const cost = math.costs(s);
    const [kh, kw] = math.kernelSize(s);
    const field = [math.reach(kh, s.dilation[0]), math.reach(kw, s.dilation[1])].slice(s.line ? 1 : 0).join("×"); // a number alone for a line
    const apart = s.line ? words.apartInLine(s.stride[1]) : words.apart(...s.stride);
    const lines = [
      [words.outputSize, math.sizeArithmetic(s).join(words.semicolon)],
      [words.cost, cost ? words.costOf(cost.multiplyAdds, cost.parameters) : words.costOfPooling(s.op === "max", kh * kw)],
      s.op === "transpose" ? [words.reach, words.reachOf(field, apart)] : [words.field, (s.line ? words.fieldInLine : words.fieldOf)(field, apart)],
    ];
    this.factTexts ??= this.layOutFacts(lines);
    const texts = [...lines.flat(), ...(this.controls ? [math.code(s, "torch"), math.code(s, "convbook")] : [])];
    texts.forEach((text, k) => setText(this.factTexts[k], text));
  }

  layOutFacts(lines) {
    const list = h("dl", {}, lines.map(() => [h("dt"), h("dd")]));
    if (!this.controls) {
      const page = new URL("../../explorer.html", base || location.href).href;
      const more = h("a", { href: page }, words.openWhole);
      for (const event of ["pointerdown", "focus", "click"]) more.addEventListener(event, () => { more.href = `${page}#${this.fields()}`; });
      this.facts.replaceChildren(list, h("p", {}, more));
      return [...list.children];
    }
    const codes = ["torch", "convbook"].map((library, index) => {
      const code = h("code", { "data-library": library });
      return h("details", { open: index === 0 }, h("summary", {}, words.sameIn(library)),
        h("button", { type: "button", onclick: (e) => copy(e.target, code.textContent, [words.copied, words.copyByHand]) }, words.copy),
        h("pre", { tabindex: 0, "aria-label": words.codeFor(library) }, code));
    });
    this.facts.replaceChildren(list, ...codes);
    return [...list.children, ...codes.map((fold) => fold.querySelector("code"))];
  }

  // ---------------------------------------------------------------------------------------------- export

  save(format) {
    const text = svg(this.state, this.at);
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
