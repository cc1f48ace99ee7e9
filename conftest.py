"""Runs the examples of the pages outside the package: README and the like (`nox -s doctest`)."""

from __future__ import annotations

import doctest

try:
    from sybil import Sybil
    from sybil.parsers.myst import DocTestDirectiveParser, PythonCodeBlockParser
except ImportError:  # sessions without the tests' tools
    pass
else:
    pytest_collect_file = Sybil(
        parsers=[
            PythonCodeBlockParser(doctest_optionflags=doctest.NORMALIZE_WHITESPACE),
            DocTestDirectiveParser(optionflags=doctest.NORMALIZE_WHITESPACE),
        ],
        patterns=["*.md"],
    ).pytest()
