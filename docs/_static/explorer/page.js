// What the elements need of the page that holds them: its address, and all of nodes.js.

export * from "./nodes.js";

// ------------------------------------------------------------------------------------------------ the address

const PAUSE = 400; // milliseconds: browsers refuse more than about three changes of an address a second
const parts = new Map();
let timer = null;
let last = -PAUSE;
let place = history.state?.place ?? 0; // how many steps Back can undo

/** The fields behind "#" of an address. */
export function fieldsOf(hash) {
  const pairs = hash.replace(/^#/, "").split("&").map((part) => /^([^=]+)=(.*)$/.exec(part)).filter(Boolean);
  try { return Object.fromEntries(pairs.map(([, name, value]) => [name, decodeURIComponent(value)])); }
  catch { return {}; } // a broken "%"
}

/** Note what one element has in the address, as a text or a function that gives it; `write` puts it there. */
export function keep(element, fields) { parts.set(element, fields); }

const own = () => [...parts.values()].map((fields) => (typeof fields === "function" ? fields() : fields)).filter(Boolean).join("&");

/** Put one element's fields into the address, at once or soon; the other elements' stay.  A `change` is a step that Back undoes. */
export function write(element, fields, change = false) {
  if (change && timer) link(); // what was pointed at before belongs to the entry before
  keep(element, fields);
  const wait = last + PAUSE - performance.now();
  if (change) link(true);
  else if (wait <= 0) link();
  else timer ??= setTimeout(link, wait);
}

/** The address with everything in it. */
export function link(step = false) {
  clearTimeout(timer);
  timer = null;
  const others = location.hash.slice(1).split("&").filter((part) => /^[a-z]+\.[a-z]+=/i.test(part)); // of other labs
  const fields = [own(), ...others].filter(Boolean).join("&");
  if (!fields) return location.href;
  last = performance.now();
  const state = { place: place + (step === true), fields: own() };
  try {
    history[step === true ? "pushState" : "replaceState"](state, "", `#${fields}`);
    place = state.place;
  } catch { /* The browser allows no more changes at present; the next one writes everything. */ }
  return location.href;
}

const arrivals = [];
const arrivedAt = (fields, isOwn) => arrivals.map((arrive) => arrive(fields, isOwn)).some(Boolean);

/** Have `arrive(fields, isOwn)` called when Back or Forward (then the fields are the page's own, and what is missing is as it was at
 *  first) or a new address asks for a setting; it says whether anything changed. */
export function onArrival(element, fields, arrive) {
  keep(element, fields);
  arrivals.push(arrive);
  history.replaceState({ place, fields: own() }, ""); // to which Back returns
}

addEventListener("popstate", ({ state }) => {
  if (state?.fields === undefined) return;
  const back = state.place < place;
  place = state.place;
  // An entry that undoing made equal to this one is passed over.
  if (!arrivedAt(state.fields, true) && back && place > 0) history.back();
});
addEventListener("hashchange", () => { if (history.state?.fields === undefined) arrivedAt(location.hash, false); });

// A page that is left has its last change in its address.
for (const event of ["pagehide", "beforeunload"]) addEventListener(event, () => { if (timer) link(); });
