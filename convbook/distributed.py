"""One image on several processes: each holds some rows, asks the others for the halo, and convolves alone.

The processes are torch's (:mod:`torch.distributed`): gloo on CPUs, NCCL on GPUs.  Which rows a process needs
is arithmetic (:func:`convbook.needed_input`), so every process knows all requests without asking, and one
round of messages suffices.  What is computed afterwards is a convolution of fewer rows, by any method.

The way back is the same exchange turned around: the gradient of a row that a neighbor read goes home to the
process that holds the row, and is added there.  The weight is on every process, so its gradient is the sum
over all of them.

References
----------
.. [1] P. Jin, B. Ginsburg and K. Keutzer, "Spatially Parallel Convolutions", ICLR 2018 workshop.
   https://openreview.net/forum?id=S1Yt0d1vG
.. [2] N. Dryden et al., "Improving Strong-Scaling of CNN Training by Exploiting Finer-Grained Parallelism",
   IPDPS 2019.  https://doi.org/10.1109/IPDPS.2019.00031
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import torch
import torch.distributed as dist
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, PaddingLike, integer, pair
from convbook.conv import conv2d
from convbook.geometry import output_size, padding_sides
from convbook.pieces import needed_input

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

__all__ = ["conv2d_rows", "exchange_rows", "shares"]

Run: TypeAlias = tuple[int, int]
"""Consecutive rows, (start, stop)."""


def shares(size: int, parts: int) -> list[Run]:
    """Divide the rows 0 … size − 1 into consecutive runs whose lengths differ by one at most.

    Parameters
    ----------
    size : int
        Rows to divide, at least as many as there are parts.
    parts : int
        Processes, at least 1.

    Returns
    -------
    list of tuple of int
        (start, stop) for each process; the first ones get the longer runs.

    Raises
    ------
    ValueError
        If there are fewer rows than parts.
    TypeError
        If a number is not an integer.

    See Also
    --------
    convbook.tiles : runs of a given length instead of a given number.

    Examples
    --------
    >>> shares(10, 4)
    [(0, 3), (3, 6), (6, 8), (8, 10)]
    """
    size, parts = integer("size", size, 1), integer("parts", parts, 1)
    if size < parts:
        raise ValueError(
            f"size must be at least parts, one row for each process: got {size} rows for {parts}"
        )
    length, longer = divmod(size, parts)
    edges = [part * length + min(part, longer) for part in range(parts + 1)]
    return [(edges[part], edges[part + 1]) for part in range(parts)]


def conv2d_rows(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
    *,
    input_rows: int,
    method: str = "auto",
    group: ProcessGroup | None = None,
) -> Tensor:
    """Convolve an image whose rows are shared by several processes; each gets its share of the output's rows.

    Every process of the group calls this with its own rows and the same setting.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, own rows, columns): the rows ``shares(input_rows, world)[rank]`` of the image.
    weight, bias : Tensor
        As for :func:`convbook.conv2d`, the same on every process.
    stride, padding, dilation, groups, method
        As for :func:`convbook.conv2d`, for the whole image; `padding` means zeros.
    input_rows : int
        Rows of the whole image.
    group : ProcessGroup, optional
        The processes that share the image; all of them by default.

    Returns
    -------
    Tensor
        Shape (batch, output channels, own output rows, output columns): the rows
        ``shares(output rows, world)[rank]`` of what :func:`convbook.conv2d` gives for the whole image.  Where
        gradients are asked for, those of the weight and the bias are summed over all processes.

    Raises
    ------
    ValueError, TypeError
        As :func:`convbook.conv2d`; also if this process holds another number of rows than its share, or there
        are fewer output rows than processes.  No message has been sent then.
    RuntimeError
        If the processes are not connected, or another process does not answer: it has ended, or the time-out
        of ``init_process_group`` has passed.

    See Also
    --------
    exchange_rows : the exchange alone.
    convbook.needed_input : which rows a process needs.

    Notes
    -----
    A process receives at most the halo of its share, d·(k − 1) + 1 − s rows, times columns,
    channels, batch and the bytes of a number; it computes its share of all multiplications.

    Examples
    --------
    With one process there is nothing to exchange:

    >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    >>> X = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d_rows(X, torch.ones(1, 1, 2, 2), input_rows=3)
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    >>> dist.destroy_process_group()
    """
    rank, world = _place(group)
    rows = integer("input_rows", input_rows, 1)
    setting = _whole_setting(input, weight, bias, stride, padding, dilation, groups, rows)
    held = shares(rows, world)
    _own_rows(input, held, rank, rows)
    outputs = setting.outputs
    if outputs < world:
        raise ValueError(
            f"the output would have {outputs} rows for {world} processes; each needs one at least: "
            "use fewer processes, or split the batch instead"
        )
    pieces = [
        needed_input(run, rows, setting.kernel, setting.stride, setting.ends, setting.dilation)
        for run in shares(outputs, world)
    ]
    image = exchange_rows(input, held, [(piece.start, piece.stop) for piece in pieces], group)
    own = pieces[rank]
    if torch.is_grad_enabled():
        weight = _SameEverywhere.apply(weight, group)  # type: ignore[no-untyped-call]
        bias = None if bias is None else _SameEverywhere.apply(bias, group)  # type: ignore[no-untyped-call]
    around = ((own.before, own.after), setting.columns)
    return conv2d(image, weight, bias, stride, around, dilation, groups, method=method)


def exchange_rows(
    rows: Tensor, held: list[Run], needed: list[Run], group: ProcessGroup | None = None
) -> Tensor:
    """Give each process the rows that it needs, wherever they are held.

    Parameters
    ----------
    rows : Tensor
        Shape (…, own rows, columns), the rows that this process holds.
    held, needed : list of tuple of int
        For each process of the group, the rows (start, stop) that it holds and that it needs.  The same lists
        on every process; the runs that are held follow each other.
    group : ProcessGroup, optional
        All processes by default.

    Returns
    -------
    Tensor
        Shape (…, needed rows, columns), in memory of its own.  Its gradient is sent back to the processes
        that hold the rows, and added there.

    Raises
    ------
    ValueError
        If the lists do not fit the group or the tensor, or a needed row is held by nobody.
    RuntimeError
        If another process does not answer.

    See Also
    --------
    conv2d_rows : asks for what a convolution needs.

    Examples
    --------
    >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    >>> exchange_rows(torch.tensor([[1.0], [2.0], [3.0]]), [(0, 3)], [(1, 3)])
    tensor([[2.],
            [3.]])
    >>> dist.destroy_process_group()
    """
    rank, world = _place(group)
    _judge.tensor("rows", rows)
    if len(held) != world or len(needed) != world:
        raise ValueError(
            f"held and needed must have one entry for each of {world} processes, got {len(held)} and "
            f"{len(needed)}"
        )
    for (_, stop), (start, _) in zip(held, held[1:], strict=False):
        if stop != start:
            raise ValueError(f"the runs in held must follow each other, got {held}")
    _own_rows(rows, held, rank, held[-1][1])
    for start, stop in needed:
        if not held[0][0] <= start <= stop <= held[-1][1]:
            raise ValueError(
                f"needed rows must lie between {held[0][0]} and {held[-1][1]}, got {(start, stop)}"
            )
    result: Tensor = _Exchange.apply(rows, tuple(held), tuple(needed), group)  # type: ignore[no-untyped-call]
    return result


# ---------------------------------------------------------------------------------------------- inner steps


class _Whole(NamedTuple):
    """The whole image's setting on the axis of rows, and its padding of columns."""

    kernel: int
    stride: int
    dilation: int
    ends: Run
    columns: Run
    outputs: int


def _whole_setting(
    input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any, rows: int
) -> _Whole:
    """Judge the call as one for the whole image, of which a tensor without numbers takes the place."""
    own = _judge.tensor("input", input)
    if own.dim() != 4:
        raise ValueError(
            f"input must have 4 dimensions (batch, channels, own rows, columns), got shape {tuple(own.shape)}"
        )
    whole = own.new_empty(1).expand(own.shape[0], own.shape[1], rows, own.shape[3])
    judged = _judge.conv2d_setting(whole, weight, bias, stride, padding, dilation, groups)
    kernel = (weight.shape[2], weight.shape[3])
    step, gap = pair("stride", stride, 1), pair("dilation", dilation, 1)
    around = padding_sides(padding, kernel, step, gap)
    outputs = output_size((rows, own.shape[3]), kernel, step, around, gap)[0]
    assert outputs == judged.output_size[0]
    return _Whole(kernel[0], step[0], gap[0], around[0], around[1], outputs)


def _place(group: ProcessGroup | None) -> Run:
    """Return this process's rank and the number of processes."""
    if not (dist.is_available() and dist.is_initialized()):
        raise RuntimeError(
            "the processes are not connected: call torch.distributed.init_process_group first, with a "
            "timeout, or start the script by torchrun"
        )
    return dist.get_rank(group), dist.get_world_size(group)


def _own_rows(rows: Tensor, held: list[Run], rank: int, total: int) -> None:
    start, stop = held[rank]
    if rows.dim() < 2 or rows.shape[-2] != stop - start:
        raise ValueError(
            f"process {rank} must hold the rows {start} to {stop - 1} of {total}, {stop - start} in all; "
            f"got shape {tuple(rows.shape)}"
        )


class _Exchange(torch.autograd.Function):
    """Rows that are held become rows that are needed."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, held: tuple[Run, ...], needed: tuple[Run, ...], group: Any) -> Tensor:
        ctx.held, ctx.needed, ctx.group = held, needed, group
        parts = _send_and_receive(rows, held, needed, group)
        return torch.cat([part for _, part in parts], -2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        home: Tensor = _Return.apply(  # type: ignore[no-untyped-call]
            grads[0], ctx.held, ctx.needed, ctx.group
        )
        return home, None, None, None


class _Return(torch.autograd.Function):
    """The exchange turned around; rows that come from several processes are added in the order of ranks."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, held: tuple[Run, ...], needed: tuple[Run, ...], group: Any) -> Tensor:
        ctx.held, ctx.needed, ctx.group = held, needed, group
        start, stop = held[dist.get_rank(group)]
        home = grad.new_zeros((*grad.shape[:-2], stop - start, grad.shape[-1]))
        for (first, last), part in _send_and_receive(grad, needed, held, group):
            home[..., first - start : last - start, :] += part
        return home

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        spread: Tensor = _Exchange.apply(  # type: ignore[no-untyped-call]
            grads[0], ctx.held, ctx.needed, ctx.group
        )
        return spread, None, None, None


class _SameEverywhere(torch.autograd.Function):
    """A tensor that every process has: its gradient is the sum over all processes."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, group: Any) -> Tensor:
        ctx.group = group
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        total = grads[0].contiguous().clone()
        with _Answered("the gradients of the weight"):
            dist.all_reduce(total, group=ctx.group)
        return total, None


def _send_and_receive(
    rows: Tensor, mine: tuple[Run, ...], theirs: tuple[Run, ...], group: Any
) -> list[tuple[Run, Tensor]]:
    """Send each process the own rows that lie in its run of `theirs`; return the parts that arrive here.

    The parts come in the order of the ranks, each with the rows that it consists of.
    """
    rank, start = dist.get_rank(group), mine[dist.get_rank(group)][0]
    messages, arriving = [], []
    for other in range(len(mine)):
        first, last = _common(mine[rank], theirs[other])
        if first < last and other != rank:
            part = rows[..., first - start : last - start, :].contiguous()
            messages.append(dist.P2POp(dist.isend, part, group=group, group_peer=other))
        first, last = _common(mine[other], theirs[rank])
        if other == rank:
            arriving.append(((first, last), rows[..., first - start : last - start, :]))
        elif first < last:
            part = rows.new_empty((*rows.shape[:-2], last - first, rows.shape[-1]))
            messages.append(dist.P2POp(dist.irecv, part, group=group, group_peer=other))
            arriving.append(((first, last), part))
    with _Answered("rows"):
        for request in dist.batch_isend_irecv(messages) if messages else []:
            request.wait()
    return arriving


def _common(one: Run, other: Run) -> Run:
    """Return the rows in both runs; an empty run at a harmless place where there are none."""
    first = max(one[0], other[0])
    return first, max(first, min(one[1], other[1]))


class _Answered:
    """Turn a broken or late message into a sentence."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, RuntimeError):
            raise RuntimeError(
                f"process {dist.get_rank()} waited for {self.what} that did not come: another process has "
                "ended, or was slower than the time-out of init_process_group; torch says: "
                f"{str(problem)[:200]}"
            ) from problem
