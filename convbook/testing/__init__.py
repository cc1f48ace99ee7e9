"""Hold your own kernel, of any framework, against the definition.

>>> import torch
>>> from convbook.testing import check_kernel
>>> def my_max_pool2d(input, kernel_size, stride=None, padding=0):
...     padded = torch.nn.functional.pad(input, [padding] * 4)  # with zeros
...     return torch.nn.functional.max_pool2d(padded, kernel_size, stride)
>>> report = check_kernel("max_pool2d", my_max_pool2d, cases=120)
>>> print(report.causes[0].words)
pads with zeros, which are larger than negative pixels

From a shell, ``python -m convbook check my_module:my_max_pool2d --name max_pool2d`` does the same.
"""

from __future__ import annotations

from convbook.testing.calls import Case, cases, features
from convbook.testing.kernel_check import check_kernel
from convbook.testing.reports import Failure, Report
from convbook.testing.vectors import write_vectors

__all__ = ["Case", "Failure", "Report", "cases", "check_kernel", "features", "write_vectors"]
