// What elements need of any page: its nodes, numbers that are typed, keys, files and the clipboard.

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

/** Another text in an element.  Its node stays: for a new one browsers style the neighbors anew. */
export function setText(element, text) {
  const node = element.firstChild;
  if (!node) element.textContent = text;
  else if (node.nodeValue !== text) node.nodeValue = text;
}

/** The named kernels of `convbook`, which the page carries where one can be chosen. */
export function namedKernels() {
  const presets = document.querySelector("#cx-presets");
  return presets ? JSON.parse(presets.textContent).kernels : {};
}

/** A number that a reader typed: 3, −2.5, 0,5, 1/9, ½ or the same in full-width signs; null for anything else. */
export function typed(text) {
  const plain = text.normalize("NFKC").replace(/\s/g, "").replace("−", "-").replace("⁄", "/").replace(",", ".");
  const match = /^([+-]?[\d.]+(?:e[+-]?\d+)?)(?:\/([\d.]+))?$/i.exec(plain);
  const number = match ? Number(match[1]) / Number(match[2] ?? 1) : NaN;
  return Number.isFinite(number) ? number : null;
}

/** A block of numbers as a spreadsheet, a text file, Python or the book writes it: rows of texts; null for a single number. */
export function block(text) {
  const lines = text.trim().replace(/\]\s*,?\s*\[/g, "\n").replace(/^[[(\s]+|[\])\s]+$/g, "").split(/\r?\n|;/);
  const rows = lines.map((line) => (line.includes("\t") ? line.split("\t") : line.split(/,\s*|\s+/)).map((cell) => cell.trim()).filter(Boolean));
  const full = rows.filter((row) => row.length);
  return full.length > 1 || full[0]?.length > 1 ? full : null;
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

// ------------------------------------------------------------------------------------ files and the clipboard

export function download(blob, name) {
  const anchor = h("a", { href: URL.createObjectURL(blob), download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

export async function copy(button, text, [done, refused] = ["Copied", "Select and copy by hand"]) {
  const before = button.textContent;
  if (button.dataset.busy) return;
  button.dataset.busy = "yes";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = done;
  } catch { button.textContent = refused; }
  setTimeout(() => { button.textContent = before; delete button.dataset.busy; }, 1500);
}
