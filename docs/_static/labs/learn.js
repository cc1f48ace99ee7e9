// <conv-learn>: a kernel of two weights is learned from a 6×8 image, step by step, beside the theory that predicts each loss.

import { arrow, typed } from "../explorer/nodes.js";
import { Lab, SHARED, button, choice, clamp, fixed, flag, h, list, mark, number, put, show, slider, toggle, whole } from "./house/lab.js";
import { Chart, onWidth, s } from "./house/chart.js";
import { COLUMNS, PIXELS, ROWS, bowl, equations, longRun, run, theory } from "./learn/descent.js";
import { WORDS } from "./learn/words.js";

const IMAGE = Array.from({ length: ROWS * COLUMNS }, (_, at) => +[0, 1, 6, 7].includes(at % COLUMNS));
const ONES = IMAGE.map(() => 1);
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const reach = 20; // the largest weight that can be set

// The runs that the learners' notes print: the losses before some steps, and first weights that give every digit of them.
const A = [0.2807, 0.254];
const NOTES = {
  A: { start: A, steps: 10, printed: [[1, 7.53], [3, 1.927], [5, 0.595], [7, 0.211], [9, 0.081]] },
  B: { start: [-0.5415, -0.5382], steps: 10, printed: [[1, 16.123], [3, 5.411], [5, 2.016], [7, 0.792], [9, 0.319]] },
  E: { start: [-0.62, -0.4346], steps: 100, printed: [[9, 0.305], [19, 0.003]] },
};

const along = (vector) => `(${vector.map((x) => fixed(x, 2)).join(", ")})`;

class Learn extends Lab {
  static key = "learn";
  static title = WORDS.title;
  static settings = {
    x: { usual: IMAGE, read: list(ROWS * COLUMNS, 0, 1) },
    target: { usual: [1, -1], read: list(2, -reach, reach) },
    start: { usual: A, read: list(2, -reach, reach) },
    lr: { usual: 0.03, read: (text) => number(0, 100)(text) || undefined },
    momentum: { usual: 0, read: number(0, 0.99) },
    batch: { usual: PIXELS, read: whole(1, PIXELS) },
    noise: { usual: 0, read: number(0, 1) },
    seed: { usual: 1, read: whole(0, 1e9) },
    bias: { usual: false, read: flag },
    mean: { usual: false, read: flag },
    steps: { usual: 20, read: whole(5, 100) },
    t: { usual: 0, read: whole(0, 100) }, // steps that are shown
  };

  arrived() { this.stop(); }

  // ------------------------------------------------------------------------------------------------ the parts

  build() {
    const w = WORDS;
    this.preset = choice({ label: w.preset, options: [["", SHARED.choose], ...Object.entries(w.presets)], change: (name) => name && this.take(name) });
    this.player = button(w.run, () => (this.playing ? this.pause() : this.play()), { class: "lab-first" });
    this.verdict = h("p", { class: "lab-verdict" });
    this.status = h("p", { class: "lab-now", role: "status" });
    this.lr = slider({
      label: w.lr, steps: 300, wide: true, typed: w.exactly(w.lr), text: (lr) => show(lr),
      to: (place) => Number((Math.max(place, 1 / 300) * this.widest).toPrecision(4)), from: (lr) => clamp(lr / this.widest, 0, 1),
      change: (lr) => this.set({ lr }),
      enter: (text) => { const lr = typed(text); return lr > 0 && lr <= 100 ? this.set({ lr }) : this.refuse(w.notARate(text.slice(0, 20))); },
    });
    const straight = (name, most, more) => slider({
      label: w[name], text: (value) => show(value), change: (value) => this.set({ [name]: value }), to: (place) => place * most, from: (value) => value / most, ...more,
    });
    this.sliders = {
      momentum: straight("momentum", 0.99, { steps: 99, to: (place) => Math.round(place * 99) / 100 }),
      batch: straight("batch", PIXELS, {
        steps: PIXELS - 1, to: (place) => Math.round(1 + place * (PIXELS - 1)), from: (n) => (n - 1) / (PIXELS - 1), text: (n) => (n === PIXELS ? w.all(n) : w.some(n)),
      }),
      noise: straight("noise", 1, { steps: 100, to: (place) => Math.round(place * 100) / 100 }),
      steps: straight("length", 100, { steps: 19, to: (place) => 5 + Math.round(place * 19) * 5, from: (n) => (n - 5) / 95, change: (steps) => this.set({ steps }) }),
    };
    this.toggles = {
      bias: toggle({ label: w.bias, change: (bias) => this.set({ bias }) }),
      mean: toggle({ label: w.mean, change: (mean) => this.set({ mean }) }),
    };
    this.append(
      h("div", { class: "lab-bar" }, this.preset, this.player, button(w.step, () => this.advance()), button(w.reset, () => { this.stop(); this.set({ t: 0 }); }),
        button(SHARED.link, (self) => this.copyLink(self))),
      this.lr,
      this.verdict,
      h("div", { class: "learn-charts" },
        h("div", {}, this.bowlName = h("h3", {}, w.bowl), this.buildBowl()),
        h("div", {}, h("h3", {}, w.losses), this.buildLosses(), this.status, this.buildDirections())),
      h("div", { class: "lab-controls learn-sliders" }, ...Object.values(this.sliders)),
      h("div", { class: "lab-bar" }, ...Object.values(this.toggles), button(w.draw, () => this.set({ seed: (this.state.seed + 1) % 1e9 }))),
      h("div", { class: "lab-parts" }, this.buildPicture(), h("div", {}, h("h3", {}, w.kernel), this.buildKernel())),
    );
  }

  buildBowl() {
    this.bowl = new Chart({ label: WORDS.bowlLabel, xlabel: WORDS.first, ylabel: WORDS.second, group: true });
    this.levels = s("g", { class: "learn-levels" });
    this.axes = s("g", { class: "learn-axes" });
    this.path = s("path", { class: "learn-path" });
    this.points = s("path", { class: "learn-points" });
    this.aim = s("path", { class: "learn-aim" });
    this.here = s("circle", { class: "learn-here", r: 5 });
    this.handle = s("g", { class: "learn-handle", tabindex: 0, role: "button" }, s("circle", { r: 16, class: "learn-hit" }), s("circle", { r: 8 }));
    this.bowl.inside.append(this.levels, this.axes, this.path, this.points, this.aim, this.here);
    this.bowl.over.append(this.handle);
    const box = h("div", {}, this.bowl.element);
    onWidth(box, (width) => { const side = Math.min(width, 400); this.bowl.place(side, side); this.draw(); });
    this.handle.addEventListener("pointerdown", (event) => { event.preventDefault(); this.handle.focus(); this.handle.setPointerCapture(event.pointerId); this.dragged = true; });
    this.handle.addEventListener("pointermove", (event) => {
      if (!this.dragged) return;
      const corner = this.bowl.element.getBoundingClientRect();
      const chart = this.bowl;
      const at = [clamp(event.clientX - corner.left, chart.left, chart.right), clamp(event.clientY - corner.top, chart.top, chart.bottom)];
      this.set({ start: chart.back(...at).map((value) => Number(clamp(value, -reach, reach).toFixed(2))), t: 0 });
    });
    for (const end of ["pointerup", "pointercancel"]) this.handle.addEventListener(end, () => { this.dragged = false; this.draw(); });
    this.handle.addEventListener("keydown", (event) => {
      const move = arrow(event);
      if (!move) return;
      event.preventDefault();
      const [a, b] = this.state.start;
      const step = event.shiftKey ? 0.5 : 0.1;
      this.set({ start: [a + move[1] * step, b - move[0] * step].map((value) => Number(clamp(value, -reach, reach).toFixed(4))), t: 0 });
    });
    return box;
  }

  buildLosses() {
    this.chart = new Chart({ label: WORDS.lossLabel, xlabel: WORDS.steps, ylabel: WORDS.loss, margin: [8, 12, 38, 54] });
    this.line = s("path", { class: "learn-predicted" });
    this.dots = s("path", { class: "learn-points" });
    this.rings = s("g", { class: "learn-rings" });
    this.chart.inside.append(this.line, this.rings, this.dots);
    const key = (name, text) => h("span", { class: `learn-key-${name}` }, text);
    this.ringKey = key("rings", WORDS.noted);
    const box = h("div", {}, this.chart.element);
    onWidth(box, (width) => { this.chart.place(width, 210); this.draw(); });
    return [box, h("p", { class: "learn-key" }, key("line", WORDS.predicted), key("dots", WORDS.ran), this.ringKey)];
  }

  buildDirections() {
    this.rows = [0, 1, 2].map(() => h("tr", {}, h("td"), h("td"), h("td")));
    this.body = h("tbody", {}, this.rows);
    const head = [WORDS.eigenvalue, WORDS.direction, WORDS.factor].map((text) => h("th", { scope: "col" }, text));
    return h("table", { class: "learn-table", "aria-label": WORDS.directions }, h("thead", {}, h("tr", {}, head)), this.body);
  }

  buildKernel() {
    const w = WORDS;
    this.entries = {};
    const editable = (name) => [0, 1].map((c) => {
      const field = h("input", {
        type: "text", size: 7, autocomplete: "off", "aria-label": w.entry(w.rows[name], w.columns[c]),
        onchange: () => {
          const value = typed(field.value);
          const values = [...this.state[name]];
          if (value === null || Math.abs(value) > reach) this.refuse(w.notANumber(field.value.slice(0, 20), reach));
          else { values[c] = value; this.note.textContent = ""; }
          this.set({ [name]: values });
        },
      });
      (this.entries[name] ??= []).push(field);
      return h("td", {}, field);
    });
    this.entries.now = w.columns.map(() => h("td"));
    this.nowName = h("th", { scope: "row" });
    const line = (name, cells, more = null) => h("tr", {}, name.tagName ? name : h("th", { scope: "row" }, name), cells, more);
    this.zero = h("td", {}, "0");
    this.none = h("td", {}, "0");
    this.table = h("table", { class: "learn-table" }, h("thead", {}, h("tr", {}, h("td"), w.columns.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, line(w.rows.target, editable("target"), this.zero), line(w.rows.start, editable("start"), this.none), line(this.nowName, this.entries.now)));
    return this.table;
  }

  buildPicture() {
    const grid = (columns, cell) => Array.from({ length: ROWS }, (_, i) => h("tr", {}, Array.from({ length: columns }, (__, j) => cell(i, j))));
    this.cells = [];
    const cell = (i, j) => {
      const one = h("button", { type: "button", "aria-label": WORDS.pixel(i, j), tabindex: i || j ? -1 : 0, onclick: (event) => { if (!event.detail) this.flip(one); }, onkeydown: (event) => this.walk(event, i, j) });
      this.cells.push(one);
      return h("td", {}, one);
    };
    const image = h("table", { class: "learn-grid learn-image", role: "presentation" }, h("tbody", {}, grid(COLUMNS, cell)));
    let ink = null;
    const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest(".learn-image button");
    image.addEventListener("pointerdown", (event) => {
      const one = under(event);
      if (!one || event.button) return;
      ink = 1 - this.state.x[this.cells.indexOf(one)];
      image.setPointerCapture(event.pointerId);
      this.flip(one, ink);
    });
    image.addEventListener("pointermove", (event) => { const one = ink !== null && under(event); if (one) this.flip(one, ink); });
    for (const end of ["pointerup", "pointercancel"]) image.addEventListener(end, () => { ink = null; });
    const output = (name) => {
      const cells = [];
      const element = h("table", { class: "learn-grid", role: "img", "aria-label": name }, h("tbody", {}, grid(COLUMNS - 1, () => { const one = h("td"); cells.push(one); return one; })));
      return { cells, element };
    };
    [this.wanted, this.output] = [output(WORDS.wanted), output(WORDS.now)];
    const part = (name, element) => h("div", {}, h("p", { class: "learn-name" }, name), element);
    return h("div", {}, h("h3", {}, WORDS.picture), h("div", { class: "lab-parts learn-pictures", role: "group", "aria-label": WORDS.picture },
      part(WORDS.image, image), part(WORDS.wanted, this.wanted.element), part(WORDS.now, this.output.element)));
  }

  // ------------------------------------------------------------------------------------------------ what a reader does

  flip(cell, value) {
    const at = this.cells.indexOf(cell);
    const next = value ?? 1 - this.state.x[at];
    if (next === this.state.x[at]) return;
    this.set({ x: this.state.x.map((old, k) => (k === at ? next : old)) });
  }

  walk(event, i, j) {
    const move = arrow(event);
    const next = move && this.cells[(i + move[0]) * COLUMNS + j + move[1]];
    if (!next || j + move[1] < 0 || j + move[1] >= COLUMNS) return;
    event.preventDefault();
    for (const cell of this.cells) cell.tabIndex = cell === next ? 0 : -1;
    next.focus();
  }

  refuse(text) { this.draw(); this.note.textContent = text; }

  take(name) {
    this.stop();
    this.preset.show("");
    const shared = { ...this.usual };
    const more = {
      best: { lr: 1 / 36 }, edge: { lr: 1 / 30 }, beyond: { lr: 0.034, steps: 60 }, bias: { bias: true }, mean: { mean: true, steps: 100 }, momentum: { momentum: 0.145898, lr: 0.031831 },
      ones: { x: ONES, lr: 0.005 }, batches: { batch: 8, noise: 0.3, mean: true, lr: 0.3, steps: 60 },
    }[name] ?? { start: NOTES[name].start, steps: NOTES[name].steps };
    this.set({ ...shared, ...more });
    this.note.textContent = "";
  }

  advance() {
    this.stop();
    this.set({ t: Math.min(this.shown + 1, this.done.path.length - 1) });
  }

  play() {
    const last = this.done.path.length - 1;
    if (calm()) return this.set({ t: last });
    if (this.shown >= last) this.state.t = 0;
    this.playing = setInterval(() => {
      this.state.t = this.shown + 1;
      this.draw();
      if (this.shown >= this.done.path.length - 1) this.pause();
    }, clamp(4000 / this.state.steps, 40, 300));
    this.draw();
    return undefined;
  }

  pause() { this.stop(); this.draw(); this.remember(); }

  stop() { clearInterval(this.playing); this.playing = null; }

  // ------------------------------------------------------------------------------------------------ what is shown

  draw() {
    const state = this.state;
    this.setting = { ...state, image: state.x };
    this.given = equations(this.setting);
    this.theory = theory(this.setting, this.given);
    this.done = run(this.setting, this.given);
    this.shown = Math.min(state.t, this.done.path.length - 1);
    this.now = this.done.path[this.shown];
    this.drawControls();
    this.drawWords();
    if (this.bowl.width) this.drawBowl();
    if (this.chart.width) this.drawLosses();
    this.drawPicture();
  }

  drawControls() {
    const { critical, quickest } = this.theory;
    this.widest = Number.isFinite(critical) ? 1.5 * critical : 1;
    const inverse = (rate) => { const n = 1 / rate; return Math.abs(n - Math.round(n)) < 1e-9 * n && n > 1.5 ? `1/${Math.round(n)}` : show(rate, 3); };
    this.lr.mark(Number.isFinite(critical) ? [[quickest, WORDS.best(inverse(quickest)), "end"], [critical, WORDS.critical(inverse(critical)), "start"]] : []);
    this.lr.show(this.state.lr);
    for (const [name, control] of [...Object.entries(this.sliders), ...Object.entries(this.toggles)]) control.show(this.state[name]);
    put(this.player, this.playing ? WORDS.pause : WORDS.run);
  }

  drawWords() {
    const { lr, momentum, batch, noise, steps } = this.state;
    const { directions, critical, floor, predicted } = this.theory;
    const known = directions.filter((d) => !d.open);
    const steep = known[known.length - 1];
    const factor = (d) => show(longRun(d.factor, momentum), 3);
    let text = WORDS.nothing;
    if (steep) {
      const lambda = show(steep.lambda);
      const bound = momentum ? `(1 + ${show(momentum)})/λ = ${show(1 + momentum)}/${lambda}` : `1/λ = 1/${lambda}`;
      const parts = known.toReversed().map((d) => [show(d.lambda), factor(d)]);
      if (Math.abs(lr / critical - 1) < 1e-9) text = WORDS.on(show(lr), bound, lambda);
      else if (lr > critical) text = WORDS.above(show(lr), bound, show(critical), lambda, factor(steep));
      else text = WORDS.below(show(lr), bound, show(critical), WORDS.factors(parts, momentum));
      for (const d of directions.filter((one) => one.open)) text += WORDS.open(along(d.vector));
      if (batch < PIXELS) text += WORDS.average;
      if (noise) text += WORDS.floor(show(floor, 3));
    }
    put(this.verdict, text);
    this.classList.toggle("learn-diverges", lr > critical);
    this.rows.forEach((row, k) => {
      row.hidden = k >= directions.length;
      if (row.hidden) return;
      const d = directions[directions.length - 1 - k];
      row.classList.toggle("learn-grows", !d.open && Math.abs(longRun(d.factor, momentum)) > 1);
      [show(d.lambda), along(d.vector), d.open ? "1" : factor(d)].forEach((words, c) => put(row.cells[c], words));
    });
    mark(this.status, "aria-live", this.playing ? "off" : "polite");
    put(this.status, WORDS.at(this.shown, steps, show(this.done.losses[this.shown]), show(predicted[this.shown]))
      + (this.shown < Math.min(steps, this.state.t) ? WORDS.ended : ""));
    for (const name of ["target", "start"]) this.entries[name].forEach((field, c) => { if (document.activeElement !== field) field.value = show(this.state[name][c], 6); });
    put(this.nowName, WORDS.rows.now(this.shown));
    this.entries.now.forEach((cell, c) => put(cell, c < this.now.length ? show(this.now[c], 5) : ""));
    this.table.classList.toggle("learn-no-bias", !this.state.bias);
  }

  drawBowl() {
    const chart = this.bowl;
    const { target, start, bias } = this.state;
    if (!this.dragged || !this.view) {
      const far = Math.max(...target.map((value, c) => Math.abs(value - start[c])));
      const half = Math.max(1.5, Math.ceil(far * 2.4) / 2);
      this.view = target.map((value) => [value - half, value + half]);
      this.half = half;
    }
    chart.range(...this.view);
    const at = ([a, b]) => `${chart.x(a).toFixed(1)} ${chart.y(b).toFixed(1)}`;
    const { x, noise, seed, batch, mean } = this.state;
    const fixedBy = JSON.stringify([x, target, noise, seed, batch, mean, bias && start, this.view, chart.width]);
    if (this.drawnBowl !== fixedBy) this.drawLevels(at);
    this.drawnBowl = fixedBy; // neither the rate nor the run changes the bowl
    const path = this.done.path.slice(0, this.shown + 1).map((u) => u.slice(0, 2));
    this.path.setAttribute("d", chart.path(path));
    this.points.setAttribute("d", path.map((u) => chart.dot(...u)).join(""));
    const [ax, ay] = [chart.x(target[0]), chart.y(target[1])];
    mark(this.aim, "d", `M${ax - 7} ${ay}H${ax + 7}M${ax} ${ay - 7}V${ay + 7}`);
    const [hx, hy] = [chart.x(this.now[0]), chart.y(this.now[1])];
    this.here.setAttribute("transform", `translate(${clamp(hx, -9999, 9999)} ${clamp(hy, -9999, 9999)})`);
    mark(this.handle, "transform", `translate(${at(start)})`);
    mark(this.handle, "aria-label", WORDS.handle(...start.map((value) => show(value))));
  }

  /** Level lines and directions. */
  drawLevels(at) {
    const chart = this.bowl;
    const { bias } = this.state;
    const { middle, height, axes } = bowl(this.setting, this.given, bias ? this.theory.best[2] : 0);
    this.bowlName.textContent = bias ? WORDS.atBias(show(this.theory.best[2], 2)) : WORDS.bowl;
    const unit = (chart.right - chart.left) / (2 * this.half);
    const [flat, steep] = axes;
    const turn = (Math.atan2(-steep.vector[1], steep.vector[0]) * 180) / Math.PI;
    const levels = [];
    if (steep.value > 0) {
      for (let power = -4; power <= 5; power++) for (const digit of [1, 3]) {
        const level = digit * 10 ** power;
        const radius = Math.sqrt(Math.max(0, level - height) / steep.value) * unit;
        if (radius > 9 && radius < 1.5 * (chart.right - chart.left)) levels.push([level, radius]);
      }
    }
    this.levels.replaceChildren(...levels.toReversed().map(([, radius]) => s("ellipse", {
      rx: radius.toFixed(1), ry: Math.min(1e5, radius * Math.sqrt(steep.value / Math.max(flat.value, 1e-12))).toFixed(1),
      transform: `translate(${at(middle)}) rotate(${turn.toFixed(2)})`,
    })), ...levels.map(([level, radius]) => {
      // The number stands on its line where the line crosses the steep direction, on the side that is inside the frame.
      const where = [chart.x(middle[0]) - radius * steep.vector[0], chart.y(middle[1]) + radius * steep.vector[1]];
      return s("text", { x: where[0].toFixed(1), y: (where[1] + 4).toFixed(1), "text-anchor": "middle" }, show(level));
    }));
    const named = this.theory.directions.map((d, k) => {
      const [a, b] = d.vector;
      const length = this.half * 0.62 * (k === 1 && bias ? -1 : 1);
      const end = [middle[0] + a * length, middle[1] + b * length];
      const other = [middle[0] - a * length, middle[1] - b * length];
      return [s("path", { d: `M${at(other)}L${at(end)}` }),
        s("text", { x: chart.x(end[0]).toFixed(1), y: (chart.y(end[1]) + (b * length < 0 ? 15 : -6)).toFixed(1), "text-anchor": "middle" }, `λ = ${show(d.lambda)}`)];
    });
    this.axes.replaceChildren(...named.flat());
  }

  drawLosses() {
    const { predicted } = this.theory;
    const { losses } = this.done;
    const { steps } = this.state;
    const chart = this.chart;
    const positive = [...predicted, ...losses].filter((loss) => loss > 0 && Number.isFinite(loss));
    const most = Math.min(Math.max(...positive, 1e-6), Math.max(losses[0], 1e-3) * 1e4);
    const least = Math.max(Math.min(...positive, most / 10), most * 1e-12, 1e-15);
    const decades = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most * 1.2))];
    chart.range([0, steps], decades.map((power) => 10 ** power), { log: true, count: [Math.min(steps, 6), 5] });
    this.line.setAttribute("d", chart.path(predicted.map((loss, step) => [step, Math.max(loss, 1e-30)])));
    this.dots.setAttribute("d", losses.slice(0, this.shown + 1).map((loss, step) => chart.dot(step, Math.max(loss, 1e-30))).join(""));
    const printed = this.printed();
    this.rings.replaceChildren(...printed.map(([step, loss]) => s("circle", { cx: chart.x(step).toFixed(1), cy: chart.y(loss).toFixed(1), r: 7 })));
    this.ringKey.hidden = !printed.length;
  }

  /** The losses that a note prints, where the setting is that note's. */
  printed() {
    for (const { start, steps, printed } of Object.values(NOTES)) {
      const same = { ...this.usual, start, steps };
      if (Object.entries(same).every(([name, value]) => name === "t" || name === "seed" || String(value) === String(this.state[name]))) return printed;
    }
    return [];
  }

  drawPicture() {
    const { P, y } = this.given;
    this.cells.forEach((cell, k) => mark(cell, "aria-pressed", this.state.x[k] ? "true" : "false"));
    const largest = Math.max(1e-9, ...y.map(Math.abs));
    const fill = (cells, values) => cells.forEach((cell, k) => {
      const size = Math.abs(values[k]);
      const text = size >= 100 ? (values[k] > 0 ? "≫" : "≪") : fixed(values[k], Number.isInteger(values[k]) || size >= 10 ? 0 : 1);
      put(cell, text);
      mark(cell, "style", `--tint: var(--${values[k] > 0 ? "warm" : "cool"}); --v: ${Math.round(45 * Math.min(1, size / largest))}`);
    });
    fill(this.wanted.cells, y);
    fill(this.output.cells, P.map((row) => row.reduce((sum, x, c) => sum + x * this.now[c], 0)));
  }
}

customElements.define("conv-learn", Learn);
