// Typing into cells, of the explorer and of the laboratory: one text field, which stands in the cell that is being changed.
//
// A cell that has the focus begins to be typed into at the first sign, as in a spreadsheet; Enter, F2 or a second touch opens it
// with its number.  The picture follows every number that stands in the field.  What is no number changes nothing, and is said.

import * as math from "./arithmetic.js";
import { isCode } from "./code.js";
import { arrow, block, h, typed } from "./page.js";
import { resized } from "./state.js";
import { words } from "./words.js";

const KEYS = { x: "input", k: "kernel" };
const spot = (place) => place.slice(1).split(",").map(Number);
const isEditable = (cell) => Boolean(cell?.dataset.place) && "xkb".includes(cell.dataset.place[0]) && !cell.classList.contains("cx-pad");

export class Typing {
  constructor(owner) {
    this.owner = owner;
    this.open = null; // the cell that is being typed into
    const { stage } = owner;
    let hadFocus = null;
    stage.addEventListener("pointerdown", (event) => { hadFocus = document.activeElement === event.target && event.target; });
    stage.addEventListener("click", (event) => { if (hadFocus && hadFocus === event.target && isEditable(event.target)) this.begin(event.target); });
    stage.addEventListener("keydown", (event) => (event.target === this.open?.field ? this.fieldKey(event) : this.cellKey(event)));
    stage.addEventListener("paste", (event) => this.paste(event));
    stage.addEventListener("copy", (event) => this.copy(event));
  }

  nameOf(place) {
    const [c, i, j] = spot(place);
    return words.nameOf(place[0], c, i, j);
  }

  valueAt(place) {
    const [c, i, j] = spot(place);
    return place[0] === "b" ? this.owner.state.bias[j] : this.owner.state[KEYS[place[0]]][c][i][j];
  }

  /** Open a cell; `text` replaces its number, which otherwise stands in the field, whole and selected. */
  begin(cell, text = null) {
    this.end();
    const { place } = cell.dataset;
    const before = this.valueAt(place);
    // On a telephone the keys for a number often lack a minus sign and a slash.
    const field = h("input", { class: "cx-typing", inputmode: "text", enterkeyhint: "done", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-label": this.nameOf(place) });
    field.value = text ?? String(before).replace("-", "−");
    this.open = { cell, place, field, before, first: field.value };
    this.owner.kind = null;
    cell.replaceChildren(field);
    field.focus();
    if (text === null) field.select();
    field.addEventListener("input", () => this.follow());
    field.addEventListener("blur", () => this.end());
  }

  /** Whether the open field holds something that was typed. */
  isDirty() { return this.open !== null && this.open.field.value !== this.open.first; }

  /** The picture follows what stands in the field, where that is a number. */
  follow() {
    const { field, place } = this.open;
    const number = typed(field.value);
    field.setAttribute("aria-invalid", String(number === null));
    this.put(place, number ?? this.open.before);
  }

  put(place, number) {
    const { state } = this.owner;
    const [c, i, j] = spot(place);
    if (place[0] === "b") return this.owner.change({ bias: state.bias.map((old, o) => (o === j ? number : old)) }, place);
    const key = KEYS[place[0]];
    return this.owner.change({ [key]: state[key].map((plane, k) => (k === c ? plane.map((row, r) => (r === i ? row.map((old, q) => (q === j ? number : old)) : row)) : plane)) }, place);
  }

  /** Close the field.  Where it holds no number the cell has its old one again, which is said. */
  end({ restore = false } = {}) {
    if (!this.open) return;
    const { cell, place, field, before, first } = this.open;
    const refused = !restore && field.value !== first && typed(field.value) === null && field.value.trim() ? field.value : null;
    if (restore && this.isDirty()) this.put(place, before);
    this.open = null;
    this.owner.kind = null;
    cell.textContent = cell.text;
    if (refused) this.owner.say(words.refused(this.nameOf(place), refused.slice(0, 20), math.show(before)));
  }

  /** The cell is gone: a table was made anew. */
  forget() { this.open = null; }

  fieldKey(event) {
    const { cell, field } = this.open;
    if (event.isComposing) return;
    const move = arrow(event);
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      if (event.key === "Enter" && this.isDirty() && field.value.trim() && typed(field.value) === null) {
        this.owner.say(words.noNumber(field.value.slice(0, 20)));
        return;
      }
      this.end({ restore: event.key === "Escape" });
      cell.focus();
    } else if (event.key === "Tab" || move) {
      this.end();
      cell.focus();
      if (move) this.walk(event, cell, move);
    }
  }

  cellKey(event) {
    const cell = event.target;
    if (cell.dataset?.place === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = arrow(event);
    if (move) this.walk(event, cell, move);
    else if (event.key === "Home" || event.key === "End") this.walk(event, cell, [0, event.key === "Home" ? -Infinity : Infinity]);
    else if (!isEditable(cell)) return;
    else if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); this.begin(cell); }
    else if (event.key === "Backspace" || event.key === "Delete") { event.preventDefault(); this.begin(cell, ""); }
    // The sign itself goes into the field, which has the focus by then; "Process" begins a composed one.
    else if ((event.key.length === 1 && event.key !== " " && event.key !== "?") || event.key === "Process") this.begin(cell, "");
  }

  /** To the neighboring cell of the same table, or to an end of the row. */
  walk(event, cell, [down, right]) {
    const cells = [...cell.closest("table").rows].map((row) => [...row.cells].filter((one) => one.tabIndex >= 0 || one.hasAttribute("tabindex")));
    const rows = cells.filter((row) => row.length);
    const i = rows.findIndex((row) => row.includes(cell));
    const j = rows[i].indexOf(cell);
    const next = rows[i + down]?.[Math.max(0, Math.min(rows[i].length - 1, Number.isFinite(right) ? j + right : right))];
    if (next && (Number.isFinite(right) ? rows[i + down][j + right] : true)) { event.preventDefault(); next.focus(); }
  }

  // ------------------------------------------------------------------------------------- copying and pasting

  /** A block of numbers fills the table from the cell on, and makes it larger where it must. */
  paste(event) {
    const cell = event.target.closest("[data-place]");
    const text = event.clipboardData?.getData("text") ?? "";
    if (!isEditable(cell) || cell.dataset.place[0] === "b" || isCode(text)) return;
    const rows = block(text);
    if (!rows) {
      if (this.open) return; // into the field, as any text
      event.preventDefault();
      this.begin(cell, text.trim());
      this.follow();
      return;
    }
    event.preventDefault();
    const { place } = cell.dataset;
    this.end({ restore: true });
    this.fill(place, rows);
    (this.owner.places.get(place) ?? cell).focus();
  }

  fill(place, rows) {
    const [key, [c, top, left]] = [KEYS[place[0]], spot(place)];
    const wrong = rows.flat().find((text) => typed(text) === null);
    if (wrong !== undefined) {
      this.owner.say(words.noBlock(wrong.slice(0, 20)));
      return;
    }
    const planes = this.owner.state[key];
    const { largest } = this.owner;
    const [n, m] = math.planeSize(planes);
    const [high, wide] = [top + rows.length, left + Math.max(...rows.map((row) => row.length))];
    const size = [Math.min(largest, Math.max(n, high)), Math.min(largest, Math.max(m, wide))];
    const filled = planes.map((plane, k) => resized(plane, ...size).map((row, i) => row.map((old, j) => {
      const text = k === c ? rows[i - top]?.[j - left] : undefined;
      return text === undefined ? old : typed(text);
    })));
    this.owner.setState({ [key]: filled });
    if (high > largest || wide > largest) this.owner.say(words.blockCut(largest));
  }

  /** A copied table goes into a spreadsheet. */
  copy(event) {
    const cell = event.target.closest?.("td[data-place]");
    if (!cell || this.open || !getSelection().isCollapsed) return;
    event.preventDefault();
    const rows = [...cell.closest("table").rows].map((row) => [...row.cells].filter((one) => !one.classList.contains("cx-pad")));
    event.clipboardData.setData("text/plain", rows.filter((row) => row.length).map((row) => row.map((one) => String(one.number)).join("\t")).join("\n"));
  }
}
