// What a reader wrote and solved, in the storage of this browser alone.  A browser that keeps nothing is no error.

const TEXT = "convbook-text:";
const SOLVED = "convbook-solved";

const attempt = (action, otherwise) => {
  try {
    return action() ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const textOf = (key) => attempt(() => localStorage.getItem(TEXT + key), null);

/** Keep a text; null forgets it. */
export function keepText(key, text) {
  attempt(() => (text === null ? localStorage.removeItem(TEXT + key) : localStorage.setItem(TEXT + key, text)));
}

/** What is solved: for each exercise its title, the day, and the code. */
export const solved = () => attempt(() => JSON.parse(localStorage.getItem(SOLVED)), {});

export function keepSolved(key, entry) {
  attempt(() => localStorage.setItem(SOLVED, JSON.stringify({ ...solved(), [key]: entry })));
  dispatchEvent(new CustomEvent("convbook-solved"));
}

export function forgetAll() {
  attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(TEXT)).forEach((key) => localStorage.removeItem(key)));
  attempt(() => localStorage.removeItem(SOLVED));
  dispatchEvent(new CustomEvent("convbook-solved"));
}
