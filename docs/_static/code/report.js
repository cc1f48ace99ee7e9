// What Python answered, as parts of the page: a verdict, the first failing case with the cells that differ, an error with its line.

import { said } from "./said.js";
import { words } from "./words.js";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export function errorPart(error) {
  return make("div", { className: "try-wrong" },
    make("p", {}, make("strong", { textContent: said(error.text) }), error.sentence ? ` ${said(error.sentence)}` : ""),
    ...(error.lines.length ? [make("pre", { textContent: error.lines.map(said).join("\n"), tabIndex: 0 })] : []));
}

export function resultPart(result) {
  const part = make("div", { className: result.passed ? "try-right" : "try-wrong" });
  part.dataset.name = result.name;
  const verdict = make("p", { className: "try-verdict" });
  part.append(verdict);
  if (result.missing) verdict.textContent = words.missing(result.name);
  else if (result.passed) verdict.textContent = `✓ ${words.right(result.name, result.cases)}`;
  else {
    verdict.textContent = `✗ ${words.wrong(result.name, result.failed_case, result.cases, said(result.about))}`;
    part.append(make("p", { className: "try-hint" }, make("strong", { textContent: words.hintWord }), said(result.hint)));
    if (result.error) part.append(errorPart(result.error));
    part.append(caseTable(result));
    const address = explorerAddress(result);
    if (address) part.append(make("p", {}, make("a", { href: address, textContent: words.explorer })));
  }
  return part;
}

function caseTable(result) {
  const parts = Object.entries(result.arguments ?? {}).map(([name, value]) => named(name, value));
  if (result.expected !== null && result.expected !== undefined) parts.push(named(words.expected, result.expected));
  if (result.got !== null && result.got !== undefined && !result.error) parts.push(named(words.got, typeof result.got === "string" ? said(result.got) : result.got, result.differing));
  return make("div", { className: "try-case", tabIndex: 0, role: "group", ariaLabel: said(result.about) }, ...parts);
}

function named(name, value, marks) {
  return make("figure", {}, make("figcaption", { textContent: name }), ...planes(value, marks));
}

const isLine = (value) => Array.isArray(value) && value.every((part) => !Array.isArray(part));
const isPlane = (value) => Array.isArray(value) && value.length > 0 && value.every((part) => isLine(part) && part.length === value[0].length);

/** A number, a line or a matrix as a table; more axes as several tables. */
function planes(value, marks) {
  if (!Array.isArray(value)) return [table([[value]], [[marks]])];
  if (isLine(value)) return value.length ? [table([value], [marks])] : [make("span", { textContent: "[ ]" })];
  if (isPlane(value)) return [table(value, marks)];
  return value.flatMap((part, index) => planes(part, Array.isArray(marks) ? marks[index] : undefined));
}

function table(rows, marks) {
  return make("table", {}, make("tbody", {}, ...rows.map((row, i) => make("tr", {}, ...row.map((number, j) => {
    const different = Array.isArray(marks) && Array.isArray(marks[i]) && marks[i][j] === true;
    return make("td", { textContent: Array.isArray(number) ? JSON.stringify(number) : String(number), className: different ? "try-different" : "" });
  })))));
}

/** The address of the explorer with the failing case, where it is one image and one kernel, small enough. */
function explorerAddress({ check, arguments: given = {}, differing }) {
  const operation = { check_corr2d: "correlate", check_convolve2d: "convolve" }[check];
  const fits = (plane) => isPlane(plane) && plane.length <= 16 && plane[0].length <= 16;
  if (!operation || !fits(given.X) || !fits(given.K)) return null;
  const text = (plane) => plane.map((row) => row.join(",")).join(";");
  const row = differing?.findIndex?.((line) => line.includes(true)) ?? -1;
  const at = row >= 0 ? `&at=0,${row},${differing[row].indexOf(true)}` : "";
  const root = document.documentElement.dataset.content_root ?? new URL("../..", import.meta.url).href;
  return `${root}explorer.html#op=${operation}&x=${text(given.X)}&k=${text(given.K)}${at}`;
}
