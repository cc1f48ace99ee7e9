// The explorer's picture as an SVG file, with the numbers in the cells and the window of one output cell.

import { compute, kernelSize, modesOf, planeSize, sentence, show, source, terms, isPooling } from "./arithmetic.js";
import { words } from "./words.js";

const CELL = 34;
const SIGN = 7; // width of a digit
const GAP = 40;
const escape = (text) => text.replace(/[<&>]/g, (sign) => ({ "<": "&lt;", "&": "&amp;", ">": "&gt;" })[sign]);

/** Numbers of the padded input plane: {value, inside}, row by row. */
export function paddedPlane(s, c) {
  const [n, m] = planeSize(s.input);
  if (s.op === "transpose") return s.input[c].map((row) => row.map((value) => ({ value, inside: true })));
  const [[top, bottom], [left, right]] = s.padding;
  const modes = modesOf(s);
  return Array.from({ length: n + top + bottom }, (_, i) => Array.from({ length: m + left + right }, (_, j) => {
    const [r, q] = [source(modes[0], i - top, n), source(modes[1], j - left, m)];
    const inside = i >= top && i < top + n && j >= left && j < left + m;
    return { value: r === null || q === null ? (s.op === "max" ? -Infinity : 0) : s.input[c][r][q], inside };
  }));
}

/** A column is as wide as the longest number of its plane. */
const columnWidth = (rows) => Math.max(CELL, ...rows.flat().map((value) => show(value).length * SIGN + 8));

function plane(cells, x, y, label) {
  const wide = columnWidth(cells.map((row) => row.map((cell) => cell.value)));
  const parts = [`<text x="${x}" y="${y - 8}" font-size="14">${escape(label)}</text>`];
  const above = []; // cells with a strong edge, which no neighbor may cover
  cells.forEach((row, i) => row.forEach(({ value, fill, strong }, j) => {
    const [left, top] = [x + j * wide, y + i * CELL];
    (strong ? above : parts).push(`<rect x="${left}" y="${top}" width="${wide}" height="${CELL}" fill="${fill}" stroke="#5b6472" ` +
      `stroke-width="${strong ? 2.5 : 0.6}"/><text x="${left + wide / 2}" y="${top + CELL / 2 + 4}" font-size="12" ` +
      `text-anchor="middle">${show(value)}</text>`);
  }));
  return [...parts, ...above].join("");
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
  const height = Math.max(...rows.flatMap((r) => [r.cells.length, r.kernel.length]), output[0].length, 1) * CELL + GAP;
  const inputWide = Math.max(...rows.map((r) => columnWidth(r.cells.map((row) => row.map((cell) => cell.value)))));
  const kernelLeft = rows[0].cells[0].length * inputWide + 2 * GAP;
  const kernelWide = isPooling(s.op) ? 0 : Math.max(...s.kernel.map(columnWidth));
  const outputLeft = kernelLeft + (isPooling(s.op) ? 0 : kernelSize(s)[1] * kernelWide + GAP);
  const body = rows.map((r, c) => plane(r.cells, GAP, GAP + c * height, words.inputTable(rows.length, c)) +
    (r.kernel.length ? plane(r.kernel, kernelLeft, GAP + c * height, words.kernelTable(rows.length, c)) : "")).join("") +
    output.map((p, o) => plane(p.map((row, i) => row.map((value, j) => {
      const here = at && at[0] === o && at[1] === i && at[2] === j;
      return { value, strong: here, fill: here ? "#a5dcb4" : "#d5efdf" };
    })), outputLeft, GAP + o * height, words.outputTable(output.length, o))).join("");
  const width = Math.max(outputLeft + output[0][0].length * Math.max(...output.map(columnWidth)) + GAP, 320);
  const sum = at ? lines(sentence(s, ...at), Math.floor((width - 2 * GAP) / 7)) : [];
  const foot = Math.max(rows.length, output.length) * height + GAP;
  const total = foot + 18 * sum.length + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" ` +
    `font-family="system-ui, sans-serif" fill="#1c2430"><title>${escape(sum.join(" "))}</title>` +
    `<rect width="100%" height="100%" fill="#fbfaf7"/>${body}` +
    `${sum.map((line, k) => `<text x="${GAP}" y="${foot + 18 * k}" font-size="13">${escape(line)}</text>`).join("")}</svg>`;
}

/** A sentence in lines of at most `most` signs, broken between words. */
function lines(text, most) {
  const found = [""];
  for (const word of text.split(" ")) {
    const last = found[found.length - 1];
    if (last && last.length + 1 + word.length > most) found.push(word);
    else found[found.length - 1] = last ? `${last} ${word}` : word;
  }
  return found;
}
