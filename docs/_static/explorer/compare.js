// Two settings side by side: A, which was kept, and B, the present one.

import * as math from "./arithmetic.js";
import { cellTable } from "./cells.js";
import { h } from "./nodes.js";
import { fromHash } from "./state.js";
import { words } from "./words.js";

/** The setting that a state is compared with, its output, and the shape that its tables have; null where there is none. */
export function rivalOf(s) {
  const state = s.other ? fromHash(s.other) : null;
  if (!state) return null;
  let output = null;
  try { output = math.compute(state); } catch (error) { if (!(error instanceof math.SettingError)) throw error; }
  const kernels = math.isPooling(state.op) ? [] : state.kernel;
  return { state, output, shape: [output && [output.length, math.planeSize(output)], kernels.length && [kernels.length, math.planeSize(kernels)]] };
}

/** What stays while the shapes stay: a table of the settings, and of each of both its kernel and its output. */
export function cards(owner) {
  const { rival } = owner;
  const card = (name, state, output, kinds) => h("div", { class: "cx-card" }, h("p", { class: "cx-card-title" }, words.card[name]),
    math.isPooling(state.op) ? null : state.kernel.map((plane, p) => cellTable(kinds[1], p, words.cardOf(name, words.kernelTable(state.kernel.length, p)), math.planeSize([plane]))),
    output ? output.map((plane, o) => cellTable(kinds[0], o, words.cardOf(name, words.outputTable(output.length, o)), math.planeSize([plane]))) : h("p", { class: "cx-none" }, words.noOutput));
  const button = (text, click) => h("button", { type: "button", onclick: click }, text);
  return [
    h("div", { class: "cx-steps" }, h("b", {}, words.compared), button(words.exchange, () => owner.exchange()), button(words.compareEnd, () => owner.compare())),
    h("p", { class: "cx-verdict", role: "status" }),
    h("table", { class: "cx-settings-table" }, h("thead", {}, h("tr", {}, [words.setting, "A", "B", ""].map((text) => (text ? h("th", { scope: "col" }, text) : h("td"))))), h("tbody")),
    h("div", { class: "cx-cards" }, card("A", rival.state, rival.output, "AC"), card("B", owner.state, owner.output, "BD")),
    h("p", { class: "cx-sum" }),
  ];
}

/** Numbers and settings of both, with what differs marked. */
export function differences(owner) {
  const { compared, output, places, rival, state } = owner;
  const body = compared.querySelector("tbody");
  const rows = [rowsOf(rival.state, rival.output), rowsOf(state, output)];
  body.replaceChildren(...rows[0].map(([name, a, always], k) => [name, a, rows[1][k][1], always]).filter(([, a, b, always]) => always || a !== b)
    .map(([name, a, b]) => h("tr", { class: a === b ? null : "cx-differs" }, h("th", { scope: "row" }, name), h("td", {}, a), h("td", {}, b), h("td", {}, a === b ? "=" : "≠"))));
  if (rival.output) owner.fillPlanes("A", rival.output);
  if (output) owner.fillPlanes("B", output);
  if (!math.isPooling(rival.state.op)) owner.fillPlanes("C", rival.state.kernel);
  if (!math.isPooling(state.op)) owner.fillPlanes("D", state.kernel);
  const counted = [["A", "B"], ["C", "D"]].map(([one, other]) => mark(places, one, other));
  const [count, total, comparable] = counted[0];
  const verdict = !rival.output || !output ? words.noComparison : !comparable ? words.sizesDiffer : words.numbersDiffer(count, total);
  const [inputs, others] = [state, rival.state].map((s) => (`${math.planeSize(s.input)}` === `${math.planeSize(state.input)}` ? s.input.flat(2) : []));
  const changed = inputs.filter((number, k) => k < others.length && number !== others[k]).length;
  compared.querySelector(".cx-verdict").textContent = verdict + (changed ? words.inputsDiffer(changed) : "");
}

/** Mark the cells of two kinds whose numbers differ, where all have a counterpart: how many do, of how many, and whether they can be compared. */
function mark(places, one, other) {
  const found = [...places].filter(([place]) => place[0] === one || place[0] === other);
  const counterpart = ([place]) => places.get((place[0] === one ? other : one) + place.slice(1));
  const comparable = found.every(counterpart);
  let count = 0;
  for (const [place, cell] of found) {
    const differs = comparable && counterpart([place]).shown !== cell.shown;
    if (differs !== cell.hasAttribute("data-differs")) cell.toggleAttribute("data-differs");
    count += differs;
  }
  return [count / 2, found.length / 2, comparable];
}

/** The settings of one as [name, text, whether it is shown where both are equal]. */
function rowsOf(s, output) {
  const size = (planes, count) => [...(count > 1 ? [count] : []), ...math.planeSize(planes)].join("×");
  const pooling = math.isPooling(s.op);
  const cost = output && math.costs(s);
  const w = words.settingNames;
  const yes = (on) => words.yes[+Boolean(on)];
  return [
    [w.operation, words.operations[s.op]],
    [w.input, size(s.input, s.input.length)],
    [w.kernel, pooling ? s.poolSize.join("×") : size(s.kernel, 1)],
    [w.filters, pooling ? "–" : `${s.filters}`],
    [w.groups, pooling ? "–" : `${s.groups}`],
    [w.stride, s.stride.join("×")],
    [w.dilation, s.dilation.join("×")],
    [w.padding, s.padding.map(([first, last]) => (first === last ? first : `${first}+${last}`)).join("×")],
    [w.mode, [...new Set(math.modesOf(s))].map((mode) => words.modes[mode]).join("×")],
    [w.outputPadding, s.op === "transpose" ? s.outputPadding.join("×") : "–"],
    ["ceil_mode", pooling ? yes(s.ceilMode) : "–"],
    ["count_include_pad", s.op === "average" ? yes(s.countIncludePad) : "–"],
    [w.bias, pooling || !s.bias.length ? "–" : s.bias.map(math.show).join(", ")],
    ["ReLU", pooling ? "–" : yes(s.relu)],
    [w.output, output ? size(output, output.length) : words.noOutput, true],
    [w.multiplyAdds, output ? `${cost?.multiplyAdds ?? 0}` : "–", true],
    [w.parameters, output ? `${cost?.parameters ?? 0}` : "–", true],
  ];
}
