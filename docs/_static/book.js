// What only a script can do for the reader.  Every page works without it.
"use strict";

// A region that scrolls must be reachable by keyboard; one that does not scroll must not be a stop on the way.
function markScrollers() {
  const regions = [...document.querySelectorAll(
    ".display-math, .highlight pre, .table-wrapper, .output pre, .toc-scroll, .sidebar-scroll, .scrolls",
  )].filter((region) => !region.closest("details:not([open])")); // to measure what is folded would lay it out: it has its turn when it opens
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

// Animations wait for the reader who asked for less motion, and never repeat by themselves.
function calmVideos() {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const video of document.querySelectorAll("video")) {
    video.muted = true;
    if (still) {
      video.autoplay = false;
      video.pause();
    }
  }
}

addEventListener("load", () => {
  markScrollers();
  calmVideos();
});
addEventListener("resize", markScrollers);
for (const fold of document.querySelectorAll("details")) fold.addEventListener("toggle", markScrollers);

// The key "/" opens the search field, as on many reference sites.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(input|textarea|select)$/i.test(document.activeElement?.tagName ?? "") || document.activeElement?.isContentEditable) return;
  const field = document.querySelector("#search-words, .sidebar-search");
  if (field) {
    event.preventDefault();
    field.focus();
  }
});
