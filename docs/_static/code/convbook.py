"""What the page has of convbook: the definition itself, sizes, and the layer's arithmetic by the page's torch."""

from __future__ import annotations

from typing import Any

from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d, fold, max_pool2d, unfold

from convbook.correlation import convolve2d, corr2d, corr2d_multi_in, corr2d_multi_in_out
from convbook.geometry import output_size, same_padding

__all__ = [
    "avg_pool2d",
    "conv2d",
    "conv_transpose2d",
    "convolve2d",
    "corr2d",
    "corr2d_multi_in",
    "corr2d_multi_in_out",
    "fold",
    "max_pool2d",
    "output_size",
    "same_padding",
    "unfold",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"`convbook.{name}` is not in the page; in the notebook it works")
