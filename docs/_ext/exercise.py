"""Exercises with their solutions folded away.

``exercise`` is a numbered box.  A solution holds code cells, and MyST-NB runs cells at the top level of a page only; so a solution
lies between the two markers ``solution-start`` and ``solution-end``, and what stands between them moves into a ``<details>``.
``solution`` with a body does for prose alone.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class exercise_node(nodes.General, nodes.Element):
    """The box of one exercise: a title, then its text."""


class solution_node(nodes.General, nodes.Element):
    """The fold of one solution: its summary line, then its text and cells."""


class summary_node(nodes.TextElement):
    """The line on which a fold is opened."""


class solution_marker(nodes.Invisible, nodes.Element):
    """Where a gated solution starts or ends; replaced while the page is read."""


class Exercise(SphinxDirective):
    """``:::{exercise} Title`` with the text of the exercise in it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        box = exercise_node()
        self.set_source_info(box)
        title_text, messages = self.parse_inline(self.arguments[0], lineno=self.lineno)
        box += nodes.rubric("", "", *title_text, classes=["exercise-title"])
        box += self.parse_content_to_nodes()
        if "name" in self.options:
            self.add_name(box)
        return [box, *messages]


class Solution(SphinxDirective):
    """``:::{solution}`` with prose in it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        fold = solution_node()
        self.set_source_info(fold)
        fold += self.parse_content_to_nodes()
        return [fold]


class SolutionStart(SphinxDirective):
    """The opening marker of a solution with code cells."""

    def run(self) -> list[nodes.Node]:
        marker = solution_marker(edge="start")
        self.set_source_info(marker)
        return [marker]


class SolutionEnd(SphinxDirective):
    """The closing marker of a solution with code cells."""

    def run(self) -> list[nodes.Node]:
        marker = solution_marker(edge="end")
        self.set_source_info(marker)
        return [marker]


class Fold(SphinxTransform):
    """Move what stands between two markers into a fold, then number the exercises of the page."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        for start in list(self.document.findall(_is_start)):
            self.fold(start)
        for marker in list(self.document.findall(solution_marker)):
            logger.warning("solution-end without its solution-start", location=marker)
            marker.parent.remove(marker)
        self.number()

    def fold(self, start: nodes.Element) -> None:
        parent = start.parent
        first = parent.index(start)
        last = next((i for i in range(first + 1, len(parent)) if _is_end(parent[i])), None)
        if last is None:
            logger.warning("solution-start without a solution-end in the same section", location=start)
            parent.remove(start)
            return
        fold = solution_node()
        fold.source, fold.line = start.source, start.line
        moved = parent[first + 1 : last]
        del parent[first : last + 1]
        fold += moved
        parent.insert(first, fold)

    def number(self) -> None:
        number, open_exercise = 0, None
        for node in list(self.document.findall(lambda n: isinstance(n, exercise_node | solution_node))):
            if isinstance(node, exercise_node):
                self.demand_solution(open_exercise)
                number, open_exercise = number + 1, node
                self.entitle(node, number)
            else:
                if number == 0:
                    logger.warning("a solution before the first exercise", location=node)
                text = (
                    _("Solution to exercise %d") % number
                    if open_exercise is not None
                    else _("Another solution")
                )
                node.insert(0, summary_node("", text))
                open_exercise = None
        self.demand_solution(open_exercise)

    def entitle(self, box: exercise_node, number: int) -> None:
        title = box[0]
        assert isinstance(title, nodes.rubric)
        plain = title.astext()
        title.insert(0, nodes.Text(" "))
        title.insert(0, nodes.inline("", _("Exercise %d.") % number, classes=["exercise-number"]))
        identifier = f"exercise-{number}"
        if identifier not in self.document.ids:
            box["ids"].append(identifier)
            self.document.ids[identifier] = box
        box["label"] = f"{_('Exercise %d.') % number} {plain}"
        box["caption"] = f"{_('Exercise %d') % number}: {plain}"

    def demand_solution(self, exercise: nodes.Element | None) -> None:
        if exercise is not None:
            logger.warning("an exercise without a solution: %s", exercise[0].astext(), location=exercise)


def name_labels(app: Sphinx, doctree: nodes.document) -> None:
    """Let a reference to an exercise show its number and title.  Sphinx has noted the label by now, without a caption."""
    for box in doctree.findall(exercise_node):
        for name in box["names"]:
            docname, target = app.env.domains.standard_domain.anonlabels[name]
            app.env.domains.standard_domain.labels[name] = docname, target, box["caption"]


def _is_start(node: nodes.Node) -> bool:
    return isinstance(node, solution_marker) and node["edge"] == "start"


def _is_end(node: nodes.Node) -> bool:
    return isinstance(node, solution_marker) and node["edge"] == "end"


def visit_exercise(translator: Any, node: exercise_node) -> None:
    translator.body.append(
        translator.starttag(
            node, "div", CLASS="exercise", role="group", **{"aria-label": node.get("label", "")}
        )
    )


def depart_div(translator: Any, node: nodes.Element) -> None:
    translator.body.append("</div>\n")


def visit_solution(translator: Any, node: solution_node) -> None:
    translator.body.append(translator.starttag(node, "details", CLASS="solution"))


def depart_solution(translator: Any, node: solution_node) -> None:
    translator.body.append("</div></details>\n")


def visit_summary(translator: Any, node: summary_node) -> None:
    translator.body.append("<summary>")


def depart_summary(translator: Any, node: summary_node) -> None:
    translator.body.append('</summary>\n<div class="solution-body">')


def _through(translator: Any, node: nodes.Node) -> None:
    """Other formats show the parts one after the other."""


def setup(app: Sphinx) -> dict[str, Any]:
    others = {
        "latex": (_through, _through),
        "text": (_through, _through),
        "man": (_through, _through),
        "texinfo": (_through, _through),
    }
    app.add_node(exercise_node, html=(visit_exercise, depart_div), **others)
    app.add_node(solution_node, html=(visit_solution, depart_solution), **others)
    app.add_node(summary_node, html=(visit_summary, depart_summary), **others)
    app.add_directive("exercise", Exercise)
    app.add_directive("solution", Solution)
    app.add_directive("solution-start", SolutionStart)
    app.add_directive("solution-end", SolutionEnd)
    app.add_transform(Fold)
    app.connect("doctree-read", name_labels)
    return {"parallel_read_safe": True}
