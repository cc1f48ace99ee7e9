"""The page's torch, loaded under another name beside the real one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "docs" / "_static" / "code" / "torch.py"


def load(name: str = "page_torch") -> Any:
    """Return the module."""
    if name not in sys.modules:
        found = importlib.util.spec_from_file_location(name, SOURCE)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules[name] = module
        found.loader.exec_module(module)
    return sys.modules[name]
