// Set a text or an attribute where it changes: what is set again costs a slow phone its style and layout again.

/** The text of an element.  Where it is one piece its characters are changed, which costs less than another piece. */
export function put(element, text) {
  const only = element.firstChild;
  if (only?.nodeType === Node.TEXT_NODE && !only.nextSibling) { if (only.data !== text) only.data = text; } else if (element.textContent !== text) element.textContent = text;
}
export function mark(element, name, value) { if (element.getAttribute(name) !== value) element.setAttribute(name, value); }
