// What all labs share: an element whose state is checked when it comes from an address, and kept there when it changes.
//
// A lab is a class with `key` (its name in the address), `settings` (each with its usual value, how it is read from a text, and where
// that is not enough how it is written),
// `title` (its name for a reader), `build()` (makes the parts once) and `draw()` (shows the state).  Its words are in its folder.

import { copy as copyAndSay, h } from "../../explorer/nodes.js";
import { mark, put } from "./nodes.js";
import { SHARED } from "./words.js";

export { SHARED, h, mark, put };

/** Copy a text, and say on the button whether that could be done. */
export const copy = (button, text) => copyAndSay(button, text, [SHARED.copied, SHARED.copyByHand]);

const PAUSE = 400; // milliseconds: browsers refuse more than about three changes of an address a second

// ------------------------------------------------------------------------------------- settings in an address

/** The fields behind "#" of the address, [name, text] each; what is not encoded well stays as it is written. */
function fields() {
  return location.hash.slice(1).split("&").filter((part) => part.indexOf("=") > 0).map((part) => {
    const [name, text] = [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)];
    try { return [name, decodeURIComponent(text)]; } catch { return [name, text]; }
  });
}

/** How a setting is read: the value, or undefined for a text that is none. */
export const number = (least, most) => (text) => {
  const value = text.trim() === "" ? NaN : Number(text);
  return value >= least && value <= most ? value : undefined;
};
export const whole = (least, most) => (text) => {
  const value = number(least, most)(text);
  return Number.isInteger(value) ? value : undefined;
};
export const oneOf = (...names) => (text) => (names.includes(text) ? text : undefined);
export const flag = (text) => ({ 0: false, 1: true })[text];
/** Several numbers with commas between them, as many as `count` (a number, or a test of the list's length). */
export const list = (count, least, most) => (text) => {
  const values = text.split(",").map(number(least, most));
  const fits = typeof count === "number" ? values.length === count : count(values.length);
  return fits && !values.includes(undefined) ? values : undefined;
};

const written = (value) => (typeof value === "boolean" ? String(+value) : String(value));

export class Lab extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    const { settings, title } = this.constructor;
    this.usual = Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.usual]));
    const linked = this.fromAddress();
    this.state = { ...this.usual, ...linked };
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", title);
    this.note = h("p", { class: "lab-note", role: "status" });
    this.replaceChildren();
    this.build();
    this.append(this.note);
    this.draw();
    if (linked) this.scrollIntoView();
    addEventListener("hashchange", () => {
      const given = this.fromAddress();
      if (given) { this.state = { ...this.usual, ...given }; this.arrived(); this.draw(); }
    });
    addEventListener("pagehide", () => this.write());
  }

  /** Called when a new state came from an address, before it is drawn. */
  arrived() {}

  /** Change the state, draw it, and put it into the address soon. */
  set(change) {
    this.state = { ...this.state, ...change };
    this.draw();
    this.remember();
  }

  /** The settings that the address gives, or null where it gives none; what cannot be read is named in the note. */
  fromAddress() {
    const { key, settings } = this.constructor;
    const given = fields().filter(([name]) => name.startsWith(`${key}.`));
    if (!given.length) return null;
    const state = {};
    const broken = [];
    for (const [field, text] of given) {
      const name = field.slice(key.length + 1);
      const value = Object.hasOwn(settings, name) ? settings[name].read(text) : undefined;
      if (value === undefined) broken.push(name.slice(0, 20));
      else state[name] = value;
    }
    const shown = broken.slice(0, 5).join(", ");
    if (broken.length) queueMicrotask(() => { this.note.textContent = SHARED.broken(shown); });
    return state;
  }

  remember() { this.writing ??= setTimeout(() => this.write(), PAUSE); }

  /** Put what differs from the usual into the address; fields of others stay. */
  write() {
    if (!this.writing) return;
    clearTimeout(this.writing);
    this.writing = null;
    const { key, settings } = this.constructor;
    const others = fields().filter(([name]) => !name.startsWith(`${key}.`));
    const own = Object.entries(settings).map(([name, { write = written }]) => [`${key}.${name}`, write(this.state[name]), write(this.usual[name])]);
    const kept = [...others, ...own.filter(([, value, usual]) => value !== usual)];
    const text = kept.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%2C|%3B/g, decodeURIComponent)}`).join("&");
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  /** Copy the address with the whole state in it. */
  copyLink(button) {
    this.remember();
    this.write();
    copy(button, location.href);
  }
}

// ------------------------------------------------------------------------------------------------ controls

let controls = 0;

/** A slider with its label and its value in words.  The track may be bent: `to` gives the value at a place from 0 to 1, `from` the
 *  place of a value.  With `typed`, a name, the value stands in a field where another can be typed, and `enter` takes its text. */
export function slider({ label, steps = 200, to, from, text, change, wide = false, typed = null, enter = null }) {
  const id = `lab-control-${controls++}`;
  const output = typed
    ? h("input", { type: "text", size: 8, "aria-label": typed, autocomplete: "off", onchange: () => enter(output.value) })
    : h("output", { for: id });
  const input = h("input", { id, type: "range", min: 0, max: steps, step: 1, oninput: () => change(to(+input.value / steps)) });
  const below = h("div", { class: "lab-marks", "aria-hidden": "true" });
  const element = h("div", { class: wide ? "lab-slider lab-wide" : "lab-slider" }, h("label", { for: id }, label), output, input);
  element.show = (value) => {
    const place = String(Math.round(from(value) * steps));
    if (input.value !== place) input.value = place;
    const words = text(value);
    mark(input, "aria-valuetext", words);
    if (!typed) put(output, words);
    else if (document.activeElement !== output && output.value !== words) output.value = words;
  };
  /** Put marks [[value, words, side], …] below the track; `side` is where the words' end or start touches the mark. */
  element.mark = (marks) => {
    if (!below.isConnected) element.append(below);
    const drawn = JSON.stringify(marks.map(([value, ...more]) => [from(value), ...more]));
    if (below.drawn === drawn) return;
    below.drawn = drawn;
    below.replaceChildren(...marks.map(([value, words, side = "middle"]) =>
      h("span", { class: `lab-mark-${side}`, style: `left: ${(100 * from(value)).toFixed(1)}%` }, words)));
  };
  return element;
}

export function choice({ label, options, change }) {
  const id = `lab-control-${controls++}`;
  const select = h("select", { id, onchange: () => change(select.value) }, options.map(([value, text]) => h("option", { value }, text)));
  const element = h("div", { class: "lab-field" }, h("label", { for: id }, label), select);
  element.show = (value) => { if (select.value !== value) select.value = value; };
  return element;
}

export function toggle({ label, change }) {
  const box = h("input", { type: "checkbox", onchange: () => change(box.checked) });
  const element = h("label", { class: "lab-toggle" }, box, label);
  element.show = (value) => { box.checked = value; };
  return element;
}

export const button = (text, click, more = {}) => h("button", { type: "button", onclick: (event) => click(event.currentTarget), ...more }, text);

// ------------------------------------------------------------------------------------------------- numbers

export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/** A number as a page shows it: some significant digits, a true minus sign, powers of ten where it is huge or tiny. */
export function show(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) {
    const [mantissa, power] = value.toExponential(Math.min(digits, 3) - 1).split("e");
    return `${mantissa}·10${[...String(+power)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** The same with as many digits after the point each time, for numbers in a column. */
export const fixed = (value, digits) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
};
