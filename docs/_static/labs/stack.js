// <conv-stack>: up to six layers, forward and back.  The gradient of one output shows on which numbers of each layer it depends.

import { Lab, SHARED, button, choice, clamp, copy, flag, h, oneOf, show, slider, whole } from "./house/lab.js";
import { MOST_LAYERS, StackError, backward, fields, forward, imageOf, nodesOf, parse, torchCode, weightsOf, written } from "./stack/graph.js";
import { WORDS } from "./stack/words.js";

const PRESETS = {
  threes: { size: 15, layers: "convk3s1p0d1o1,convk3s1p0d1o1,convk3s1p0d1o1" },
  seven: { size: 15, layers: "convk7s1p0d1o1" },
  dilations: { size: 24, layers: "convk3s1p1d1o1,convk3s1p2d2o1,convk3s1p4d4o1" },
  lenet: { size: 28, layers: "convk5s1p2d1o6r,avgk2s2p0d1o1,convk5s1p0d1o16r,avgk2s2p0d1o1" },
  residual: { size: 14, inputs: 64, layers: "convk3s1p1d1o64r,convk3s1p1d1o64r+0" },
  inception: { size: 14, inputs: 192, layers: "convk1s1p0d1o64r,convk3s1p1d1o128ri0&1,convk5s1p2d1o32ri0&2,maxk3s1p1d1o1i0&3" },
  stem: { size: 48, inputs: 3, layers: "convk7s2p3d1o64r,maxk3s2p1d1o1,convk3s1p1d1o64r,convk3s1p1d1o64r+2" },
  updown: { size: 20, layers: "convk3s2p1d1o8r,convk3s1p1d1o8r,upk4s2p1d1o1" },
};
const FIRST = "threes";
const SHARE = 0.9; // of the influence, which the effective field holds

/** Give each cell of rows the name of its column, which a narrow screen shows beside it. */
const named = (rows, names) => {
  for (const row of rows) [...row.cells].forEach((cell, k) => { if (cell.tagName === "TD" && names[k]) cell.dataset.name = names[k]; });
  return rows;
};

class Stack extends Lab {
  static key = "stack";
  static title = WORDS.title;
  static settings = {
    size: { usual: PRESETS[FIRST].size, read: whole(4, 64) },
    inputs: { usual: 1, read: whole(1, 512) },
    layers: { usual: PRESETS[FIRST].layers, read: (text) => (parse(text) ? text : undefined) },
    seed: { usual: 0, read: whole(0, 1e6) }, // 0: all weights are 1
    row: { usual: -1, read: whole(-1, 95) }, // -1: the middle
    column: { usual: -1, read: whole(-1, 95) },
  };

  build() {
    this.preset = choice({ label: WORDS.preset, options: [["", SHARED.choose], ...Object.keys(PRESETS).map((name) => [name, WORDS.presets[name]])], change: (name) => name && this.set({ ...this.usual, seed: this.state.seed, inputs: 1, ...PRESETS[name], row: -1, column: -1 }) });
    this.kind = choice({ label: WORDS.weights, options: [["0", WORDS.ones], ["1", WORDS.random]], change: (one) => this.set({ seed: +one }) });
    this.again = button(WORDS.again, () => this.set({ seed: (this.state.seed % 1e6) + 1 }));
    const straight = (label, name, least, most) => {
      const one = slider({ label, steps: 100, to: (place) => Math.round(least + place * (most() - least)), from: (value) => (most() > least ? (value - least) / (most() - least) : 0), text: String, change: (value) => this.set({ [name]: value }) });
      return one;
    };
    const last = () => this.nodes?.at(-1).rows - 1 || 0;
    this.size = straight(WORDS.size, "size", 4, () => 64);
    this.row = straight(WORDS.row, "row", 0, last);
    this.column = straight(WORDS.column, "column", 0, last);
    this.maps = h("div", { class: "stack-maps" });
    this.says = h("p", { class: "lab-verdict", "aria-live": "polite" });
    this.body = h("tbody");
    this.results = h("tbody");
    this.code = h("code");
    this.numbers = h("table", { class: "stack-numbers" });
    this.fold = h("details", {}, h("summary", {}, WORDS.table), h("div", { class: "stack-scroll" }, this.numbers));
    this.append(
      h("div", { class: "lab-bar" }, this.preset, this.kind, this.again, button(WORDS.add, () => this.change([...this.layers, { ...this.layers.at(-1), from: this.layers.length, join: "", with: 0 }]), { class: "lab-first" }), button(SHARED.link, (self) => this.copyLink(self))),
      this.maps, this.says, h("div", { class: "lab-controls" }, this.row, this.column, this.size),
      ...[[WORDS.heads, this.body], [WORDS.results, this.results]].map(([heads, body]) => h("table", { class: "stack-table" },
        h("thead", {}, h("tr", {}, heads.map((text) => (text ? h("th", { scope: "col" }, text) : h("td"))))), body)),
      h("p", {}, WORDS.stand), this.fold,
      h("details", {}, h("summary", {}, WORDS.code), button(SHARED.copy, (self) => copy(self, this.code.textContent)), h("pre", { tabindex: 0, "aria-label": WORDS.code }, this.code)),
    );
    // The maps' colors are the theme's.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
  }

  change(layers) { this.set({ layers: written(layers), row: -1, column: -1 }); }

  /** All that is shown, as numbers: for drawing, and for tests. */
  compute() {
    const { size, inputs, seed } = this.state;
    const nodes = nodesOf(this.layers, size, inputs);
    const { rows } = nodes.at(-1);
    const at = [this.state.row, this.state.column].map((place) => (place < 0 ? Math.floor(rows / 2) : Math.min(place, rows - 1)));
    const weights = weightsOf(this.layers, nodes, seed);
    const way = forward(this.layers, nodes, weights, imageOf(size));
    const gradients = backward(this.layers, nodes, weights, way, at[0] * rows + at[1]);
    const down = fields(this.layers, at[0], at[0]);
    const across = fields(this.layers, at[1], at[1]);
    const totals = gradients.map((maps) => maps.reduce((sums, map) => sums.map((g, k) => g + map[k]), new Float64Array(maps[0].length)));
    return { nodes, weights, values: way.values, gradients, totals, at, down, across };
  }

  draw() {
    this.layers = parse(this.state.layers);
    let found = null;
    try { found = this.compute(); this.note.textContent = ""; } catch (error) {
      if (!(error instanceof StackError)) throw error;
      this.note.textContent = error.message;
    }
    this.nodes = found?.nodes;
    this.totals = found?.totals.map((total) => ({ sum: total.reduce((a, g) => a + Math.abs(g), 0), most: total.reduce((m, g) => Math.max(m, Math.abs(g)), 0) }));
    this.drawTable(found);
    this.kind.show(this.state.seed ? "1" : "0");
    this.again.disabled = !this.state.seed;
    this.preset.show("");
    this.size.show(this.state.size);
    // An impossible stack has no maps, no sentence and no code.
    for (const part of [this.maps, this.says, this.row, this.column, this.fold, this.code.parentElement.parentElement]) part.hidden = !found;
    if (!found) return;
    this.row.show(found.at[0]);
    this.column.show(found.at[1]);
    this.drawMaps(found);
    this.drawWords(found);
    this.code.textContent = torchCode(this.layers, found.nodes);
  }

  // ------------------------------------------------------------------------------------------------- maps

  /** A theme's color as red, green and blue. */
  color(name) {
    this.maps.style.color = `var(--${name})`;
    const rgb = getComputedStyle(this.maps).color.match(/[\d.]+/g).map(Number);
    this.maps.style.color = "";
    return rgb;
  }

  drawMaps({ nodes, totals, down, across }) {
    const kinds = nodes.map((node) => node.rows).join();
    if (kinds !== this.kinds) {
      this.kinds = kinds;
      this.figures = nodes.map((node, n) => {
        const canvas = h("canvas", { width: node.rows, height: node.rows, role: "img" });
        const frame = h("div", { class: "stack-field" });
        const caption = h("small");
        const figure = h("figure", { class: n ? "" : "stack-image" }, h("figcaption", {}, WORDS.map(n, node.rows), caption), h("div", { class: "stack-map" }, canvas, frame));
        const placeOf = (event) => {
          const box = canvas.getBoundingClientRect();
          return [event.clientY - box.top, event.clientX - box.left].map((pixel) => clamp(Math.floor((pixel / box.width) * node.rows), 0, node.rows - 1));
        };
        if (n === nodes.length - 1) {
          canvas.classList.add("stack-output");
          const go = (event) => { const [row, column] = placeOf(event); this.set({ row, column }); };
          canvas.addEventListener("pointerdown", go);
          canvas.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" || event.buttons) go(event); });
        }
        if (n === 0) {
          canvas.addEventListener("pointermove", (event) => {
            const [i, j] = placeOf(event);
            this.says.textContent = WORDS.at(i, j, show(this.last.totals[0][i * node.rows + j]));
          });
          canvas.addEventListener("pointerleave", () => this.drawWords(this.last));
        }
        return { figure, canvas, frame, caption };
      });
      this.maps.replaceChildren(...this.figures.map((one) => one.figure));
    }
    const [paper, warm, cool] = ["paper", "warm", "cool"].map((name) => this.color(name));
    nodes.forEach((node, n) => {
      const { canvas, frame, caption } = this.figures[n];
      const brush = canvas.getContext("2d");
      const picture = brush.createImageData(node.rows, node.rows);
      const { sum, most } = this.totals[n];
      totals[n].forEach((g, k) => {
        const share = most ? Math.sqrt(Math.abs(g) / most) : 0; // small weights are seen, too
        const hue = g > 0 ? warm : cool;
        for (let c = 0; c < 3; c++) picture.data[4 * k + c] = paper[c] + share * (hue[c] - paper[c]);
        picture.data[4 * k + 3] = 255;
      });
      brush.putImageData(picture, 0, 0);
      caption.textContent = most ? WORDS.strength(show(sum, 3), show(most, 3)) : WORDS.none;
      canvas.setAttribute("aria-label", WORDS.label(WORDS.map(n, node.rows), caption.textContent));
      frame.hidden = !down[n];
      if (!down[n]) return;
      const [edges, part] = [[down[n], across[n]].map(([low, high]) => [Math.max(0, low), Math.min(node.rows, high + 1)]), 100 / node.rows];
      const [[top, bottom], [left, right]] = edges;
      frame.style.cssText = `top:${top * part}%;left:${left * part}%;height:${(bottom - top) * part}%;width:${(right - left) * part}%`;
    });
  }

  drawWords(found) {
    this.last = found;
    const { nodes, totals, at, down } = found;
    const weights = [...totals[0]].map(Math.abs).sort((a, b) => b - a);
    const sum = weights.reduce((a, b) => a + b, 0);
    let [strong, held] = [0, 0];
    while (strong < weights.length && held < SHARE * sum * (1 - 1e-12)) held += weights[strong++];
    const field = down[0] ? down[0][1] - down[0][0] + 1 : 0;
    this.says.textContent = WORDS.says(at.join(", "), nodes.at(-1).rows, field, weights.filter(Boolean).length, Math.round(SHARE * 100), strong) + (sum ? "" : WORDS.dead);
    if (!down[0]) { this.numbers.replaceChildren(); return; }
    const n = nodes[0].rows;
    const [[top, bottom], [left, right]] = [down[0], found.across[0]].map(([low, high]) => [Math.max(0, low), Math.min(n - 1, high)]);
    const lines = [];
    for (let i = top; i <= bottom; i++) {
      const cells = [];
      for (let j = left; j <= right; j++) cells.push(`<td>${show(totals[0][i * n + j], 3)}</td>`);
      lines.push(`<tr>${cells.join("")}</tr>`);
    }
    this.numbers.innerHTML = `<tbody>${lines.join("")}</tbody>`;
  }

  // ------------------------------------------------------------------------------------------------ layers

  drawTable(found) {
    const shape = this.state.layers.replace(/\d+/g, "") + this.layers.length + this.layers.map((l) => `${l.from}${l.join}${l.with}`).join();
    if (shape !== this.tableShape) this.layOut();
    this.tableShape = shape;
    this.refresh.forEach((one) => one());
    const line = (name, texts) => h("tr", {}, h("th", { scope: "row" }, name), texts.map((text) => h("td", {}, text)));
    const count = (number) => number.toLocaleString("en");
    const rows = found ? found.nodes.map((node, n) => {
      const middle = node.rows >> 1;
      // A node's own field: on how many rows of the image one of its places can depend.
      const own = n ? fields(this.layers.slice(0, n), middle, middle)[0] : [0, 0];
      const total = this.totals[n];
      return line(n ? WORDS.node(n) : WORDS.image, [`${node.rows}×${node.rows}`, node.channels, show(node.jump), own ? own[1] - own[0] + 1 : 0, count(node.parameters), count(node.multiplyAdds),
        show(total.sum, 3), show(total.most, 3)].map(String));
    }) : [];
    const total = (name) => count(found.nodes.reduce((sum, node) => sum + node[name], 0));
    if (found) rows.push(line(WORDS.all, ["", "", "", "", total("parameters"), total("multiplyAdds"), "", ""]));
    this.results.replaceChildren(...named(rows, WORDS.results));
  }

  layOut() {
    const focused = this.body.contains(document.activeElement) && document.activeElement.dataset.field;
    this.refresh = [];
    const inputs = this.numberField("inputs", WORDS.inputs, 1, 512, () => this.state.inputs, (value) => this.set({ inputs: value }));
    const none = (count) => Array.from({ length: count }, () => h("td"));
    const first = h("tr", {}, h("td"), h("th", { scope: "row" }, WORDS.image), none(4), h("td", {}, inputs), none(3));
    const rows = this.layers.map((layer, index) => {
      const place = index + 1;
      const label = (name) => WORDS.fields[name](place);
      const put = (change) => this.change(this.layers.map((one, k) => (k === index ? { ...one, ...change } : one)));
      const pick = (name, options, value, change) => {
        const select = h("select", { "aria-label": label(name), "data-field": `${name}${place}`, onchange: () => change(select.value) }, options.map(([v, text]) => h("option", { value: v }, text)));
        this.refresh.push(() => { select.value = value(this.layers[index]); });
        return h("td", {}, select);
      };
      const number = (name, least, most, off = false) => h("td", {}, off ? "" : this.numberField(`${name}${place}`, label(name), least, most, () => this.layers[index]?.[name], (value) => put({ [name]: value })));
      const pools = layer.kind === "max" || layer.kind === "avg";
      const before = Array.from({ length: place }, (_, n) => n);
      const relu = h("input", { type: "checkbox", "aria-label": label("relu"), "data-field": `relu${place}`, onchange: () => put({ relu: relu.checked }) });
      this.refresh.push(() => { relu.checked = this.layers[index].relu; });
      return h("tr", {},
        h("td", {}, this.layers.length > 1 ? button("×", () => this.leaveOut(index), { "aria-label": WORDS.remove(place) }) : null),
        pick("kind", Object.entries(WORDS.kinds), (l) => l.kind, (kind) => put({ kind, ...(kind === "max" || kind === "avg" ? { p: Math.min(layer.p, layer.k >> 1), d: kind === "avg" ? 1 : layer.d } : {}) })),
        number("k", 1, 11), number("s", 1, 4), number("p", 0, 5), number("d", 1, 4, layer.kind === "avg"), number("o", 1, 512, pools),
        pick("from", before.map((n) => [n, WORDS.node(n)]), (l) => l.from, (value) => put({ from: +value })),
        pick("join", [["", "–"], ...before.flatMap((n) => [[`+${n}`, WORDS.plus(n)], [`&${n}`, WORDS.beside(n)]])], (l) => (l.join ? l.join + l.with : ""), (value) => put({ join: value[0] ?? "", with: Number(value[1] ?? 0) })),
        h("td", {}, relu));
    });
    this.body.replaceChildren(...named([first, ...rows], WORDS.heads));
    if (focused) this.body.querySelector(`[data-field="${focused}"]`)?.focus();
  }

  numberField(name, label, least, most, value, change) {
    const field = h("input", { type: "number", min: least, max: most, "aria-label": label, "data-field": name,
      oninput: () => { const number = field.value === "" ? NaN : Number(field.value); if (Number.isInteger(number) && number >= least && number <= most) change(number); },
      onchange: () => { field.value = value(); },
    });
    this.refresh.push(() => { if (document.activeElement !== field || field.value !== "") field.value = value(); });
    return field;
  }

  /** Leave a layer out; those after it read the one before it. */
  leaveOut(index) {
    const shift = (n) => (n > index ? n - 1 : n);
    this.change(this.layers.filter((_, k) => k !== index).map((l, k) => ({ ...l, from: k >= index ? Math.min(k, shift(l.from)) : l.from, ...(l.join ? { with: Math.min(k, shift(l.with)) } : {}) })));
  }
}

customElements.define("conv-stack", Stack);
