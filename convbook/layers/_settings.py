"""What layers without parameters share: they show their settings."""

from __future__ import annotations

import inspect

from torch import nn


class Settings(nn.Module):
    """A layer whose arguments are attributes of the same names."""

    def extra_repr(self) -> str:
        """Return the settings as the layer's call would have them."""
        names = inspect.signature(type(self)).parameters
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
