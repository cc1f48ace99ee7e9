// <conv-digit>: a drawn digit goes through the LeNet of the chapter, and every number of every map can be followed to its sum.
//
// The weights are in a script of their own, digit.data.js, which is fetched when a reader comes near.

import { arrow, typed } from "../explorer/nodes.js";
import { Lab, SHARED, button, choice, clamp, fixed, h, list, mark, put, show, whole } from "./house/lab.js";
import { onWidth } from "./house/chart.js";
import { DIGITS, KERNEL, LAYERS, PARAMETERS, SIDE, answer, halves, imageOf, images, sumOf } from "./digit/network.js";
import { WORDS } from "./digit/words.js";

const MAPS = [{ count: 6, side: 24 }, { count: 6, side: 12 }, { count: 16, side: 8 }, { count: 16, side: 4 }];
const EDITABLE = LAYERS[1].bias + LAYERS[1].to; // the weights and biases of the two convolution layers come first
const [PAD, LIMIT, POINTS, LARGEST] = [100, 20, 900, 16]; // the pad's side; the largest weight; points of a drawing; the explorer's rows
const base = document.currentScript?.src ?? location.href;
const percent = (share) => WORDS.percent(share < 0.0005 ? "< 0.1" : share > 0.9995 ? "> 99.9" : fixed(100 * share, share < 0.0995 || share > 0.995 ? 1 : 0));
const tenths = (share) => WORDS.percent(fixed(100 * share, 1));

const strokesFrom = (text) => {
  if (text === "") return [];
  const read = list((count) => count >= 2 && count % 2 === 0, 0, PAD);
  const strokes = text.split(";").map(read);
  if (strokes.includes(undefined) || strokes.flat().length > 2 * POINTS) return undefined;
  return strokes.map((flat) => Array.from({ length: flat.length / 2 }, (_, k) => [flat[2 * k], flat[2 * k + 1]]));
};
const editsFrom = (text) => {
  if (text === "") return [];
  const flat = list((count) => count % 2 === 0 && count <= 400, -LIMIT, EDITABLE)(text);
  const sound = flat?.every((value, k) => (k % 2 ? Math.abs(value) <= LIMIT : Number.isInteger(value) && value >= 0 && value < EDITABLE));
  return sound ? flat : undefined;
};
const placeFrom = (text) => {
  const at = list(4, 0, 23)(text);
  const layer = at && MAPS[at[0]];
  return layer && at.every(Number.isInteger) && at[1] < layer.count && at[2] < layer.side && at[3] < layer.side ? at : undefined;
};

class Digit extends Lab {
  static key = "digit";
  static title = WORDS.title;
  static settings = {
    d: { usual: [], read: strokesFrom, write: (strokes) => strokes.map((stroke) => stroke.flat().join(",")).join(";") },
    s: { usual: 0, read: whole(-1, 15) }, // a held-out digit, or −1 for the drawing
    e: { usual: [], read: editsFrom }, // changed weights: place, value, place, value, …
    at: { usual: [0, 1, 12, 5], read: placeFrom }, // the marked number: layer, map, row, column
    c: { usual: 0, read: whole(0, 5) }, // of a kernel of the second layer, the weights for this map
  };

  // ------------------------------------------------------------------------------------------------ the parts

  build() {
    const w = WORDS;
    this.sample = choice({ label: w.sample, options: [["", SHARED.choose]], change: (k) => k && this.set({ s: Number(k), d: [] }) });
    this.words = h("p", { class: "digit-answer", role: "status" }, w.loading);
    this.rows = Array.from({ length: DIGITS }, (_, digit) => h("tr", {}, h("th", { scope: "row" }, String(digit)), h("td", {}, h("div", { class: "digit-bar" })), h("td")));
    const bars = h("table", { class: "digit-bars", "aria-label": w.probabilities }, h("tbody", {}, this.rows));
    this.seen = h("canvas", { class: "digit-seen", role: "img", "aria-label": w.seenLabel });
    this.layers = MAPS.map((_, layer) => this.buildMaps(layer));
    this.strip = h("canvas", { class: "digit-hidden", role: "img", "aria-label": w.hiddenLabel });
    this.sumWords = h("span");
    this.links = h("span");
    this.confusion = h("details", {}, h("summary", {}, w.confusion));
    const named = (name, element) => h("div", {}, h("h3", {}, name), element);
    this.append(
      h("div", { class: "digit-top" }, named(w.pad, this.buildPad()), named(w.seen, this.seen), named(w.probabilities, bars)),
      h("div", { class: "lab-bar" }, button(w.clear, () => this.set({ d: [], s: -1 }), { class: "lab-first" }),
        button(w.undo, () => this.set({ d: this.state.d.slice(0, -1), s: -1 })), this.sample, button(SHARED.link, (self) => this.copyLink(self))),
      this.words,
      this.mapsBox = h("div", { class: "digit-maps" }, this.layers.map(({ canvas }, k) => named(w.maps[k], canvas)), named(w.hidden, this.strip), h("p", { class: "digit-scale" }, w.scale),
        h("div", { class: "digit-sum" }, h("h3", {}, w.sum), h("p", { role: "status" }, this.sumWords, this.links))),
      this.buildKernel(),
      this.confusion,
    );
    onWidth(this.mapsBox, () => this.draw());
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      const script = h("script", { src: new URL("digit.data.js", base).href, onload: () => this.begin(globalThis.convbookDigit), onerror: () => put(this.words, WORDS.failed) });
      document.head.append(script);
    }, { rootMargin: "600px" });
    near.observe(this);
  }

  begin(stored) {
    this.stored = stored;
    this.trained = halves(stored.weights);
    if (this.trained.length !== PARAMETERS) throw new Error("other weights than this network has");
    this.images = images(stored.samples);
    const select = this.sample.querySelector("select");
    stored.labels.forEach((digit, k) => select.append(h("option", { value: k }, WORDS.samples(digit, k < DIGITS))));
    const head = h("tr", {}, h("th", { scope: "col" }, WORDS.confusionHead), stored.confusion.map((_, k) => h("th", { scope: "col" }, String(k))));
    const rows = stored.confusion.map((row, digit) => h("tr", {}, h("th", { scope: "row" }, String(digit)), row.map((count, k) =>
      h("td", { style: `--v: ${count && Math.round(8 + 37 * Math.min(1, count / (k === digit ? 110 : 8)))}; --tint: var(--${k === digit ? "cool" : "warm"})` }, count ? String(count) : ""))));
    this.confusion.append(h("div", { class: "digit-scroll" }, h("table", { class: "digit-confusion" }, h("thead", {}, head), h("tbody", {}, rows))), h("p", {}, WORDS.honest(...["as shipped", "shifted", "shrunk", "both"].map((name) => tenths(stored.accuracy[name])))));
    this.draw();
  }

  buildPad() {
    this.pen = { at: [30, 30], down: false };
    this.penWords = h("p", { class: "digit-pen", "aria-live": "polite" });
    const pad = this.pad = h("canvas", { class: "digit-pad", tabindex: 0, role: "application", "aria-label": WORDS.padLabel });
    const place = (event) => {
      const box = pad.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((pixels) => Math.round(clamp((PAD * pixels) / box.width, 0, PAD)));
    };
    pad.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      pad.focus({ preventScroll: true });
      pad.setPointerCapture(event.pointerId);
      this.drawing = true;
      this.begins(place(event));
    });
    pad.addEventListener("pointermove", (event) => {
      if (!this.drawing) return;
      for (const one of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) this.extends(place(one));
    });
    for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => { this.drawing = false; });
    pad.addEventListener("keydown", (event) => {
      const move = arrow(event);
      const lowers = event.key === " " || event.key === "Enter";
      if (!move && !lowers) return;
      event.preventDefault();
      if (lowers) {
        this.pen.down = !this.pen.down;
        if (this.pen.down) this.begins(this.pen.at);
      } else {
        const step = event.shiftKey ? 10 : 4;
        this.pen.at = this.pen.at.map((value, axis) => clamp(value + step * move[1 - axis], 0, PAD));
        if (this.pen.down) this.extends(this.pen.at);
      }
      put(this.penWords, WORDS.pen(this.pen.down, ...this.pen.at));
      this.drawPad();
    });
    pad.addEventListener("blur", () => { this.pen.down = false; put(this.penWords, ""); if (this.answer) this.drawPad(); });
    return [pad, this.penWords];
  }

  buildMaps(layer) {
    const canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": WORDS.mapsLabel(WORDS.maps[layer]) });
    const part = { canvas, small: document.createElement("canvas") };
    const { count, side } = MAPS[layer];
    part.small.width = side * count;
    part.small.height = side;
    canvas.addEventListener("pointerdown", (event) => {
      const box = canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const { cell, columns, gap } = part;
      const whole = side * cell + gap;
      const [row, column] = [Math.floor(y / whole), Math.floor(x / whole)];
      const [i, j] = [y - row * whole, x - column * whole].map((rest) => Math.min(side - 1, Math.floor(rest / cell)));
      const map = row * columns + column;
      if (map < count && column < columns) this.set({ at: [layer, map, i, j] });
    });
    canvas.addEventListener("keydown", (event) => {
      const move = arrow(event);
      if (!move) return;
      event.preventDefault();
      let [which, map, i, j] = this.state.at;
      if (which !== layer) return this.set({ at: [layer, 0, 0, 0] });
      [i, j] = [clamp(i + move[0], 0, side - 1), j + move[1]];
      if (j < 0 && map) [map, j] = [map - 1, side - 1];
      if (j >= side && map < count - 1) [map, j] = [map + 1, 0];
      return this.set({ at: [layer, map, i, clamp(j, 0, side - 1)] });
    });
    return part;
  }

  buildKernel() {
    const w = WORDS;
    this.kernelName = h("h3", {}, w.kernel(0, 0));
    this.inputMap = choice({ label: w.inputs, options: Array.from({ length: 6 }, (_, c) => [c, String(c)]), change: (c) => this.set({ c: Number(c) }) });
    const field = (label, place) => {
      const input = h("input", { type: "text", size: 6, autocomplete: "off", "aria-label": label, onchange: () => {
        const value = typed(input.value);
        if (value === null || Math.abs(value) > LIMIT) { put(this.note, w.notANumber(input.value.slice(0, 20), LIMIT)); this.draw(); } else { put(this.note, ""); this.edit([[place(), value]]); }
      } });
      return input;
    };
    this.taps = Array.from({ length: KERNEL * KERNEL }, (_, k) => field(w.weight(Math.floor(k / KERNEL), k % KERNEL), () => this.places()[k]));
    this.biasField = field(w.bias, () => this.biasPlace());
    const rows = Array.from({ length: KERNEL }, (_, a) => h("tr", {}, this.taps.slice(a * KERNEL, (a + 1) * KERNEL).map((tap) => h("td", {}, tap))));
    return h("div", {}, this.kernelName, this.inputMap, h("table", { class: "digit-kernel", role: "presentation" }, h("tbody", {}, rows)),
      h("label", { class: "digit-bias" }, w.bias, this.biasField),
      h("div", { class: "lab-bar" }, button(w.zero, () => this.edit(this.places().map((place) => [place, 0]))),
        button(w.restore, () => this.restore([...this.places(), this.biasPlace()])), button(w.restoreAll, () => this.set({ e: [] }))));
  }

  // ------------------------------------------------------------------------------------------------ what a reader does

  begins(point) {
    const d = this.state.s >= 0 ? [] : this.state.d; // a stroke on a held-out digit begins a drawing of one's own
    this.state = { ...this.state, s: -1, d: [...d, [point]] };
    this.soon();
  }

  extends(point) {
    const d = this.state.d;
    const last = d[d.length - 1];
    const [x, y] = last[last.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) < 2 || d.flat().length >= POINTS) return;
    this.state = { ...this.state, d: [...d.slice(0, -1), [...last, point]] };
    this.soon();
  }

  /** Draw at the next frame, however many points come before it. */
  soon() { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); this.remember(); }); }

  /** Which convolution layer the marked number belongs to, and where its kernel stands among the parameters. */
  kernelAt() { return { layer: this.state.at[0] < 2 ? 0 : 1, map: this.state.at[1], c: this.state.at[0] < 2 ? 0 : this.state.c }; }

  places() {
    const { layer, map, c } = this.kernelAt();
    const start = LAYERS[layer].weight + (map * LAYERS[layer].from + c) * KERNEL * KERNEL;
    return Array.from({ length: KERNEL * KERNEL }, (_, k) => start + k);
  }

  biasPlace() { const { layer, map } = this.kernelAt(); return LAYERS[layer].bias + map; }

  edit(changes) {
    const all = new Map(Array.from({ length: this.state.e.length / 2 }, (_, k) => [this.state.e[2 * k], this.state.e[2 * k + 1]]));
    for (const [place, value] of changes) if (value === this.trained[place]) all.delete(place); else all.set(place, value);
    this.set({ e: [...all].flat().slice(0, 400) });
  }

  restore(places) { this.edit(places.map((place) => [place, this.trained[place]])); }

  // ------------------------------------------------------------------------------------------------ what is shown

  draw() {
    if (!this.trained) return;
    // Read before anything is written: a browser lays the page out again for a width that is asked for in between.
    this.width = this.clientWidth;
    this.mapsWidth = Math.floor(this.mapsBox.clientWidth);
    const { d, s, e } = this.state;
    this.parameters = Float64Array.from(this.trained);
    for (let k = 0; k < e.length; k += 2) this.parameters[e[k]] = e[k + 1];
    this.image = s >= 0 ? this.images[s] ?? imageOf([]) : imageOf(d);
    this.answer = answer(this.parameters, this.image);
    this.drawPad();
    this.drawSeen();
    this.drawWords();
    this.drawMaps();
    this.drawSum();
    this.drawKernel();
  }

  drawWords() {
    const { d, s, e } = this.state;
    const { probabilities } = this.answer;
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const [best] = order;
    const share = probabilities[best];
    this.rows.forEach((row, digit) => {
      row.classList.toggle("digit-best", digit === best);
      mark(row.cells[1].firstChild, "style", `width: ${(100 * probabilities[digit]).toFixed(1)}%`);
      put(row.cells[2], percent(probabilities[digit]));
    });
    let text = "";
    if (s < 0 && !d.length) text = WORDS.empty(best, percent(share));
    else {
      text = share >= 0.7 ? WORDS.reads(best, percent(share)) : WORDS.unsure(order.filter((digit) => probabilities[digit] >= 0.1).map((digit) => [digit, percent(probabilities[digit])]));
      if (s >= 0) text += WORDS.truth(this.stored.labels[s]);
      const { bounds, sure, confusion } = this.stored;
      const group = bounds.filter((bound) => share >= bound).length;
      const [all, right] = sure[group];
      const name = (bound) => String(Math.round(100 * bound));
      if (all) text += WORDS.sure(group ? name(bounds[group - 1]) : "", group < bounds.length ? name(bounds[group]) : "100", percent(right / all), all.toLocaleString("en"));
      const column = confusion.map((row) => row[best]);
      const others = [...column.keys()].filter((digit) => digit !== best && column[digit]).sort((a, b) => column[b] - column[a]).slice(0, 2).map((digit) => [digit, column[digit]]);
      text += WORDS.confused(best, column.reduce((a, b) => a + b, 0), others);
    }
    if (e.length) text += WORDS.changed(e.length / 2);
    put(this.words, text);
    this.sample.show(s >= 0 ? String(s) : "");
  }

  /** Put numbers from 0 to `most` as shades into a small canvas, a pixel each. */
  shade(canvas, values, width, height, most) {
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const data = context.createImageData(width, height);
    const pixels = new Uint32Array(data.data.buffer);
    for (let k = 0; k < pixels.length; k++) pixels[k] = 0xff000000 | (0x010101 * Math.round(clamp((255 * values[k]) / most, 0, 255)));
    context.putImageData(data, 0, 0);
    return context;
  }

  /** A canvas of a size in pixels of the page, ready to be drawn on. */
  canvas(element, width, height) {
    const ratio = Math.min(2, devicePixelRatio);
    const size = [width, height].map((side) => Math.round(side * ratio));
    if (element.width !== size[0] || element.height !== size[1]) {
      [element.width, element.height] = size;
      mark(element, "style", `width: ${width}px; height: ${height}px`);
    }
    const context = element.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    return context;
  }

  frameAround(context, x, y, width, height) {
    context.lineWidth = 2;
    context.strokeStyle = "#ff9b5e";
    context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  }

  drawPad() {
    const beside = this.width - 165; // on a phone the network's image stands beside the pad where both have room
    const size = beside > 175 ? Math.min(240, beside) : 240;
    const context = this.canvas(this.pad, size, size);
    const unit = size / PAD;
    context.fillStyle = "#10141b";
    context.fillRect(0, 0, size, size);
    if (this.state.s >= 0) {
      this.large ??= document.createElement("canvas");
      this.shade(this.large, this.image, SIDE, SIDE, 1);
      context.drawImage(this.large, 0, 0, size, size);
    }
    context.lineWidth = 16;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#fff";
    for (const stroke of this.state.d) {
      context.beginPath();
      context.moveTo(...stroke[0].map((value) => value * unit));
      for (const [x, y] of stroke.length > 1 ? stroke.slice(1) : stroke) context.lineTo(x * unit, y * unit);
      context.stroke();
    }
    if (this.penWords.textContent) {
      const [x, y] = this.pen.at;
      context.lineWidth = 2;
      context.strokeStyle = "#ff9b5e";
      context.beginPath();
      context.arc(x * unit, y * unit, this.pen.down ? 5 : 10, 0, 7);
      context.stroke();
    }
  }

  drawSeen() {
    const cell = this.width > 480 ? 5 : 4;
    const context = this.canvas(this.seen, SIDE * cell, SIDE * cell);
    this.little ??= document.createElement("canvas");
    this.shade(this.little, this.image, SIDE, SIDE, 1);
    context.drawImage(this.little, 0, 0, SIDE * cell, SIDE * cell);
    const [layer, , i, j] = this.state.at;
    if (layer === 0) this.frameAround(context, j * cell, i * cell, KERNEL * cell, KERNEL * cell);
  }

  drawMaps() {
    const width = this.mapsWidth;
    if (!width) return;
    const [layer, map, i, j] = this.state.at;
    const columns = width > 560 ? [6, 6, 8, 16] : [3, 6, 4, 8];
    const largest = [6, 8, 11, 11];
    this.layers.forEach((part, k) => {
      const { count, side } = MAPS[k];
      const gap = 5;
      const cell = Math.min(largest[k], Math.floor((width / columns[k] - gap) / side));
      Object.assign(part, { cell, gap, columns: columns[k] });
      const values = this.answer.maps[k];
      const rows = count / columns[k];
      const whole = side * cell + gap;
      const context = this.canvas(part.canvas, columns[k] * whole - gap, rows * whole - gap);
      context.clearRect(0, 0, columns[k] * whole, rows * whole);
      this.shade(part.small, values, side, side * count, Math.max(1e-9, ...values));
      for (let m = 0; m < count; m++) {
        const [x, y] = [(m % columns[k]) * whole, Math.floor(m / columns[k]) * whole];
        context.drawImage(part.small, 0, m * side, side, side, x, y, side * cell, side * cell);
        if (k === layer && m === map) this.frameAround(context, x + j * cell, y + i * cell, cell, cell);
        if (k === layer - 1 && layer % 2 && m === map) this.frameAround(context, x + 2 * j * cell, y + 2 * i * cell, 2 * cell, 2 * cell);
        if (k === 1 && layer === 2) this.frameAround(context, x + j * cell, y + i * cell, KERNEL * cell, KERNEL * cell);
      }
    });
    const cell = Math.min(20, Math.floor(width / 32));
    const context = this.canvas(this.strip, 32 * cell, 20);
    this.thin ??= document.createElement("canvas");
    this.shade(this.thin, this.answer.hidden, 32, 1, Math.max(1e-9, ...this.answer.hidden));
    context.drawImage(this.thin, 0, 0, 32 * cell, 20);
  }

  /** A setting of the explorer: up to 16×16 numbers around the window, so that it is seen in its place. */
  explorer(op, values, side, start, i, j, reach, more) {
    const count = Math.min(side, LARGEST);
    const corner = (at) => { const first = clamp(at - Math.floor((count - reach) / 2), 0, side - count); return op === "max" ? first - (first % 2) : first; };
    const [top, left] = [corner(i), corner(j)];
    const text = (value) => String(Number(value.toPrecision(7)));
    const rows = Array.from({ length: count }, (_, r) => Array.from({ length: count }, (__, q) => text(values[start + (top + r) * side + left + q])).join(","));
    const at = op === "max" ? [0, (i - top) / 2, (j - left) / 2] : [0, i - top, j - left];
    return new URL(`../../explorer.html#op=${op}&x=${rows.join(";")}&${more}&at=${at}`, base).href;
  }

  drawSum() {
    const [layer, map, i, j] = this.state.at;
    const number = (value) => show(value, 4);
    const link = (href, text) => ({ href, text });
    const place = WORDS.place(layer, map, i, j);
    const { maps } = this.answer;
    const { side } = MAPS[layer];
    const out = maps[layer][(map * side + i) * side + j];
    if (layer % 2) {
      const below = MAPS[layer - 1].side;
      const start = map * below * below;
      const four = [0, 1].flatMap((a) => [0, 1].map((b) => number(maps[layer - 1][start + (2 * i + a) * below + 2 * j + b])));
      put(this.sumWords, place + WORDS.pooled(four, number(out)));
      this.showLinks([link(this.explorer("max", maps[layer - 1], below, start, 2 * i, 2 * j, 2, "pool=2,2&s=2,2"), WORDS.open)]);
      return;
    }
    const inputs = layer ? maps[1] : this.image;
    const { from, input, weight } = LAYERS[layer / 2];
    const { parts, bias } = sumOf(this.parameters, layer / 2, inputs, map, i, j);
    const sum = parts.reduce((a, b) => a + b, 0);
    put(this.sumWords, place + (layer ? WORDS.second : WORDS.first)(number(sum), number(bias), number(sum + bias), number(out)));
    const kernel = (c) => Array.from({ length: KERNEL }, (_, a) => Array.from({ length: KERNEL }, (__, b) => Number(this.parameters[weight + ((map * from + c) * KERNEL + a) * KERNEL + b].toPrecision(7))).join(",")).join(";");
    const links = parts.map((part, c) => link(this.explorer("correlate", inputs, input, c * input * input, i, j, KERNEL, `k=${kernel(c)}${layer ? "" : `&b=${Number(bias.toPrecision(7))}&relu=1`}`), layer ? WORDS.part(c, number(part)) : WORDS.open));
    this.showLinks(links);
  }

  showLinks(links) {
    if (this.links.querySelectorAll("a").length !== links.length) this.links.replaceChildren(...links.flatMap((_, c) => (c ? [WORDS.between, h("a")] : [h("a")])));
    this.links.querySelectorAll("a").forEach((element, c) => { put(element, links[c].text); mark(element, "href", links[c].href); });
  }

  drawKernel() {
    const { layer, map } = this.kernelAt();
    put(this.kernelName, WORDS.kernel(layer, map));
    this.inputMap.hidden = !layer;
    this.inputMap.show(String(this.state.c));
    const values = this.places().map((place) => this.parameters[place]);
    const most = Math.max(1e-9, ...values.map(Math.abs));
    const set = (field, value) => {
      const text = show(Number(value.toFixed(4)), 6);
      if (field.value !== text && document.activeElement !== field) field.value = text;
    };
    this.taps.forEach((tap, k) => {
      set(tap, values[k]);
      mark(tap.parentElement, "style", `--tint: var(--${values[k] > 0 ? "warm" : "cool"}); --v: ${Math.round((45 * Math.abs(values[k])) / most)}`);
    });
    set(this.biasField, this.parameters[this.biasPlace()]);
  }
}

customElements.define("conv-digit", Digit);
