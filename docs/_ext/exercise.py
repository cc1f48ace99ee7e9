"""Exercises, predictions and questionnaires: boxes whose answers are folded away; and the list of all exercises.

``exercise``
    A numbered box.  ``:mark:`` says how hard it is (``warm-up``, ``standard``, ``hard``, ``open``), ``:kind:`` what it asks for
    (``predict``, ``compute``, ``prove``, ``debug``, ``design``, ``data``).
``exercise-hint``
    One folded hint between an exercise and its solution.  Several hints are numbered, the weakest first.
``solution-start``, ``solution-end``
    A solution holds code cells, and MyST-NB runs cells at the top level of a page only; so a solution lies between these two
    markers, and what stands between them moves into a ``<details>``.
``predict``
    A question before an output; its argument is the question, its content the folded answer.
``questionnaire``, ``question``
    A numbered list of questions.  The argument of ``question`` is the question.  Its content is a list of choices.  The first
    line of a choice begins with ``[x]`` if it is right and with ``[ ]`` if it is wrong; the lines after the first explain why.
    A choice opens when the reader takes it.
``exercise-list``
    Without an argument a table: how many exercises of each kind have each mark.  With a kind the exercises of that kind in all
    chapters, the easiest marks first, each with a link.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from languages import translator
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

MARKS = ("warm-up", "standard", "hard", "open")
KINDS = ("predict", "compute", "prove", "debug", "design", "data")
EXERCISE = re.compile(r"^:{3,}\{exercise\} (.+)\n((?::\w+: .+\n)*)", re.MULTILINE)
LIST_OF_PAGES = re.compile(r"^```\{toctree\}\n(?::.*\n)+([^`]*)^```", re.MULTILINE)


class exercise_node(nodes.General, nodes.Element):
    """The box of one exercise: a title, then its text."""


class predict_node(nodes.General, nodes.Element):
    """The box of one prediction: a question, then the fold with its answer."""


class fold_node(nodes.General, nodes.Element):
    """Anything folded: its summary line, then its text and cells.  The class says what it is: a solution, a hint, a choice."""


class summary_node(nodes.TextElement):
    """The line on which a fold is opened."""


class solution_marker(nodes.Invisible, nodes.Element):
    """Where a gated solution starts or ends; replaced while the page is read."""


class Exercise(SphinxDirective):
    """``:::{exercise} Title`` with the text of the exercise in it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {
        "mark": lambda mark: directives.choice(mark, MARKS),
        "kind": lambda kind: directives.choice(kind, KINDS),
    }

    def run(self) -> list[nodes.Node]:
        box = exercise_node(classes=["exercise"])
        self.set_source_info(box)
        box["about"] = [self.options[option] for option in ("mark", "kind") if option in self.options]
        title_text, messages = self.parse_inline(self.arguments[0], lineno=self.lineno)
        box += nodes.rubric(self.arguments[0], "", *title_text, classes=["exercise-title"])
        box += self.parse_content_to_nodes()
        return [box, *messages]


class Hint(SphinxDirective):
    """``:::{exercise-hint}`` with one hint in it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        fold = fold_node(classes=["hint"])
        self.set_source_info(fold)
        fold += self.parse_content_to_nodes()
        return [fold]


class Marker(SphinxDirective):
    """``:::{solution-start}`` and ``:::{solution-end}`` around a solution with code cells."""

    def run(self) -> list[nodes.Node]:
        marker = solution_marker(edge=self.name)
        self.set_source_info(marker)
        return [marker]


class Predict(SphinxDirective):
    """``:::{predict} Question`` with the answer in it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        box, fold = predict_node(classes=["predict"]), fold_node(classes=["predict-answer"])
        self.set_source_info(box)
        title = nodes.paragraph("", _("Predict first"), classes=["predict-title"])
        question, messages = paragraph(self, self.arguments[0])
        fold += summary_node("", _("Answer"))
        fold += self.parse_content_to_nodes()
        box += [title, question, fold]
        return [box, *messages]


class Questionnaire(SphinxDirective):
    """``::::{questionnaire}`` with ``question`` directives in it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        questions = nodes.enumerated_list(classes=["questionnaire"], enumtype="arabic", prefix="", suffix=".")
        for node in self.parse_content_to_nodes():
            if not isinstance(node, nodes.list_item):
                raise self.error("a questionnaire holds question directives only")
            questions += node
        return [questions]


class Question(SphinxDirective):
    """``:::{question} Question`` with a list of choices in it, one of them right."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        question, messages = paragraph(self, self.arguments[0])
        choices = self.parse_content_to_nodes()
        if len(choices) != 1 or not isinstance(choices[0], nodes.bullet_list):
            raise self.error("a question holds one list of choices")
        item = nodes.list_item("", question, *(self.choice(choice) for choice in choices[0]))
        if sum("right" in fold["classes"] for fold in item[1:]) != 1:
            raise self.error("exactly one choice is marked [x]")
        return [item, *messages]

    def choice(self, item: nodes.Node) -> nodes.Node:
        """The fold of one choice: its first line is what the reader sees, the rest is what opens."""
        first = item[0]
        cut = next((i for i, node in enumerate(first) if node == nodes.Text("\n")), None)
        mark = first.astext()[:3]
        if mark not in ("[x]", "[ ]") or cut is None:
            raise self.error(
                f"a choice begins with [x] or [ ] and is explained on its next line: {first.astext()!r}"
            )
        shown, explained = first.children[:cut], first.children[cut + 1 :]
        shown[0] = nodes.Text(shown[0].astext()[3:].lstrip())
        verdict = "Right." if mark == "[x]" else "Wrong."  # a catalog translates it with the reason
        fold = fold_node(classes=["choice", "right" if mark == "[x]" else "wrong"])
        fold += summary_node("", "", *shown)
        fold += nodes.paragraph("", "", nodes.strong("", verdict), nodes.Text(" "), *explained)
        # A translator's catalog holds the Markdown of each part.
        choice, _newline, reason = first.rawsource.partition("\n")
        sources = choice.lstrip()[3:].lstrip(), f"**{verdict}** {reason.lstrip()}"
        for node, source in zip(fold, sources, strict=True):
            node.source, node.line, node.rawsource = first.source, first.line, source
        fold += item[1:]
        return fold


def paragraph(directive: SphinxDirective, text: str) -> tuple[nodes.paragraph, list[nodes.system_message]]:
    """The argument of a directive as a paragraph."""
    inline, messages = directive.parse_inline(text, lineno=directive.lineno)
    question = nodes.paragraph(text, "", *inline)
    directive.set_source_info(question)
    return question, messages


class Number(SphinxTransform):
    """Move what stands between two markers into a fold, then number the exercises of the page with their hints."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        for marker in list(self.document.findall(solution_marker)):
            if marker["edge"] == "solution-start":
                self.fold(marker)
            elif marker.parent is not None:
                logger.warning("solution-end without its solution-start", location=marker)
                marker.parent.remove(marker)
        self.number()

    def fold(self, start: nodes.Element) -> None:
        parent = start.parent
        first = parent.index(start)
        markers = [node for node in parent[first + 1 :] if isinstance(node, solution_marker)]
        if not markers or markers[0]["edge"] != "solution-end":
            logger.warning("solution-start without a solution-end in the same section", location=start)
            parent.remove(start)
            return
        last = parent.index(markers[0])
        fold = fold_node(classes=["solution"])
        fold.source, fold.line = start.source, start.line
        fold += parent[first + 1 : last]
        markers[0].parent = None
        parent[first : last + 1] = [fold]

    def number(self) -> None:
        number, hints, open_exercise = 0, 0, None
        for node in list(self.document.findall(lambda n: isinstance(n, exercise_node | fold_node))):
            if isinstance(node, exercise_node):
                self.demand_solution(open_exercise)
                number, hints, open_exercise = number + 1, 0, node
                self.entitle(node, number)
            elif "hint" in node["classes"]:
                hints += 1
                if open_exercise is None:
                    logger.warning("a hint stands between an exercise and its solution", location=node)
                node.insert(0, summary_node("", _("Hint %d") % hints))
            elif "solution" in node["classes"]:
                if open_exercise is None:
                    logger.warning("a solution without an exercise before it", location=node)
                node.insert(0, summary_node("", _("Solution to exercise %d") % number))
                open_exercise = None
        self.demand_solution(open_exercise)

    def entitle(self, box: exercise_node, number: int) -> None:
        title = box[0]
        assert isinstance(title, nodes.rubric)
        plain, numbered = title.astext(), _("Exercise %d.") % number
        title.insert(0, [nodes.inline("", numbered, classes=["exercise-number"]), nodes.Text(" ")])
        if box["about"]:
            about = " · ".join(_(word) for word in box["about"])
            title += [nodes.Text(" "), nodes.inline("", about, classes=["exercise-mark"])]
        box["ids"].append(f"exercise-{number}")
        self.document.ids[f"exercise-{number}"] = box
        box["label"] = f"{numbered} {plain}"

    def demand_solution(self, exercise: nodes.Element | None) -> None:
        if exercise is not None:
            logger.warning("an exercise without a solution: %s", exercise[0].astext(), location=exercise)


# ------------------------------------------------------------------------------------------------- the list of all


class Listed(NamedTuple):
    """One exercise as its chapter's text has it."""

    page: str
    chapter: str
    number: int
    title: str
    mark: str
    kind: str


def exercises(chapters: Path) -> list[Listed]:
    """Return the exercises of all chapters in reading order."""
    found = []
    lists = LIST_OF_PAGES.findall((chapters / "index.md").read_text(encoding="utf-8"))
    for page in " ".join(lists).split():
        path = chapters / f"{page}.md"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for number, (title, options) in enumerate(EXERCISE.findall(text), 1):
            said = dict(re.findall(r":(\w+): (.+)", options))
            chapter = re.findall(r"^# (.+)$", text, re.MULTILINE)[0]
            found.append(Listed(page, chapter, number, title, said.get("mark", ""), said.get("kind", "")))
    return found


class ExerciseList(SphinxDirective):
    """``exercise-list`` with a kind, or without one for the table."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        chapters = Path(self.env.srcdir) / "chapters"
        for path in chapters.glob("*.md"):
            self.env.note_dependency(str(path))
        marked = [one for one in exercises(chapters) if one.mark in MARKS and one.kind in KINDS]
        if not self.arguments:
            return self.parse_text_to_nodes(counts(marked))
        kind = self.arguments[0]
        if kind not in KINDS:
            raise self.error(f"exercise-list takes one of {', '.join(KINDS)}, got {kind}")
        chosen = [one for one in marked if one.kind == kind]
        items = nodes.bullet_list()
        for one in sorted(chosen, key=lambda one: MARKS.index(one.mark)):
            in_chapter = translator(self.config.language, f"chapters/{one.page}")
            title, messages = self.parse_inline(in_chapter(one.title), lineno=self.lineno)
            link = nodes.reference("", "", *title, internal=True, refuri="")
            link["exercise"] = (f"chapters/{one.page}", f"exercise-{one.number}")
            said = _("{mark}: {exercise} ({chapter})").format(
                mark=_(one.mark), exercise="\n", chapter=in_chapter(one.chapter)
            )
            before, after = map(nodes.Text, said.split("\n"))
            items += nodes.list_item("", nodes.paragraph("", "", before, link, after), *messages)
        return [items]


def counts(marked: list[Listed]) -> str:
    """Return a table in Markdown: kinds down, marks across."""

    def row(name: str, kinds: tuple[str, ...]) -> str:
        across = [sum(number[kind, mark] for kind in kinds) for mark in MARKS]
        return f"| {name} | " + " | ".join(map(str, [*across, sum(across)])) + " |"

    number = Counter((one.kind, one.mark) for one in marked)
    head = [f"| kind | {' | '.join(MARKS)} | all |", "|---|" + "--:|" * (len(MARKS) + 1)]
    return "\n".join([*head, *(row(kind, (kind,)) for kind in KINDS), row("all", KINDS)])


def fill_in_addresses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link the address that it has seen from this page."""
    for link in doctree.findall(nodes.reference):
        if "exercise" in link:
            page, anchor = link["exercise"]
            link["refuri"] = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
            del link["exercise"]


# ------------------------------------------------------------------------------------------------- how they are written


def visit_box(translator: Any, node: nodes.Element) -> None:
    named = {"role": "group", "aria-label": node["label"]} if "label" in node else {}
    translator.body.append(translator.starttag(node, "div", **named))


def depart_box(translator: Any, node: nodes.Element) -> None:
    translator.body.append("</div>\n")


def visit_fold(translator: Any, node: fold_node) -> None:
    translator.body.append(translator.starttag(node, "details"))


def depart_fold(translator: Any, node: fold_node) -> None:
    translator.body.append("</div></details>\n")


def visit_summary(translator: Any, node: summary_node) -> None:
    translator.body.append("<summary>")


def depart_summary(translator: Any, node: summary_node) -> None:
    translator.body.append('</summary>\n<div class="fold-body">')


def setup(app: Sphinx) -> dict[str, Any]:
    for box in (exercise_node, predict_node):
        app.add_node(box, html=(visit_box, depart_box))
    app.add_node(fold_node, html=(visit_fold, depart_fold))
    app.add_node(summary_node, html=(visit_summary, depart_summary))
    app.add_directive("exercise", Exercise)
    app.add_directive("predict", Predict)
    app.add_directive("questionnaire", Questionnaire)
    app.add_directive("question", Question)
    app.add_directive("exercise-list", ExerciseList)
    app.add_directive("exercise-hint", Hint)
    for name in ("solution-start", "solution-end"):
        app.add_directive(name, Marker)
    app.add_transform(Number)
    app.connect("doctree-resolved", fill_in_addresses)
    return {"parallel_read_safe": True}
