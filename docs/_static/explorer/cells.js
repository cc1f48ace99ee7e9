// Tables of cells: how one is made, and how a number gets into a cell with its shade.

import { h, setText } from "./page.js";

const LEVELS = 6; // shades of a color
const NAMES = {
  x: "cx-input", k: "cx-kernel", b: "cx-kernel cx-bias", y: "cx-output", g: "cx-gradient", h: "cx-gradient",
  A: "cx-compared", B: "cx-compared", C: "cx-compared", D: "cx-compared",
};

/** A table of cells, one of which is in the order of the Tab key.  A cell's place is its kind ("x" input, "k" kernel, "b" bias,
 *  "y" output, "g" and "h" gradients of input and kernel; "A" and "B" outputs, "C" and "D" kernels of two settings side by side), its plane, row and column; what lies around the image in a `padded` table begins `corner` before it. */
export function cellTable(kind, plane, caption, size, [rows, columns] = size, [top, left] = [0, 0]) {
  const line = (i) => Array.from({ length: columns }, (_, j) => {
    const [r, q] = [i - top, j - left];
    const inside = r >= 0 && r < size[0] && q >= 0 && q < size[1];
    return `<td role="gridcell" class="cx-cell${inside ? '" tabindex="-1' : " cx-pad"}" data-place="${kind}${plane},${r},${q}"></td>`;
  }).join("");
  const table = h("table", { class: `cx-table ${NAMES[kind]}`, role: "grid", "aria-label": caption, "aria-readonly": "xkb".includes(kind) ? null : "true", style: `--cx-columns: ${columns}` });
  table.innerHTML = `<tbody role="rowgroup">${Array.from({ length: rows }, (_, i) => `<tr role="row">${line(i)}</tr>`).join("")}</tbody>`;
  table.querySelector("[tabindex]").tabIndex = 0;
  return h("div", { class: "cx-plane" }, h("p", { class: "cx-caption" }, `${caption} `, h("small", {}, size.join("×"))), h("div", { class: "cx-scroll" }, table));
}

/** The cells of tables by their places. */
export function placesIn(element) {
  const places = new Map([...element.querySelectorAll("[data-place]")].map((cell) => [cell.dataset.place, cell]));
  for (const cell of places.values()) cell.base = cell.className;
  return places;
}

/** A number's text into its cell, and its shade beside the largest of its table, where they differ from the last ones. */
export function putNumber(cell, number, text, most, isOpen) {
  if (cell.text !== text) {
    cell.text = text;
    if (!isOpen) setText(cell, text);
  }
  putShade(cell, number, most);
}

/** The shade alone. */
export function putShade(cell, number, most) {
  cell.number = number;
  const shade = shadeOf(number, most);
  if (cell.shade !== shade) cell.dataset.shade = cell.shade = shade;
}

/** A number's shade beside the largest, from −LEVELS to LEVELS. */
export const shadeOf = (number, most) => (Number.isFinite(number) && most ? Math.sign(number) * Math.ceil((LEVELS * Math.abs(number)) / most - 1e-9) : 0);

/** The largest of all numbers without their signs. */
export const largestOf = (planes) => planes.reduce((m, plane) => plane.reduce((n, row) => row.reduce((p, v) => (Number.isFinite(v) ? Math.max(p, Math.abs(v)) : p), n), m), 0);

/** Make the columns of a cell's table as wide as its longest text. */
export function widen(cell, longest) {
  const table = cell.closest("table");
  if (table.longest !== longest) table.style.setProperty("--cx-characters", (table.longest = longest));
}
