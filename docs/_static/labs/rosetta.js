// <conv-rosetta>: one call in, the same layer in the words of other frameworks out.

import { CallError, convert, read } from "./rosetta/convert.js";
import { WORDS } from "./rosetta/words.js";

const FIRST = "nn.Conv2d(4, 6, 3, stride=2, padding=1)";

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class Rosetta extends HTMLElement {
  connectedCallback() {
    if (this.body) return;
    this.textContent = ""; // the sentence for readers without scripts
    this.call = h("input", { id: "rosetta-call", type: "text", value: FIRST, spellcheck: "false", autocapitalize: "off", class: "lab-first" });
    this.sizes = [["rows", 8], ["columns", 8], ["channels", 4]].map(([name, value]) => h("input", { id: `rosetta-${name}`, type: "number", min: 1, max: 4096, value }));
    this.note = h("p", { class: "lab-note", "aria-live": "polite" });
    this.body = h("tbody");
    const field = (input, label) => h("div", { class: "lab-field" }, h("label", { for: input.id }, label), input);
    this.append(
      h("div", { class: "rosetta-call" }, field(this.call, WORDS.call)),
      h("div", { class: "lab-controls" }, ...this.sizes.map((input, k) => field(input, [WORDS.rows, WORDS.columns, WORDS.channels][k]))),
      this.note,
      h("div", { class: "rosetta-scroll", tabindex: 0, role: "region", "aria-label": WORDS.table },
        h("table", {}, h("thead", {}, h("tr", {}, ...WORDS.heads.map((text) => h("th", { scope: "col" }, text)))), this.body)),
      h("p", {}, WORDS.layouts),
    );
    for (const input of [this.call, ...this.sizes]) input.addEventListener("input", () => this.show());
    this.show();
  }

  show() {
    const [rows, columns, channels] = this.sizes.map((input) => Number(input.value));
    let found = [];
    try {
      found = convert(read(this.call.value, [rows, columns], channels));
      this.note.textContent = "";
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.note.textContent = error.message;
    }
    this.call.setAttribute("aria-invalid", String(!found.length));
    this.body.replaceChildren(...found.map(({ framework, call, weight, same, why }) => h("tr", { class: `rosetta-${same.replace(" ", "-")}` },
      h("th", { scope: "row" }, framework), h("td", {}, ...(call ? [h("code", {}, call)] : [])), h("td", {}, ...(weight ? [h("code", {}, weight)] : [])),
      h("td", {}, h("b", {}, why ? WORDS.because(WORDS.same[same]) : WORDS.same[same]), why))));
  }
}

customElements.define("conv-rosetta", Rosetta);
