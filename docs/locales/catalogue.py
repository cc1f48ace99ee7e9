"""What the translation of the book must keep, and how far it is: `python docs/locales/catalogue.py zh_CN`.

Each message of each catalogue is compared with its source.  A formula, a code span, a link, a reference or a number that the source
has and the translation lacks is a fault, and so is a term that is not translated as `terms.csv` says.  Where a message must differ, its
comment in the catalogue says so: `# may differ: kernel, 37`.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent
HAN = "\u3400-\u9fff"

# What is marked up, in MyST and in reStructuredText, each kind by its name.
MARKUP = {
    "reference": re.compile(r"\{[\w:+-]+\}`[^`]+`|:[\w:+-]+:`[^`]+`"),
    "link": re.compile(r"\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*\)|`[^`<]*<[^`>]+>`__?|<https?:[^>]+>"),
    "code": re.compile(r"(?<!`)(`+)(?!`)(?:.+?)(?<!`)\1(?!`)", re.S),
    "formula": re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.S),
    "substitution": re.compile(r"\{\{.+?\}\}|(?<![A-Za-z}])\{[a-z]+\}|%\(\w+\)[sd]|%[sd]"),
}
WORDS_IN_FORMULA = re.compile(r"\\(?:text|mathrm|operatorname)\{[^{}]*\}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
DIMENSIONS = re.compile(r"\b[1-4](?:-|‑)?[dD]\b")  # “2-D” becomes 二维
MIXED = re.compile(rf"[{HAN}] +[A-Za-z0-9\ue000{HAN}]|[A-Za-z0-9\ue000] +[{HAN}]")
NARROW = re.compile(rf"[{HAN}][,;:!?]|[,;!?][{HAN}]|[{HAN}]\.(?:\s|$)|[{HAN}]\(|\)[{HAN}]")
PUNCTUATION = "，。：；！？、（）“”《》"


def essence(kind: str, mark: str) -> str:
    """What a piece of markup must keep: the target of a link or a reference, else all but the words in a formula."""
    if kind == "reference":
        role, target = re.fullmatch(r"[{:]([\w:+-]+)[}:]`([^`]+)`", mark, re.S).groups()
        target = re.sub(r"^\w+\.md::", "", target)  # a value of the page: a translation must name the page
        inner = re.search(r"<([^<>]+)>$", target)
        return f"{role}: {(inner[1] if inner else target).lstrip('~!')}"
    if kind == "link":
        inner = re.search(r"<([^<>]+)>", mark)
        return inner[1] if inner else mark[2:-1]
    if kind == "formula":
        return re.sub(r"\s+", "", WORDS_IN_FORMULA.sub("", mark))
    return mark


def taken_apart(text: str) -> tuple[dict[str, Counter[str]], str]:
    """The markup of a text, and the text with one sign in the place of each piece."""
    marks: dict[str, Counter[str]] = {}
    for kind, pattern in MARKUP.items():
        found = [match[0] for match in pattern.finditer(text)]
        marks[kind] = Counter(essence(kind, mark) for mark in found)
        text = pattern.sub("\ue000", text)
    return marks, text


def needs_words(source: str) -> bool:
    """Whether a message holds words: a bare formula or a span of code stands as it is."""
    _, plain = taken_apart(source)
    if source.startswith("\\") or re.search(r"\\[a-z]+[{_]", plain):  # the text of a displayed formula
        plain = " ".join(re.findall(r"\\text\{([^{}]*)\}", source))
    return re.search(r"[A-Za-z]{2,}", plain) is not None


def terms(language: str) -> list[tuple[re.Pattern[str], str, list[str]]]:
    """The rows of the table of terms: a pattern for the English word, the word, and what may stand for it."""
    with (LOCALES / language / "terms.csv").open(encoding="utf-8", newline="") as file:
        return [
            (
                re.compile(rf"\b(?:{row['pattern'] or re.escape(row['term'])})\b", re.I),
                row["term"],
                row["translation"].split("|"),
            )
            for row in csv.DictReader(file)
        ]


def faults(source: str, target: str, language: str, exempt: set[str] = frozenset()) -> list[str]:
    """What is wrong with a translation, in words; nothing if it may stand."""
    before, plain_source = taken_apart(source)
    after, plain = taken_apart(target)
    said = []
    for kind, marks in before.items():
        said += [f"{kind} lost: {mark}" for mark in (marks - after[kind]) if mark not in exempt]
        said += [f"{kind} not in the source: {mark}" for mark in (after[kind] - marks) if mark not in exempt]
    numbers = Counter(NUMBER.findall(DIMENSIONS.sub("", plain_source)))
    said += [
        f"number lost: {number}"
        for number in numbers - Counter(NUMBER.findall(plain))
        if number not in exempt
    ]
    if target == source:  # a name, or the output of a program
        return said
    for pattern, term, translations in terms(language):
        if (
            term not in exempt
            and pattern.search(plain_source)
            and not any(word in target for word in translations)
        ):
            said.append(f"term: “{term}” is {' or '.join(translations)}")
    said += [f"space between Chinese and Latin: {match[0]!r}" for match in MIXED.finditer(plain)]
    said += [f"Western punctuation: {match[0]!r}" for match in NARROW.finditer(plain)]
    said += [f"bold that does not close or open: {piece!r}" for piece in flat_bold(target)]
    if "您" in target:
        said.append("the reader is 你")
    return said


def flat_bold(text: str) -> Iterator[str]:
    """CommonMark does not close bold between punctuation and a letter, nor open it between a letter and punctuation."""
    for number, match in enumerate(re.finditer(r"\*\*", text)):
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        inner, outer = (before, after) if number % 2 else (after, before)
        if inner and inner in PUNCTUATION and outer and not outer.isspace() and outer not in PUNCTUATION:
            yield f"{before}**{after}"


def exemptions(message: Message) -> set[str]:
    """What a message's comment lets differ; a long comment stands on several lines."""
    _, _, listed = " ".join(message.user_comments).partition("may differ:")
    return {word.strip() for word in listed.split(",")} - {""}


def catalogues(language: str) -> Iterator[tuple[str, Catalog]]:
    """The catalogues of a language, by page."""
    folder = LOCALES / language / "LC_MESSAGES"
    for path in sorted(folder.rglob("*.po")):
        with path.open("rb") as file:
            yield path.relative_to(folder).with_suffix("").as_posix(), read_po(file, locale=language)


def main(language: str, *options: str) -> int:
    """Print what is missing, stale and wrong, by page; 1 if anything is wrong, or missing and `--complete` was asked for."""
    wrong = lacking = whole = 0
    print(f"{'page':<58}{'messages':>9}{'missing':>9}{'stale':>7}")
    for page, catalogue in catalogues(language):
        messages = [message for message in catalogue if message.id]
        missing = sum(not message.string and needs_words(message.id) for message in messages)
        stale = sum(message.fuzzy for message in messages)
        if missing or stale:
            print(f"{page:<58}{len(messages):>9}{missing:>9}{stale:>7}")
        whole, lacking = whole + len(messages), lacking + missing + stale
        for message in messages:
            checked = message.string and not message.fuzzy
            for fault in faults(message.id, message.string, language, exemptions(message)) if checked else []:
                print(f"{page}: {fault}\n    {message.id[:100]!r}")
                wrong += 1
    print(f"{language}: {whole} messages, {100 - 100 * lacking / whole:.1f} % in step; {wrong} faults")
    return wrong > 0 or (lacking > 0 and "--complete" in options)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
