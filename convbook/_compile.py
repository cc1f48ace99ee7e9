"""The one place that knows numba, which compiles the loops of this package where it is installed.

numba is optional: ``pip install convbook[compiled]``.  ``import convbook`` does not import it.  Functions to
be compiled stand in modules of their own, which are imported at the first call that needs them; there
:func:`jit` decorates them.  numba compiles a function at its first call with each combination of dtypes,
which takes a few tenths of a second, and keeps the result on disk beside the module or in the user's cache.
"""

from __future__ import annotations

import functools
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

Function = TypeVar("Function", bound="Callable[..., Any]")

CONTRACT = {"contract"}
"""A product and a sum may be rounded once together.  What else numba offers ("nnan", "ninf") would let the
compiler assume that there is no NaN and no Inf."""


_KINDS = (Tensor, torch.nn.Parameter)


@functools.cache
def available() -> bool:
    """Return whether numba can be imported, without importing it."""
    return importlib.util.find_spec("numba") is not None


def readable(*tensors: Tensor | None) -> bool:
    """Return whether compiled loops, which torch does not see, may take these tensors.

    They need numbers in the CPU's memory, and a call that is neither recorded (``torch.compile``,
    ``torch.jit.trace``, ``make_fx``) nor transformed (``torch.func``, forward-mode differentiation, several
    gradients at once).

    Examples
    --------
    >>> import torch
    >>> readable(torch.ones(1)), readable(torch.ones(1, device="meta"))
    (True, False)
    >>> torch.func.vmap(lambda x: x * readable(x))(torch.ones(2))
    tensor([0., 0.])
    """
    # torch leaves some of its functions without types
    if torch.compiler.is_compiling() or torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
        return False
    # Nothing public tells whether a mode, such as that of make_fx, records the operations.
    return not is_in_torch_dispatch_mode() and all(map(_plain, tensors))


def _plain(x: Tensor | None) -> bool:
    return x is None or (
        type(x) in _KINDS
        and x.is_cpu
        and not wrapped(x)
        and torch.autograd.forward_ad.unpack_dual(x).tangent is None  # type: ignore[no-untyped-call]
    )


def wrapped(x: Tensor) -> bool:
    """Return whether vmap, grad or functionalize wraps a tensor, which then has no memory of its own."""
    if type(x) not in _KINDS or x.is_meta:
        return False
    try:
        return x.data_ptr() == 0 and x.numel() > 0
    except RuntimeError:
        return True


def jit(function: Function, *, reassociate: bool = False) -> Function:
    """Compile a function of numbers and NumPy arrays at its first call; other threads run meanwhile.

    A compiled function may call functions of its own module that are compiled too.  It must not call those of
    another module: numba's cache on disk would not notice when they change.  `reassociate` lets a sum over a
    row be added up in several parts at once, which is quick and rounds a little less.
    """
    import numba

    options: dict[str, Any] = {"nogil": True, "fastmath": CONTRACT | ({"reassoc"} if reassociate else set())}
    try:
        compiled: Function = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder in which it may write
        compiled = numba.njit(**options)(function)
    return compiled


def array(x: Tensor) -> np.ndarray[Any, Any]:
    """Return a CPU tensor as an array in row-major order; numbers are copied only where they lie otherwise.

    Examples
    --------
    >>> import torch
    >>> array(torch.tensor([[1, 2], [3, 4]]).T).ravel()
    array([1, 3, 2, 4])
    """
    return x.contiguous().numpy(force=True)


def in_parts(run: Callable[[int, int], Any], count: int, parts: int) -> None:
    """Call ``run(first, last)`` for consecutive parts of ``range(count)``, each in a thread of its own.

    The threads end with the call: one that waits for the next call would be missing in a forked process.
    A caller gives each part work of its own, so that results do not depend on the number of parts.

    Examples
    --------
    >>> seen = []
    >>> in_parts(lambda first, last: seen.append((first, last)), 5, 2)
    >>> sorted(seen)
    [(0, 2), (2, 5)]
    """
    parts = max(1, min(parts, count))
    if parts == 1:
        run(0, count)
        return
    edges = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts - 1) as pool:
        others = [pool.submit(run, *edges[part : part + 2]) for part in range(1, parts)]
        run(edges[0], edges[1])
        for other in others:
            other.result()
