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

extensions = [
    # what ends a build that has nothing to do
    "nothing_new",
    "only_when_needed",
    # what must happen before the others look: what a stopped build left, the kernel, the keys, the reference's pages, the identity
    "interrupted",
    "same_bytes",
    "forked_kernel",
    "staleness",
    "reference_pages",
    "identity",
    # what reads the sources
    "myst_nb",
    "sphinx_gallery.gen_gallery",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx.ext.intersphinx",
    "sphinxcontrib.bibtex",
    "sphinxcontrib.video",
    "sphinx_design",
    "temml_math",
    "exercise",
    "front_page",
    "figure_text",
    "explorer",
    # what finishes the pages
    "sphinx_copybutton",
    "sphinxext.opengraph",
    "notfound.extension",
    "sphinx_sitemap",
    "walls",
    "accessible",
    "lean",
    "policy",
    "book_file",
]

templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "_generated",
    "node_modules",
    "jupyter_execute",
    # Gallery pages exist as .rst and .ipynb.  MyST-NB would take the second, run it again, and lose every label.
    "auto_gallery/**.ipynb",
    "auto_gallery/**/GALLERY_HEADER.rst",
    "**/README.md",
]
nitpicky = True
default_role = "code"
toc_object_entries = False
python_use_unqualified_type_names = True
add_module_names = False
today = ""
html_last_updated_fmt = None
suppress_warnings = [
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
nb_kernel_rgx_aliases = {"python3": "convbook"}
nb_output_stderr = "show"
nb_merge_streams = True
nb_number_source_lines = False
nb_mime_priority_overrides = [("html", "image/svg+xml", 5)]

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
    "subsection_order": "front_page.section_order",
    "doc_module": ("convbook",),
    "backreferences_dir": "auto_gallery/backreferences",
    "image_scrapers": ("themed_figures.svg_scraper",),
    "reset_modules": ("themed_figures.reset_style",),
    "reset_modules_order": "before",
    "matplotlib_animations": (True, "mp4"),
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "remove_config_comments": True,
    "abort_on_example_error": False,
    "thumbnail_size": (400, 280),
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
html_theme = "furo"
html_title = "ConvBook"
html_static_path = ["_static", "_generated"]
html_favicon = "_generated/favicon.svg"
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"}), ("versions.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_search_language = "en"
html_show_search_summary = False  # search.js shows what each page says of itself, without fetching it
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/versions.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def page_colours(shade: int) -> dict[str, str]:
    """The theme's colours for the pages, the same as for the figures: 0 is light, 1 is dark."""
    colour = {role: pair[shade] for role, pair in THEME.items()}
    return {
        "color-background-primary": colour["paper"],
        "color-background-secondary": ("#f3f1eb", "#1b2029")[shade],
        "color-background-hover": ("#e9e6de", "#252b36")[shade],
        "color-background-border": colour["hair"],
        "color-foreground-primary": colour["ink"],
        "color-foreground-secondary": colour["quiet"],
        "color-foreground-muted": colour["quiet"],
        "color-foreground-border": colour["quiet"],
        "color-brand-primary": colour["cool"],
        "color-brand-content": ("#0c5f7b", colour["cool"])[shade],
        "color-brand-visited": colour["violet"],
        "color-warm": colour["warm"],
        "color-cool": colour["cool"],
        "color-code-background": ("#f3f1eb", "#1b2029")[shade],
        "color-code-foreground": colour["ink"],
        "color-inline-code-background": ("#efece5", "#232935")[shade],
        "color-api-background": ("#f3f1eb", "#1b2029")[shade],
        "color-api-name": colour["ink"],
        "color-api-pre-name": colour["quiet"],
        "color-problematic": colour["warm"],
        "color-admonition-background": ("#f3f1eb", "#1b2029")[shade],
    }


html_theme_options = {
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
    "sidebar_hide_name": True,
    "light_css_variables": page_colours(0),
    "dark_css_variables": page_colours(1),
}

epub_show_urls = "no"
epub_exclude_files = ["404.xhtml", "_headers"]
epub_tocdepth = 2

copybutton_selector = "div.highlight:not(.output *) pre"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_remove_prompts = True

ogp_site_url = html_baseurl
ogp_site_name = project
ogp_image = "_static/card.png"
ogp_image_alt = "The word ConvBook in pixels, its edges coloured warm and cool by a convolution."
ogp_social_cards = {"enable": False}
ogp_enable_meta_description = True

notfound_urls_prefix = "/" + html_baseurl.split("/", 3)[3]
notfound_context = {"title": "Page not found"}
notfound_template = "notfound.html"
sitemap_url_scheme = "{link}"
sitemap_show_lastmod = False
sitemap_excludes = ["search.html", "genindex.html", "404.html"]
