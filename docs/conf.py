"""How the book is built: ``sphinx-build -W -n --keep-going -b html docs docs/_build/html`` from the root of the repository.

Nothing here reaches the network, except the first build's ``npm ci`` of what ``docs/package-lock.json`` locks.  What needs an
explanation of its own is in ``docs/_ext/``, one small extension for each thing.
"""

from __future__ import annotations

import ast
import logging
import os
import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(DOCS / "_ext"))
sys.path.insert(0, str(ROOT))

from themed_figures import THEME

# Matplotlib must not look for a screen, nor a figure depend on the number of cores.
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# An extension turns every library's reports on; a warning of ours would drown in the names of a font's glyphs.
for library in ("fontTools", "matplotlib"):
    logging.getLogger(library).setLevel(logging.WARNING)


def package_version() -> str:
    """The version from the package's text: importing it would import torch, which a build with nothing to do can spare."""
    for node in ast.parse((ROOT / "convbook/__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__":
            return str(ast.literal_eval(node.value))
    raise RuntimeError("convbook/__init__.py has no __version__")


# -- The book ------------------------------------------------------------------------------------------------------------

project = "ConvBook"
author = "The ConvBook contributors"
copyright = "The ConvBook contributors"  # no year: a build tomorrow must give the same bytes
release = version = package_version()
language = "en"
locale_dirs = ["locales"]
gettext_compact = False
gettext_uuid = False
gettext_allow_fuzzy_translations = True  # the page says that its English has changed
gettext_location = False  # a catalogue changes where a text changes, and not where it moved

extensions = [
    # what must happen before the others look: the kernel, the key of the outputs, the reference's pages, the identity
    "forked_kernel",
    "staleness",
    "reference_pages",
    "identity",
    "languages",
    # what reads the sources
    "myst_nb",
    "sphinx_gallery.gen_gallery",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx.ext.intersphinx",
    "sphinxcontrib.bibtex",
    "sphinxcontrib.video",
    "temml_math",
    "exercise",
    "code_in_page",
    "front_page",
    "figure_text",
    "explorer",
    # what finishes the pages
    "book_theme",
    "search_index",
    "sphinx_sitemap",
    "policy",
    "take_along",
    "paper",
]

exclude_patterns = [
    "**/__pycache__",  # Python leaves it beside the page's torch.py and the readers of vectors, and it names its machine
    "_build",
    "_generated",
    "node_modules",
    "jupyter_execute",
    # Gallery pages exist as .rst and .ipynb.  MyST-NB would take the second, run it again, and lose every label.
    "auto_gallery/**.ipynb",
    "auto_gallery/**/GALLERY_HEADER.rst",
    "**/README.md",
    # What the figures are drawn with, and the build's own notes, are no files of the pages.
    "**/figure-*.ttf",
    "**/fonts.txt",
    "**/key.txt",
]
nitpicky = True
default_role = "code"
toc_object_entries = False
python_use_unqualified_type_names = True
add_module_names = False
today = ""
html_last_updated_fmt = None
suppress_warnings = [
    *(["toc.excluded", "toc.not_readable"] if os.environ.get("CONVBOOK_ONLY") else []),
    "config.cache",
    "epub.unknown_project_files",  # films stay out of the EPUB: it has words in their place
    "ref.citation",  # a docstring may list a source that its text does not cite by number
]

# A writer's shortcut: CONVBOOK_ONLY="chapters/edges gallery/edges" builds only these.
only = os.environ.get("CONVBOOK_ONLY", "").split()
if only:
    chosen = {part.removeprefix("chapters/") for part in only if part.startswith("chapters/")}
    exclude_patterns += [
        f"chapters/{page.name}"
        for page in (DOCS / "chapters").glob("*.md")
        if page.stem not in chosen | {"index"}
    ]

# -- Chapters ------------------------------------------------------------------------------------------------------------

myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "fieldlist",
    "substitution",
]
myst_heading_anchors = 4
myst_update_mathjax = False
myst_links_external_new_tab = False
nb_execution_mode = "cache"
nb_execution_cache_path = str(DOCS / "_build/.jupyter_cache")
nb_execution_raise_on_error = (
    False  # a failing page is a warning: -W fails at the end, --keep-going names them all
)
nb_execution_timeout = 300
nb_execution_show_tb = True
nb_execution_in_temp = True
nb_output_stderr = "show"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables, too
nb_number_source_lines = False
nb_mime_priority_overrides = [(builder, "image/svg+xml", 5) for builder in ("html", "singlehtml", "gettext")]

temml_macros = {
    r"\R": r"\mathbb{R}",
    r"\E": r"\mathbb{E}",
    r"\corr": r"\mathbin{\star}",
    r"\conv": r"\mathbin{\ast}",
    r"\pad": r"\operatorname{pad}",
}
html_math_renderer = "temml"
math_numfig = False

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "alpha"
bibtex_reference_style = "author_year"

# -- Gallery -------------------------------------------------------------------------------------------------------------


def gallery_ignored() -> str:
    """The file names that are left out: those with a leading underscore, and in a writer's shortcut other sections."""
    if not only:
        return r"^_"
    kept = [
        re.escape(script.name)
        for script in sorted((ROOT / "gallery").rglob("*.py"))
        if script.relative_to(ROOT)
        .as_posix()
        .startswith(tuple(part for part in only if part.startswith("gallery/")))
    ]
    return rf"^_|^(?!({'|'.join(kept) or 'nothing'})$)"


sphinx_gallery_conf = {
    "examples_dirs": "../gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": gallery_ignored(),
    "within_subsection_order": "FileNameSortKey",
    "subsection_order": [
        *(
            f"../gallery/{section}"
            for section in ("correlation", "edges", "padding_stride", "channels", "pooling")
        ),
        *(f"../gallery/{section}" for section in ("kernel_learning", "receptive_fields", "algorithms")),
        "*",
    ],
    "doc_module": ("convbook",),
    "backreferences_dir": "auto_gallery/backreferences",
    # A link from each variable to its class would be dozens on a page that all say Tensor.
    "inspect_global_variables": False,
    "image_scrapers": ("themed_figures.scraper",),
    "reset_modules": ("themed_figures.reset_style",),
    "reset_modules_order": "before",
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "remove_config_comments": True,
    "abort_on_example_error": False,
    "download_all_examples": False,
    "plot_gallery": "True",
    "capture_repr": ("_repr_html_", "__repr__"),
    "log_level": {"backreference_missing": "info", "gallery_examples": "info"},
}

# -- Reference -----------------------------------------------------------------------------------------------------------

autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_use_type_comments = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
numpydoc_use_plots = False

INVENTORIES = "_inventories"
intersphinx_mapping = {
    "python": ("https://docs.python.org/3/", f"{INVENTORIES}/python.inv"),
    "torch": ("https://docs.pytorch.org/docs/stable/", f"{INVENTORIES}/torch.inv"),
    "numpy": ("https://numpy.org/doc/stable/", f"{INVENTORIES}/numpy.inv"),
    "matplotlib": ("https://matplotlib.org/stable/", f"{INVENTORIES}/matplotlib.inv"),
}
intersphinx_timeout = 1

# -- Pages ---------------------------------------------------------------------------------------------------------------

html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "https://convbook.readthedocs.io/en/latest/")
html_theme = "book"  # in docs/_theme; docs/_ext/book_theme.py says what its templates get
html_title = project
html_static_path = ["_static", "_generated"]
html_favicon = "_generated/favicon.svg"
html_js_files = [("book.js", {"defer": "defer"})]
html_copy_source = False
html_domain_indices = False  # the reference lists the modules, in reading order
html_show_sourcelink = False
html_context = {
    # The colors of pages and figures, light and dark; the pages need some more than a figure does.
    "colors": THEME
    | {
        "shade": ("#f3f1eb", "#1b2029"),
        "code": ("#efece5", "#232935"),
        "rule": ("#8b8f97", "#6b7482"),
        "link": ("#0c5f7b", "#5cc4e3"),
        "shadow": ("#1c243040", "#000000a0"),
    },
}

epub_show_urls = "no"
epub_exclude_files = ["404.xhtml", "_headers"]
epub_tocdepth = 2

sitemap_url_scheme = "{link}"
sitemap_show_lastmod = False
sitemap_excludes = ["search.html", "genindex.html", "404.html"]
sitemap_locales = [None]  # one language a folder
