// Under each result of a search stands what its page says of itself.
//
// Sphinx would fetch every page that it found, a megabyte for a common word, and none where the book is read from a folder.
"use strict";

new MutationObserver((changes) => {
  const added = changes.flatMap((change) => [...change.addedNodes]);
  for (const result of added.filter((node) => node.matches?.("#search-results ul.search > li"))) {
    const link = result.querySelector("a");
    const page = link?.getAttribute("href").replace(document.documentElement.dataset.content_root, "").split(/[?#]/)[0].replace(/\.html$/, "");
    const words = globalThis.convbookPages?.[page];
    if (!words) continue;
    const line = document.createElement("p");
    line.className = "search-words";
    line.textContent = words;
    result.append(line);
  }
}).observe(document.querySelector("#search-results"), { childList: true, subtree: true });
