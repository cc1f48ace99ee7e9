// One box where a reader writes Python: the editor, its buttons, and what Python answers.

import { makeEditor } from "./editor.js";
import { run, stop } from "./engine.js";
import { errorPart, resultPart } from "./report.js";
import { said } from "./said.js";
import { keepSolved, keepText, textOf } from "./store.js";
import { words } from "./words.js";

export { run, said };

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** Open the editor of an exercise, or of a cell of the chapter. */
export function openBox(box) {
  if (box.querySelector(".try-editor")) return;
  const exercise = box.dataset.key !== undefined;
  const checks = exercise ? box.dataset.checks.split(" ").map((pair) => pair.split(":")) : [];
  const first = exercise ? box.querySelector("pre").textContent : box.querySelector(".cell_input pre").textContent.trimEnd();
  const key = box.dataset.key ?? `${location.pathname}#cell-${[...document.querySelectorAll(".tag_try-it")].indexOf(box)}`;
  const folds = exercise ? foldsAfter(box) : [];

  const place = make("div", { className: "try-editor" });
  const output = make("div", { className: "try-output" });
  const status = make("p", { className: "try-status" });
  status.setAttribute("role", "status");
  const buttons = make("p", { className: "try-buttons" });
  const editor = makeEditor(place, textOf(key) ?? first, {
    changed: (text) => keepText(key, text === first ? null : text),
    submit: () => check(),
  });

  const button = (text, action, className = "") => {
    const made = make("button", { type: "button", textContent: text, className });
    made.addEventListener("click", action);
    buttons.append(made);
    return made;
  };
  const checkButton = button(exercise ? words.check : words.run, () => (checkButton.dataset.runs ? stop() : check()), "try-check");
  button(words.again, () => {
    editor.setText(first);
    keepText(key, null);
    output.replaceChildren();
    status.textContent = "";
    editor.focus();
  });
  const hints = folds.filter((fold) => fold.matches(".hint"));
  if (hints.length) button(words.hint, () => {
    const next = hints.find((fold) => !fold.open) ?? hints.at(-1);
    next.open = true;
    next.scrollIntoView({ block: "nearest" });
  });
  const solution = folds.find((fold) => fold.matches(".solution"));
  const solutionCode = solution?.querySelector(".cell_input pre")?.textContent.trimEnd();
  if (solution) {
    const shown = button(words.solution, () => {
      if (shown.textContent === words.solution) {
        solution.open = true;
        solution.scrollIntoView({ block: "nearest" });
        if (solutionCode) shown.textContent = words.useSolution;
      } else editor.setText(solutionCode);
    });
  }

  async function check() {
    const code = editor.text();
    output.replaceChildren();
    editor.mark(0);
    checkButton.textContent = words.stop;
    checkButton.dataset.runs = "yes";
    status.textContent = words.loading;
    status.classList.remove("try-heard");
    let printed = null;
    try {
      const found = await run(code, checks, {
        progress: (share) => { status.textContent = words.loaded(share); },
        started: () => { status.textContent = words.running; },
        printed: (text) => {
          printed ??= output.appendChild(make("pre", { className: "try-printed", tabIndex: 0, ariaLabel: words.printed }));
          printed.append(text.startsWith("\n… ") ? `\n${said(text.slice(1))}` : text); // the end of too long an output
        },
      });
      show(found, code);
    } catch (error) {
      status.textContent = location.protocol === "file:" ? words.notServed : error.message;
    }
    checkButton.textContent = exercise ? words.check : words.run;
    delete checkButton.dataset.runs;
  }

  function show(found, code) {
    if (found.ended) {
      status.textContent = found.ended;
      return;
    }
    if (found.error) {
      editor.mark(found.error.line);
      output.append(errorPart(found.error));
      status.classList.add("try-heard");
      status.textContent = [found.error.text, found.error.sentence].filter(Boolean).map(said).join(" ");
      return;
    }
    output.append(...found.results.map(resultPart));
    editor.mark(found.results.find((result) => result.error)?.error.line);
    status.classList.toggle("try-heard", found.results.length > 0);
    status.textContent = found.results.length
      ? found.results.map((result) => output.querySelector(`[data-name="${result.name}"] .try-verdict`).textContent).join(" ")
      : words.ran;
    if (exercise && found.results.every((result) => result.passed)) {
      const title = document.getElementById(key.split("#")[1])?.querySelector(".exercise-title")?.cloneNode(true);
      title?.querySelectorAll(".headerlink, .exercise-mark, .solved-mark").forEach((part) => part.remove());
      keepSolved(key, { title: title?.textContent.trim() ?? key, day: new Date().toISOString().slice(0, 10), code });
    }
  }

  for (const old of box.querySelectorAll(":scope > button, .try-cell, :scope > [role=status]")) old.remove();
  box.append(place, buttons, status, output);
  editor.focus();
}

/** The hints and the solution that follow an exercise. */
function foldsAfter(box) {
  const folds = [];
  for (let next = box.nextElementSibling; next?.matches("details.hint, details.solution"); next = next.nextElementSibling) folds.push(next);
  return folds;
}
