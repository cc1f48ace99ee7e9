// What the elements need of the page that holds them: its nodes, its address, files and the clipboard.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

/** The named kernels of `convbook`, which the page carries where one can be chosen. */
export function namedKernels() {
  const presets = document.querySelector("#cx-presets");
  return presets ? JSON.parse(presets.textContent).kernels : {};
}

/** A number that a reader typed: 3, −2.5, 0,5 or 1/9; null for anything else. */
export function typed(text) {
  const match = /^([+-]?[\d.]+(?:e[+-]?\d+)?)(?:\/([\d.]+))?$/i.exec(text.replace(/\s/g, "").replace("−", "-").replace(",", "."));
  const number = match ? Number(match[1]) / Number(match[2] ?? 1) : NaN;
  return Number.isFinite(number) ? number : null;
}

// ------------------------------------------------------------------------------------------ keys in a table

/** Make one cell of a table the one that the Tab key stops at. */
export function only(cell) {
  for (const other of cell.closest("table").querySelectorAll(".cx-cell[tabindex='0']")) other.tabIndex = -1;
  cell.tabIndex = 0;
}

/** The step that an arrow key asks for, [rows, columns], or undefined. */
export function arrow({ key, target }) {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  // Inside a number, left and right move the caret until it stands at the end.
  if (!move || !move[1] || target.tagName !== "INPUT") return move;
  const atEnd = move[1] < 0 ? target.selectionStart === 0 : target.selectionEnd === target.value.length;
  return atEnd ? move : undefined;
}

// ------------------------------------------------------------------------------------------------ the address

const PAUSE = 400; // milliseconds: browsers refuse more than about three changes of an address a second
const parts = new Map();
let timer = null;

/** The fields behind "#" of an address. */
export function fieldsOf(hash) {
  const pairs = hash.replace(/^#/, "").split("&").map((part) => /^([^=]+)=(.*)$/.exec(part)).filter(Boolean);
  try { return Object.fromEntries(pairs.map(([, name, value]) => [name, decodeURIComponent(value)])); }
  catch { return {}; } // a broken "%"
}

/** Note what one element has in the address; `write` puts it there. */
export function keep(element, fields) { parts.set(element, fields); }

/** Put one element's fields into the address, soon; the other element's stay. */
export function write(element, fields) {
  keep(element, fields);
  timer ??= setTimeout(link, PAUSE);
}

/** The address with everything in it. */
export function link() {
  clearTimeout(timer);
  timer = null;
  const fields = [...parts.values()].filter(Boolean).join("&");
  if (fields) history.replaceState(null, "", `#${fields}`);
  return location.href;
}

// ------------------------------------------------------------------------------------ files and the clipboard

export function download(blob, name) {
  const anchor = h("a", { href: URL.createObjectURL(blob), download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

export async function copy(button, text) {
  const before = button.textContent;
  if (button.dataset.busy) return;
  button.dataset.busy = "yes";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch { button.textContent = "Select and copy by hand"; }
  setTimeout(() => { button.textContent = before; delete button.dataset.busy; }, 1500);
}
