// Starts the slides. "?notes" in the address shows the speaker's notes beside them.
"use strict";

Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0.05,
  center: false,
  hash: true,
  slideNumber: "c/t",
  transition: "none",
  showNotes: new URLSearchParams(location.search).has("notes"),
});
