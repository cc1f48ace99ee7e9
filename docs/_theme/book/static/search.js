// Finds the places of the book that have the words of a question.  The index is a script beside the pages (docs/_ext/search_index.py).
"use strict";

const results = document.querySelector("#search-results");
const field = document.querySelector("#search-words");
const [CHAPTER, GALLERY, REFERENCE] = results.dataset.kinds.split("|");
const KINDS = { chapters: [CHAPTER, 1.5], auto_gallery: [GALLERY, 0.75], reference: [REFERENCE, 0.85], "": ["", 1.15] };

// The words of a text as the index has them: Chinese, which has no spaces, in pairs of characters.
function split(text) {
  return (text.toLowerCase().replace(/[\u3400-\u9fff]+/g, " $& ").match(/[\u3400-\u9fff]+|[\p{L}\p{N}_×][\p{L}\p{N}_×.-]*[\p{L}\p{N}_×]|[\p{L}\p{N}_]/gu) ?? []).flatMap((word) =>
    /^[\u3400-\u9fff]/.test(word) && word.length > 2 ? [...word].slice(1).map((c, i) => word[i] + c) : [word]);
}

// The index's words, each with how far on its places are from one another, and one digit for its weight at each.
function unpacked({ words, steps, weights }) {
  const [far, digits] = [steps.split(";"), weights.split(";")];
  return new Map(words.split(" ").map((word, k) => [word, [far[k], digits[k]]]));
}

// How many letters must change, be added, left out or swapped; more than `most` counts as many.
function distance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, row] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

const stem = (word) => (word.length > 5 ? word.replace(/(?:ies|ations?|ing|es|ed|e|s|y)$/, "") : word.length > 3 ? word.replace(/s$/, "") : word);

// The index's words for one word of a question, each with how well it fits; where there is none, the nearest by spelling.
function fitting(word, index) {
  const found = new Map();
  const all = [...index.words.keys()];
  const take = (start, value) => {
    for (const one of all) if (one.startsWith(start) && one.length <= start.length + 6) found.set(one, Math.max(found.get(one) ?? 0, one === word ? 1 : value));
  };
  if (index.words.has(word)) found.set(word, 1);
  take(stem(word), 0.6);
  if (Object.hasOwn(index.synonyms, word)) for (const other of [...split(word), ...split(index.synonyms[word])]) if (index.words.has(other)) found.set(other, Math.max(found.get(other) ?? 0, 0.9));
  if (found.size || word.length < 4) return { found, read: word };
  const most = word.length < 8 ? 1 : 2;
  const near = all.filter((one) => one[0] === word[0] && distance(word, one, most) <= most);
  near.sort((a, b) => distance(word, a, most) - distance(word, b, most) || index.words.get(b)[1].length - index.words.get(a)[1].length);
  if (near.length) found.set(near[0], 0.8);
  return { found, read: near[0] ?? word };
}

function search(asked, index) {
  // A Chinese term with other words for it stays whole; the words between terms go.
  const terms = Object.keys(index.synonyms).filter((word) => /^[\u3400-\u9fff]{3,}$/.test(word));
  const whole = terms.filter((word) => asked.includes(word));
  const typed = [...whole, ...split([...whole, ...index.between].reduce((text, word) => text.replaceAll(word, " "), asked))];
  const kept = typed.filter((word) => !index.stop.includes(word));
  const question = kept.length ? kept : typed;
  const scores = new Map();
  const matched = new Map();
  const read = [];
  for (const word of question) {
    const fit = fitting(word, index);
    read.push(fit.read);
    const best = new Map();
    for (const [one, value] of fit.found) {
      const [steps, weights] = index.words.get(one);
      const rarity = Math.log(1 + index.places.length / weights.length);
      let place = 0;
      steps.split(",").forEach((step, k) => {
        place += Number(step);
        best.set(place, Math.max(best.get(place) ?? 0, weights[k] * value * rarity));
      });
    }
    for (const [place, score] of best) {
      scores.set(place, (scores.get(place) ?? 0) + score);
      matched.set(place, (matched.get(place) ?? 0) + 1);
    }
  }
  const pages = new Map();
  for (const [place, score] of scores) {
    const [page, anchor, title] = index.places[place];
    const share = matched.get(place) / question.length;
    const named = title.toLowerCase() === asked.trim().toLowerCase() ? 2 : split(title).map(stem).join(" ").includes(read.map(stem).join(" ")) ? 1.5 : 1;
    const value = score * share * share * named * (KINDS[index.pages[page][1]] ?? KINDS[""])[1];
    const entry = pages.get(page) ?? { page, total: 0, places: [] };
    entry.places.push({ anchor, title, value });
    pages.set(page, entry);
  }
  const asStems = (text) => split(text).map(stem);
  for (const entry of pages.values()) {
    // A page whose title has the words is about them.
    const title = asStems(index.pages[entry.page][2]);
    const about = read.map(stem).every((word) => title.includes(word)) ? 1.6 : 1;
    entry.places.sort((a, b) => b.value - a.value);
    entry.total = entry.places[0].value + 0.35 * (entry.places[1]?.value ?? 0) + 0.15 * (entry.places[2]?.value ?? 0);
    entry.total *= about;
  }
  const ranked = [...pages.values()].sort((a, b) => b.total - a.total);
  return { ranked: ranked.filter((entry) => entry.total > 0.05 * ranked[0].total).slice(0, 30), read: read.join(" "), asked: question.join(" ") };
}

function element(name, text, more = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...more });
}

function show(asked) {
  const index = { ...globalThis.bookIndex, words: unpacked(globalThis.bookIndex) };
  const { ranked, read, asked: words } = search(asked, index);
  const root = document.documentElement.dataset.content_root;
  const parts = [];
  if (!ranked.length) {
    const line = element("p", "");
    const names = { glossary: results.dataset.glossaryName, index: results.dataset.indexName };
    for (const piece of results.dataset.none.split(/(\{\w+\})/)) {
      const name = piece.slice(1, -1);
      line.append(names[name] && piece[0] === "{" ? element("a", names[name], { href: results.dataset[name] }) : piece);
    }
    parts.push(line);
  } else {
    const count = results.dataset.count.replace("{n}", ranked.length);
    parts.push(element("p", (read === words ? "" : results.dataset.near.replace("{asked}", words).replace("{read}", read) + " ") + count, { className: "search-summary" }));
    const list = element("ul", "");
    for (const { page, places } of ranked) {
      const [address, kind, title, sentence] = index.pages[page];
      const [best] = places;
      const item = element("li", "");
      const elsewhere = best.anchor && best.value > 1.2 * (places.find((place) => !place.anchor)?.value ?? 0);
      const link = element("a", elsewhere ? best.title : title, { href: root + address + (elsewhere ? `#${best.anchor}` : "") });
      item.append(link, element("span", [(KINDS[kind] ?? [""])[0], elsewhere ? title : ""].filter(Boolean).join(" · "), { className: "kind" }));
      if (sentence) item.append(element("p", sentence, { className: "search-words" }));
      list.append(item);
    }
    parts.push(list);
  }
  results.replaceChildren(...parts);
}

const asked = new URLSearchParams(location.search).get("q") ?? "";
field.value = asked;
if (asked.trim()) {
  const script = element("script", "", { src: document.documentElement.dataset.content_root + "searchindex.js" });
  script.addEventListener("load", () => show(asked));
  document.head.append(script);
} else field.focus();
