// The explorer's picture as an SVG file, with the numbers in the cells and the window of one output cell.

import { compute, kernelSize, modeOf, planeSize, sentence, show, source, terms, isPooling } from "./arithmetic.js";

const CELL = 34;
const GAP = 40;
const escape = (text) => text.replace(/[<&>]/g, (sign) => ({ "<": "&lt;", "&": "&amp;", ">": "&gt;" })[sign]);

/** Numbers of the padded input plane: {value, inside}, row by row. */
export function paddedPlane(s, c) {
  const [n, m] = planeSize(s.input);
  if (s.op === "transpose") return s.input[c].map((row) => row.map((value) => ({ value, inside: true })));
  const [[top, bottom], [left, right]] = s.padding;
  const mode = modeOf(s);
  return Array.from({ length: n + top + bottom }, (_, i) => Array.from({ length: m + left + right }, (_, j) => {
    const [r, q] = [source(mode, i - top, n), source(mode, j - left, m)];
    const inside = i >= top && i < top + n && j >= left && j < left + m;
    return { value: r === null || q === null ? (s.op === "max" ? -Infinity : 0) : s.input[c][r][q], inside };
  }));
}

function plane(cells, x, y, label) {
  const parts = [`<text x="${x}" y="${y - 8}" font-size="14">${escape(label)}</text>`];
  cells.forEach((row, i) => row.forEach(({ value, fill, strong }, j) => {
    const [left, top] = [x + j * CELL, y + i * CELL];
    parts.push(`<rect x="${left}" y="${top}" width="${CELL}" height="${CELL}" fill="${fill}" stroke="#5b6472" ` +
      `stroke-width="${strong ? 2.5 : 0.6}"/><text x="${left + CELL / 2}" y="${top + CELL / 2 + 4}" font-size="12" ` +
      `text-anchor="middle">${show(value)}</text>`);
  }));
  return parts.join("");
}

/** The whole picture as the text of an SVG file. */
export function svg(s, at) {
  const output = compute(s);
  const used = at ? terms(s, ...at) : [];
  const [top, left] = s.op === "transpose" ? [0, 0] : [s.padding[0][0], s.padding[1][0]];
  const rows = s.input.map((_, c) => {
    const cells = paddedPlane(s, c).map((row, i) => row.map(({ value, inside }, j) => {
      const hit = used.some((t) => t.c === c && t.r + top === i && t.q + left === j);
      return { value, strong: hit, fill: hit ? "#8fc9e8" : inside ? "#dcecf8" : "#ecebe7" };
    }));
    const kernel = isPooling(s.op) ? [] : s.kernel[c].map((row) => row.map((value) => ({ value, fill: "#fae6c3" })));
    return { cells, kernel };
  });
  const height = Math.max(...rows.map((r) => r.cells.length), output[0].length, 1) * CELL + GAP;
  const kernelLeft = rows[0].cells[0].length * CELL + 2 * GAP;
  const outputLeft = kernelLeft + (isPooling(s.op) ? 0 : kernelSize(s)[1] * CELL + GAP);
  const body = rows.map((r, c) => plane(r.cells, GAP, GAP + c * height, `input ${c}`) +
    (r.kernel.length ? plane(r.kernel, kernelLeft, GAP + c * height, `kernel ${c}`) : "")).join("") +
    output.map((p, o) => plane(p.map((row, i) => row.map((value, j) => {
      const here = at && at[0] === o && at[1] === i && at[2] === j;
      return { value, strong: here, fill: here ? "#a5dcb4" : "#d5efdf" };
    })), outputLeft, GAP + o * height, `output ${o}`)).join("");
  const words = at ? sentence(s, ...at) : "";
  const width = outputLeft + output[0][0].length * CELL + GAP;
  const total = Math.max(rows.length, output.length) * height + GAP + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" ` +
    `font-family="system-ui, sans-serif" fill="#1c2430"><rect width="100%" height="100%" fill="#fbfaf7"/>${body}` +
    `<text x="${GAP}" y="${total - 16}" font-size="13">${escape(words.length > width / 7 ? `${words.slice(0, width / 7)} …` : words)}</text></svg>`;
}
