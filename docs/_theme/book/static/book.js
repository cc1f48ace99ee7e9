// What only a script can do for the reader.  Every page works without it.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// ------------------------------------------------------------------------------------------------- light and dark

const themes = ["auto", "light", "dark"];
for (const button of all(".theme")) {
  const label = button.querySelector("span");
  const show = () => { label.textContent = label.dataset[document.body.dataset.theme]; };
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.body.dataset.theme) + 1) % themes.length];
    document.body.dataset.theme = next;
    try {
      localStorage.setItem("theme", next);
    } catch {} // a browser that keeps nothing still changes this page
    show();
  });
  show();
}

// ------------------------------------------------------------------------------------------------- code

const [COPY, COPIED, SELECTED] = document.documentElement.lang.startsWith("zh") ? ["复制", "已复制", "已选中"] : ["Copy", "Copied", "Selected"];
for (const block of all("div.highlight")) {
  if (block.closest(".output, .sphx-glr-script-out")) continue;
  const button = document.createElement("button");
  button.className = "copy";
  button.type = "button";
  button.textContent = COPY;
  button.addEventListener("click", async () => {
    const lines = block.querySelector("pre").textContent.trimEnd().split("\n");
    const typed = lines.filter((line) => /^(>>>|\.\.\.|\$) ?/.test(line));
    const text = typed.length ? typed.map((line) => line.replace(/^(>>>|\.\.\.|\$) ?/, "")) : lines;
    try {
      await navigator.clipboard.writeText(text.join("\n"));
      button.textContent = COPIED;
    } catch {
      getSelection().selectAllChildren(block.querySelector("pre"));
      button.textContent = SELECTED;
    }
    setTimeout(() => { button.textContent = COPY; }, 2000);
  });
  block.append(button);
}

// A region that scrolls must be reachable by keyboard; one that does not scroll must not be a stop on the way.
function markScrollers() {
  const regions = all("pre, .table-wrapper, .scrolls, .drawer").filter((region) => !region.closest("details:not([open])"));
  // All is measured before anything is changed: a change between two looks would lay the page out again.
  const scrolling = regions.map((region) => region.scrollWidth > region.clientWidth + 1 || region.scrollHeight > region.clientHeight + 1);
  regions.forEach((region, index) => {
    if (scrolling[index] && !region.hasAttribute("tabindex")) {
      region.tabIndex = 0;
      region.dataset.scrolls = "";
    } else if (!scrolling[index] && "scrolls" in region.dataset) {
      region.removeAttribute("tabindex");
      delete region.dataset.scrolls;
    }
  });
}
addEventListener("load", markScrollers);
addEventListener("resize", markScrollers);
for (const fold of all("details")) fold.addEventListener("toggle", markScrollers);

// ------------------------------------------------------------------------------------------------- finding one's way

const typing = () => /^(input|textarea|select)$/i.test(document.activeElement?.tagName ?? "") || document.activeElement?.isContentEditable;
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented || typing()) return;
  if (event.key === "/") {
    const field = all("#search-words, .seek input").find((one) => one.offsetParent);
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
  // The arrow keys turn pages, unless they move something where the reader is.
  const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (way && [null, document.body, document.getElementById("content")].includes(document.activeElement)) {
    document.querySelector(`link[rel="${way}"]`)?.href && location.assign(document.querySelector(`link[rel="${way}"]`).href);
  }
});

for (const drawer of all(".drawer")) {
  drawer.addEventListener("click", (event) => {
    if (event.target.closest("a") && drawer.matches(":popover-open")) drawer.hidePopover();
  });
  drawer.querySelector("[aria-current]")?.scrollIntoView({ block: "center", container: "nearest" });
}

const links = new Map(all(".toc a[href^='#']").map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
if (links.size) {
  const seen = new IntersectionObserver((entries) => {
    const entry = entries.findLast((one) => one.isIntersecting);
    if (!entry) return;
    for (const link of links.values()) link.classList.remove("seen");
    links.get(entry.target.closest("section[id]").id)?.classList.add("seen");
  }, { rootMargin: "0px 0px -65% 0px" });
  for (const heading of all("article :is(h2, h3)")) seen.observe(heading);
}
