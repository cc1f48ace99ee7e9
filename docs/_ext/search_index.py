"""The book's search: an index of every place that has a heading, a name or a term, and the words that learners use for the book's own.

Sphinx's search wants every word of a question, knows no typing mistake, and sends a reader to the top of a page.  This index holds the
words of each place; ``search.js`` finds the places, from a folder as well as from a server.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

STOP = set(
    "a an and are as at be but by can do does for from has have how i if in is it its my not of on or so than that the their them then "
    "there this to was what when where which why will with you your".split()
)
# Chinese has no spaces: these stand between the words of a question, and of a sentence.
STOP_CHINESE = (
    "为什么 怎么样 怎么办 怎么 怎样 什么 如何 多少 哪些 哪个 是否 可以 应该 意思 一个 的 了 吗 呢 是 和 与 在 把 被 就 也 都 要 会 我 为 时 有 用 从 "
    "这 那 它 们 每 该 其 及 或 但 于 很 只 才 又 已 些 此 您 你 之 而 两 各"
).split()
# How much a word counts by where it stands, and a place by its kind.
IN_TITLE, IN_HEADING, IN_TEXT, IN_CODE = 12.0, 8.0, 1.0, 0.25
LEFT_OUT = (nodes.title, nodes.math, nodes.math_block, nodes.raw, nodes.comment, nodes.image, addnodes.index)
SYNONYMS = Path(__file__).parents[1] / "_theme" / "synonyms.txt"
_BETWEEN = re.compile("|".join(STOP_CHINESE))
_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[\u3400-\u9fff]+|[\w×][\w×.-]*[\w×]|\w")


def words(text: str) -> list[str]:
    """The words of a text in small letters; Chinese, which has no spaces, in pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(_HAN.sub(r" \g<0> ", _BETWEEN.sub(" ", text.lower()))):
        if "\u3400" <= word[0] <= "\u9fff":
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif word not in STOP:
            found.append(word)
            if "-" in word or "." in word or "_" in word:
                found += [part for part in re.split(r"[-._]", word) if len(part) > 1 and part not in STOP]
    return found


class Place:
    """A place on a page: its anchor, what it is called, and its words with their weights."""

    def __init__(self, anchor: str, title: str, weight: float = IN_HEADING) -> None:
        self.anchor, self.title = anchor, title
        self.words: Counter[str] = Counter()
        self.add(title, weight)

    def add(self, text: str, weight: float) -> None:
        for word in words(text):
            self.words[word] += weight


def gather(app: Sphinx, doctree: nodes.document) -> None:
    """Note the places of a page that has been read."""
    env = app.env
    places = [Place("", env.titles[env.docname].astext() if env.docname in env.titles else "", IN_TITLE)]
    places[0].add(env.metadata[env.docname].get("description", ""), 2 * IN_TEXT)
    read(doctree, places)
    noted = [(place.anchor, place.title, dict(place.words)) for place in places]
    env.book_places = getattr(env, "book_places", {}) | {env.docname: noted}  # type: ignore[attr-defined]


def read(node: nodes.Node, places: list[Place]) -> None:
    """Hand the words below a node to the place that they belong to; a heading, a name or a term opens a place of its own."""
    for child in node.children:
        at = places[-1]
        if isinstance(child, nodes.section):
            title = child.next_node(nodes.title)
            if child.parent and isinstance(child.parent, nodes.section):
                places.append(Place(child["ids"][0], title.astext() if title else ""))
            read(child, places)
        elif isinstance(child, addnodes.desc_signature):
            if child["ids"]:
                places.append(Place(child["ids"][0], child.get("fullname") or child.astext(), IN_TITLE))
        elif isinstance(child, nodes.term) and child["ids"]:
            places.append(Place(child["ids"][0], child.astext(), IN_TITLE))
        elif isinstance(child, nodes.literal_block):
            at.add(" ".join(re.findall(r"[A-Za-z_]\w{3,}", child.astext())), IN_CODE)
        elif isinstance(child, LEFT_OUT):
            continue
        elif isinstance(child, nodes.TextElement):
            at.add(child.astext(), IN_TEXT)
        elif isinstance(child, nodes.Element):
            read(child, places)


def merge(app: Sphinx, env: Any, docnames: list[str], other: Any) -> None:
    """Take what another process has read."""
    env.book_places = getattr(env, "book_places", {}) | {name: other.book_places[name] for name in docnames}


def steps(places: Iterable[int]) -> str:
    """Numbers in order as how far on each is from the one before.

    Examples
    --------
    >>> steps([3, 5, 5, 9])
    '3,2,0,4'
    """
    return ",".join(str(there - here) for here, there in pairwise([0, *places]))


def write(app: Sphinx, problem: Exception | None) -> None:
    """Write the index as a script, since a page that is read from a folder may fetch no data."""
    if problem is not None or app.builder.name != "html":
        return
    env = app.env
    pages: list[list[str]] = []
    places: list[list[Any]] = []
    index: dict[str, list[tuple[int, int]]] = {}  # for each word its places in order, with its weight there
    for name in sorted(env.found_docs & getattr(env, "book_places", {}).keys()):
        about = env.titles[name].astext(), env.metadata[name].get("description", "")
        pages.append([app.builder.get_target_uri(name), name.rpartition("/")[0].partition("/")[0], *about])
        for anchor, title, found in env.book_places[name]:  # type: ignore[attr-defined]
            long = sum(found.values())
            for word, count in found.items():
                # The usual weight of a word in a text: it grows ever more slowly with the count, and less in a long text.
                weight = round(9 * count / (count + 0.7 + 0.6 * math.sqrt(long / 60)))
                if weight and len(word) < 40:
                    index.setdefault(word, []).append((len(places), weight))
            places.append([len(pages) - 1, anchor, title])
    lines = [line.split(":") for line in SYNONYMS.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    synonyms = {word: meaning.strip() for typed, meaning in lines for word in typed.split()}
    listed = dict(sorted(index.items()))
    data = {
        "pages": pages,
        "places": places,
        "synonyms": synonyms,
        "stop": sorted(STOP),
        "between": STOP_CHINESE,
        # Apart and as text these travel lighter, and search.js reads only those of the words asked for.
        "words": " ".join(listed),
        "steps": ";".join(steps(place for place, _weight in found) for found in listed.values()),
        "weights": ";".join("".join(str(weight) for _place, weight in found) for found in listed.values()),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (Path(app.outdir) / "searchindex.js").write_text(f"globalThis.bookIndex={text};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", gather, priority=600)  # after the descriptions
    app.connect("env-merge-info", merge)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
