"""The Chinese edition keeps what the English has, leads there and back, and finds what readers type."""

from __future__ import annotations

import sys
import textwrap
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import pytest

from tests.docs.pages import KINDS, ROOT, SITE, VIEWS, axe_faults, find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHINESE = SITE / "zh_CN"
sys.path[:0] = [str(ROOT / "docs" / "_ext"), str(ROOT / "docs" / "locales")]

import catalogue  # noqa: E402
import languages  # noqa: E402

pytestmark = pytest.mark.skipif(not CHINESE.exists(), reason="only the English book was built")


# ------------------------------------------------------------------------------- what a translation must keep


@pytest.mark.parametrize(
    ("source", "target", "fault"),
    [
        ("The sum is 19, not $x^2$.", "和是19，不是$x^2$。", ""),
        ("The sum is 19, not $x^2$.", "和是91，不是$x^2$。", "number lost: 19"),
        ("The sum is 19, not $x^2$.", "和是19。", "formula lost: $x^2$"),
        ("Call `conv2d` again.", "再调用一次。", "code lost: `conv2d`"),
        ("Call it again.", "再调用一次`conv2d`。", "code not in the source: `conv2d`"),
        ("See [the next chapter](pooling.md).", "见下一章。", "link lost: pooling.md"),
        ("A {term}`kernel` moves.", "{term}`卷积核 <kernel>`移动。", ""),
        ("A {term}`kernel` moves.", "卷积核移动。", "reference lost: term: kernel"),
        ("A :func:`~convbook.conv2d` call.", ":func:`~convbook.conv2d`的一次调用。", ""),
        ("The stride is even.", "步长是偶数。", "term: “stride” is 步幅"),
        ("A layer with stride 2.", "步幅为 2 的层。", "space between Chinese and Latin: '为 2'"),
        ("It is small, and even.", "它很小,是偶数。", "Western punctuation: '小,'"),
        ("**Right.** It is.", "**正确。**是的。", "bold that does not close or open: '。**是'"),
        ("You see it.", "您看到了。", "the reader is 你"),
        (r"$\text{rows} + 1$ of them", r"$\text{行} + 1$个", ""),
    ],
)
def test_what_a_translation_loses_is_named(source: str, target: str, fault: str) -> None:
    """One fault in each sentence, and the right ones have none."""
    assert catalogue.faults(source, target, "zh_CN") == ([fault] if fault else [])


def test_a_message_may_differ_where_its_comment_says_so() -> None:
    """“94 billion” is 940亿, and a GPU's kernel is no 卷积核."""
    source, target = "94 billion sums of one kernel", "一个程序的940亿次求和"
    assert catalogue.faults(source, target, "zh_CN") == [
        "number lost: 94",
        "term: “kernel” is 卷积核 or 核函数 or 算子 or 内核",
    ]
    assert catalogue.faults(source, target, "zh_CN", {"94", "kernel"}) == []


def test_a_bare_formula_needs_no_words_and_a_sentence_with_one_does() -> None:
    """Also where the formula in the sentence has commands with arguments."""
    assert not catalogue.needs_words(r"y_{i,j} = \sum_{a=0}^{k-1} x_{i+a}")
    assert not catalogue.needs_words("`conv2d(x)`, $n$")
    assert catalogue.needs_words(r"The factor is $\sqrt{2}$ and $\sum_i x_i$.")
    assert catalogue.needs_words(r"y = \begin{cases} 1 & \text{if even} \end{cases}")


# ----------------------------------------------------------------------------- what Sphinx does not translate


def test_comments_are_translated_and_code_is_not() -> None:
    """Lines of comment below each other are one sentence; a number sign inside a text is no comment."""
    code = 'x = "# one"  # first\n# a long\n# sentence\ny = 2\n'
    assert [words for words, *_place in languages.comments(code)] == ["first", "a long sentence"]
    words = {"first": "第一", "a long sentence": "一句长话", "one": "一"}
    new = languages.translate_comments(code, lambda text: words.get(text, text))
    assert new == 'x = "# one"  # 第一\n# 一句长话\ny = 2\n'
    assert languages.translate_comments("%magic\nno python (", str.upper) == "%magic\nno python ("


def test_a_figure_gets_labels_where_its_words_stood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Centered words stay centered. Outlines that other words use stay, and words without a translation."""
    monkeypatch.setattr(languages, "translator", lambda *_of: lambda text: {"input": "输入"}.get(text, text))
    drawn = tmp_path / "figure.svg"
    drawn.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><g id="center-1">'
        '<g data-words="input" style="fill: red" transform="translate(10 20) scale(0.1 -0.1)">'
        '<defs><path id="i"/></defs>'
        '<use xlink:href="#i"/><use xlink:href="#i" transform="translate(145 0)"/></g></g>'
        '<g id="left-2"><g data-words="kernel"><use xlink:href="#i"/></g></g></svg>'
    )
    text = languages.translated_picture(drawn, "zh_CN").read_text()
    assert '<text transform="scale(1 -1)" x="100" text-anchor="middle" font-size="100"' in text
    assert ">输入</text>" in text
    assert text.count("<use") == 1
    assert '<path id="i"' in text
    assert "data-words" not in text


def test_a_changed_paragraph_says_so_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its old translation stays, with a link to the English page; the others have no such note."""
    from sphinx.application import Sphinx

    messages = tmp_path / "locales" / "zh_CN" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (tmp_path / "conf.py").write_text(
        textwrap.dedent(
            """
            project, extensions, html_baseurl = "book", ["languages"], "https://book.example/"
            locale_dirs, gettext_allow_fuzzy_translations = ["locales"], True
            exclude_patterns, html_search_language = ["out"], "en"  # the book has its own search
            from sphinx.application import Sphinx
            def setup(app: Sphinx) -> None:
                app.add_config_value("nb_code_prompt_show", "", "env")
            """
        )
    )
    (tmp_path / "index.rst").write_text("Title\n=====\n\nFirst line.\n\nSecond line, new.\n")
    (messages / "index.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "First line."\nmsgstr "第一行。"\n\n'
        '#, fuzzy\nmsgid "Second line, new."\nmsgstr "第二行，旧。"\n'
    )
    monkeypatch.setattr(languages, "LOCALES", tmp_path / "locales")
    languages.changed.cache_clear()
    languages.translator.cache_clear()
    out = tmp_path / "out"
    app = Sphinx(tmp_path, tmp_path, out, out / "trees", "html", {"language": "zh_CN"}, status=None)
    app.build()
    languages.changed.cache_clear()
    languages.translator.cache_clear()
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "<p>第一行。</p>" in text
    assert text.count('class="stale reference internal" href="../index.html"') == 1
    assert "第二行，旧。 <a" in text


# -------------------------------------------------------------------------------------------- the built pages


class Marks(HTMLParser):
    """What a page and its translation must have in common: how many of each."""

    COUNTED = ("h1", "h2", "h3", "math", "img", "pre", "video", "table", "tr", "details", "button", "input")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.links: list[str] = []
        self.inside = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "article":
            self.inside = True
        if self.inside and tag in self.COUNTED:
            self.count[tag] = self.count.get(tag, 0) + 1
        if tag == "a" and "language" in (found.get("class") or ""):
            self.links.append(str(found["href"]))

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "article"


def translated_pages() -> list[Path]:
    """The Chinese pages that a reader opens."""
    return [
        path
        for path in sorted(CHINESE.rglob("*.html"))
        if not {"_static", "_downloads"} & set(path.parts) and not path.name.endswith(".slides.html")
    ]


def test_a_page_and_its_translation_have_the_same_parts() -> None:
    """As many headings, formulas, figures, programs and rows; and each leads to the other."""
    pages = translated_pages()
    assert len(pages) > 100
    wrong = []
    for path in pages:
        name = path.relative_to(CHINESE)
        if name.name in ("404.html", "genindex.html"):
            continue
        there, here = Marks(SITE / name), Marks(path)
        differ = {tag for tag in Marks.COUNTED if there.count.get(tag) != here.count.get(tag)}
        wrong += [
            f"{name}: {there.count.get(tag)} {tag} in English, {here.count.get(tag)} in Chinese"
            for tag in differ
        ]
        ways = (
            {(path.parent / link).resolve() for link in here.links},
            {((SITE / name).parent / link).resolve() for link in there.links},
        )
        if ways != ({(SITE / name).resolve()}, {path.resolve()}):
            wrong.append(f"{name}: {here.links} and {there.links}")
    assert not wrong, "\n".join(wrong[:40])


def test_search_engines_learn_of_both_languages() -> None:
    """Each page names both of its addresses, and its own as the one that counts."""
    text = (CHINESE / "chapters" / "pooling.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN"' in text
    for page in (text, (SITE / "chapters" / "pooling.html").read_text(encoding="utf-8")):
        assert page.count('rel="alternate" hreflang=') == 2
        assert (
            'hreflang="zh-CN" href="https://convbook.readthedocs.io/en/latest/zh_CN/chapters/pooling.html"'
            in page
        )
        assert 'hreflang="en" href="https://convbook.readthedocs.io/en/latest/chapters/pooling.html"' in page
    assert (
        'rel="canonical" href="https://convbook.readthedocs.io/en/latest/zh_CN/chapters/pooling.html"' in text
    )


# Two of English's small words in one text, outside of code, of names of works and of what is marked English.
ENGLISH = """() => {
  const small = "\\\\b(?:the|of|is|are|and|with|that|from|this|for)\\\\b";
  const two = new RegExp(`${small}[^\\u3400-\\u9fff]*${small}`, "i");
  const apart = "code, pre, script, style, noscript, math, samp, kbd, em, [lang=en], .footnote, .citation";
  const out = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { data, parentElement } = walk.currentNode;
    const said = data.replace(/“[^”]*”/g, "");  // without the words of an error
    if (!parentElement.closest(apart) && two.test(said)) out.push(data.trim().slice(0, 90));
  }
  return out;
}"""
READ = [kind for kind in KINDS if not kind.startswith(("chapters/bibliography", "genindex", "search"))]


@pytest.mark.parametrize("kind", READ)
def test_no_english_sentence_is_left_on_a_chinese_page(browser: Browser, kind: str) -> None:
    """A page of each kind, with what its scripts write."""
    page = browser.new_context().new_page()
    page.goto((CHINESE / find(kind)).as_uri())
    page.wait_for_timeout(300)
    left = page.evaluate(ENGLISH)
    page.context.close()
    assert left == []


@pytest.mark.parametrize(
    "kind",
    [
        "index.html",
        "chapters/learning.html",
        "auto_gallery/index.html",
        "explorer.html",
        "search.html?q=padding",
    ],
)
def test_axe_finds_no_fault_in_chinese(browser: Browser, axe: str, kind: str) -> None:
    """On a phone, where words of another length could be cut off or run into each other."""
    page = browser.new_context(reduced_motion="reduce", **VIEWS["phone"]).new_page()
    path, _, query = find(kind).partition("?")
    page.goto((CHINESE / path).as_uri() + (f"?{query}" if query else ""))
    page.wait_for_timeout(300)
    found = axe_faults(page, axe)
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert found == []
    assert wide <= 390


# What a Chinese learner types, the page that answers, and among the first how many results it must be.
QUESTIONS = [
    ("卷积输出大小怎么算", "chapters/", 3),
    ("填充怎么选", "chapters/padding_stride", 3),
    ("为什么卷积核用奇数", "chapters/padding_stride", 3),
    ("步幅为2时same填充", "chapters/padding_stride", 3),
    ("期望3维或4维输入", "chapters/error_gallery", 8),
    ("感受野", "chapters/receptive_fields", 3),
    ("池化", "chapters/pooling", 3),
    ("最大汇聚的梯度", "pooling", 3),
    ("反卷积", "chapters/transposed", 3),
    ("转置卷积的棋盘格", "chapters/transposed", 3),
    ("深度可分离卷积", "chapters/channels", 3),
    ("1×1卷积有什么用", "chapters/channels", 1),
    ("分组卷积", "channels", 3),
    ("卷积和互相关有什么区别", "chapters/correlation", 3),
    ("边缘检测", "edges", 3),
    ("学习率太大为什么会发散", "chapters/learning", 3),
    ("动量", "chapters/learning", 3),
    ("反向传播", "chapters/gradients", 3),
    ("输出为什么变小", "chapters/", 3),
    ("平移不变性", "chapters/", 3),
    ("参数共享", "chapters/", 3),
    ("残差块", "chapters/from_lenet_to_resnet", 3),
    ("批量规范化", "chapters/", 3),
    ("空洞卷积", "chapters/", 3),
    ("GPU上的结果为什么不一样", "chapters/gpu", 3),
    ("Winograd算法", "chapters/algorithms", 3),
    ("检查自己的算子", "chapters/check_your_kernel", 3),
    ("多个进程", "chapters/many_workers", 3),
    ("手写数字识别", "chapters/", 3),
    ("corr2d", "reference/generated/convbook.correlation", 3),
]


@pytest.fixture(scope="module")
def search_page(browser: Browser) -> Iterator[Page]:
    """Return the Chinese search page, opened from a folder."""
    page = browser.new_context().new_page()
    yield page
    page.context.close()


@pytest.mark.parametrize(("question", "wanted", "among"), QUESTIONS)
def test_the_search_finds_words_inside_sentences(
    search_page: Page, question: str, wanted: str, among: int
) -> None:
    """What a learner types leads to the page that answers, with Chinese words for the kinds of pages."""
    search_page.goto(f"{(CHINESE / 'search.html').as_uri()}?q={quote_plus(question)}")
    search_page.wait_for_selector("#search-results p")
    links = search_page.eval_on_selector_all(
        "#search-results li a", "all => all.map((a) => a.getAttribute('href'))"
    )
    assert any(wanted in link for link in links[:among]), links[:8]
