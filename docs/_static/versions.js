// A list of the book's published versions, where there is one: each version stands in a folder of its own beside "versions.json".
// A book that is read from a disk or from a local server has no such list: nothing is asked for, and nothing is shown.
"use strict";

const shelf = document.querySelector("details.versions");
const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
const folder = root.pathname.split("/").at(-2) ?? "";
const page = location.pathname.slice(root.pathname.length);

async function showVersions() {
  if (!shelf || !location.protocol.startsWith("http") || !/^(latest|\d+\.\d+\.\d+)$/.test(folder)) return;
  const answer = await fetch(new URL("../versions.json", root));
  if (!answer.ok) return;
  const versions = await answer.json();
  if (versions.length < 2) return;
  for (const { version, title, url } of versions) {
    const link = document.createElement("a");
    link.textContent = title;
    link.href = new URL(`../${url}`, root).href;
    if (version === folder) {
      link.setAttribute("aria-current", "true");
      shelf.querySelector("span").textContent = title;
    }
    const item = document.createElement("li");
    item.append(link);
    shelf.querySelector("ul").append(item);
  }
  shelf.hidden = false;
}

// A reader who looks at the list wants the same page of another version, where that version has it.
async function keepThePage() {
  if (!shelf.open) return;
  for (const link of shelf.querySelectorAll("a:not([data-asked])")) {
    link.dataset.asked = "";
    const same = new URL(page, link.href);
    const answer = await fetch(same, { method: "HEAD" }).catch(() => undefined);
    if (answer?.ok) link.href = same.href + location.hash;
  }
}

shelf?.addEventListener("toggle", keepThePage);
showVersions().catch(() => {}); // no network: the book in the reader's hands is whole without the list
