// Ticks at the exercises that are solved, in chapters and in lists, and the sheet of what was solved on the page of exercises.

import { forgetAll, solved } from "./store.js";
import { words } from "./words.js";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export function showSolved() {
  document.querySelectorAll(".solved-mark").forEach((mark) => mark.remove());
  const done = solved();
  for (const box of document.querySelectorAll(".try[data-key]")) {
    const exercise = document.getElementById(box.dataset.key.split("#")[1]);
    if (exercise && done[box.dataset.key]) exercise.querySelector(".exercise-title")?.append(mark());
  }
  const counts = {};
  for (const key of Object.keys(done)) {
    const [page, anchor] = key.split("#");
    counts[page] = (counts[page] ?? 0) + 1;
    links(`${page.split("/").pop()}.html#${anchor}`).forEach((link) => link.after(mark()));
  }
  // On a page that leads through the book, the first link to a chapter says how many of its exercises are solved.
  if (!document.querySelector(".try, .tag_try-it, .solved-sheet"))
    for (const [page, count] of Object.entries(counts)) links(`${page.split("/").pop()}.html`)[0]?.after(mark(words.solvedCount(count)));
  const place = document.querySelector(".solved-sheet");
  if (place) fillSheet(place, done);
}

const links = (end) => [...document.querySelectorAll("main a")].filter((link) => link.getAttribute("href")?.endsWith(end) &&
  !link.closest(".solved-sheet"));

const mark = (text = words.solvedMark) => make("span", { className: "solved-mark", textContent: `✓ ${text}` });

function fillSheet(place, done) {
  const entries = Object.entries(done).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  const list = entries.map(([key, { title, day, code }]) => make("li", {},
    make("a", { href: `${key.replace("#", ".html#")}`, textContent: title }), words.solvedOn(day),
    make("pre", { textContent: code, tabIndex: 0 })));
  const status = make("span");
  status.setAttribute("role", "status");
  const forget = button(words.forget, () => {
    if (forget.textContent === words.forget) forget.textContent = words.forgetSure;
    else {
      forgetAll();
      document.querySelector(".solved-sheet [role=status]").textContent = words.forgotten;
    }
  });
  place.replaceChildren(
    make("p", {}, make("strong", { textContent: words.solvedTitle })),
    make("p", { className: "try-buttons" }, button(words.save, () => save(done)), button(words.print, printSheet), forget, status),
    entries.length ? make("ol", {}, ...list) : make("p", { textContent: words.solvedNone }),
  );
}

function button(text, action) {
  const made = make("button", { type: "button", textContent: text });
  made.addEventListener("click", action);
  return made;
}

function save(done) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(done, null, 2)], { type: "application/json" }));
  make("a", { href: address, download: "convbook-solved.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function printSheet() {
  document.body.classList.add("only-solved");
  print();
  document.body.classList.remove("only-solved");
}
