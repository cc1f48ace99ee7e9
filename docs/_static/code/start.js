// The small script of a page with code to write: it marks what is solved, and loads the editor at the first click.

import { showSolved } from "./solved.js";
import { words } from "./words.js";

const here = document.currentScript.src;
const load = () => import(new URL("app.bundle.js", here).href);

async function open(box) {
  try {
    const { openBox } = await load();
    openBox(box);
  } catch {
    const line = box.querySelector("[role=status]") ?? document.createElement("p");
    line.setAttribute("role", "status");
    line.textContent = location.protocol === "file:" ? words.notServed : words.notLoaded;
    box.append(line);
  }
}

for (const box of document.querySelectorAll(".try")) box.querySelector("button").addEventListener("click", () => open(box));

// A cell of the chapter that can be run gets its own button, beside the one that copies.
for (const cell of document.querySelectorAll(".tag_try-it")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "try-cell";
  button.textContent = words.tryIt;
  button.addEventListener("click", () => open(cell));
  (cell.querySelector(".cell_input") ?? cell).append(button);
}

showSolved();
addEventListener("convbook-solved", showSolved);
