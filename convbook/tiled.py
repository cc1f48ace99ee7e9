"""Images larger than the memory: filtered tile by tile, from a file into a file.

A tile of the output needs the input's rows and columns under it and the halo around them
(:func:`convbook.needed_input`); nothing else is read.  Dask runs the tiles [1]_, Zarr stores them [2]_: one
chunk a tile, written whole or not at all, with a checksum.  So a run that was interrupted goes on where it
ended.

Both are optional: ``pip install convbook[tiles]``.

References
----------
.. [1] M. Rocklin, "Dask: Parallel Computation with Blocked algorithms and Task Scheduling", SciPy 2015.
   https://doi.org/10.25080/Majora-7b98e3ed-013
.. [2] A. Miles et al., "Zarr-Python".  https://doi.org/10.5281/zenodo.3773449
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, PaddingLike, describe, integer, pair
from convbook.conv import conv2d
from convbook.geometry import output_size, padding_sides
from convbook.pieces import Piece, needed_input, tiles

if TYPE_CHECKING:
    import os

    import zarr

__all__ = ["filter_file"]

_LARGEST_CHUNK = 1 << 28
"""Bytes of one chunk of the source at most: a stored chunk is read whole, whatever part of it is asked
for."""


def filter_file(
    source: Any,
    target: str | os.PathLike[str],
    kernel: Tensor,
    stride: IntOrPair = 1,
    padding: PaddingLike = "same",
    *,
    tile: int = 1024,
    threads: int = 1,
    progress: bool = True,
) -> zarr.Array[Any]:
    """Cross-correlate an image that does not fit into memory with a kernel, tile by tile.

    Call it again with the same arguments after an interruption: finished tiles are checked and kept, torn
    ones are computed again.

    Parameters
    ----------
    source : array
        The image, (rows, columns): a Zarr array, a ``numpy.memmap``, or whatever has a shape, a dtype and
        gives a NumPy array for ``source[a:b, c:d]``.
    target : path
        Folder of the Zarr array that is written; new, or left by an earlier call.
    kernel : Tensor
        Shape (kernel rows, kernel columns), in the dtype of `source`.
    stride, padding
        As for :func:`convbook.conv2d`; "same" keeps the size.
    tile : int, optional
        Rows and columns of an output tile.
    threads : int, optional
        Tiles that are computed at a time.  Each takes a few times tile² numbers of memory.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    zarr.Array
        The result, on the disk, with a chunk for each tile.  The same numbers as ``conv2d`` of the whole
        image.

    Raises
    ------
    ValueError
        If the kernel does not fit, `source` is no matrix or is stored in chunks too large to be read piece by
        piece, or `target` holds the result of another call.
    TypeError
        If the dtypes differ, or `source` is no array.
    OSError
        If the disk is full.  What was written remains; the same call goes on from there.
    ModuleNotFoundError
        If Dask or Zarr is not installed.

    See Also
    --------
    convbook.needed_input : which rows a tile reads.
    convbook.conv2d : an image that fits into memory.

    Examples
    --------
    >>> import tempfile
    >>> X, K = np.arange(16.0).reshape(4, 4), torch.ones(2, 2).double()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     filter_file(X, folder + "/y", K, padding=0, tile=2, progress=False)[:]
    array([[10., 14., 18.],
           [26., 30., 34.],
           [42., 46., 50.]])
    """
    plan = _plan(source, kernel, stride, padding, tile)
    integer("threads", threads, 1)
    result = _open(Path(target), plan)
    waiting = [place for place in plan.places() if not _is_whole(Path(target), result, place)]
    _room_for(Path(target), plan, len(waiting))
    try:
        _compute(plan, source, kernel, result, waiting, threads, progress)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        done = sum(_is_whole(Path(target), result, place) for place in plan.places())
        raise OSError(
            errno.ENOSPC,
            f"the disk is full; {done} of {len(plan.places())} tiles are in {target}: make room and call "
            "again, it goes on from there",
        ) from problem
    return result


# ---------------------------------------------------------------------------------------------- inner steps


class _Plan(NamedTuple):
    """What each tile reads, on both axes, and how the result is stored."""

    rows: list[tuple[tuple[int, int], Piece]]
    columns: list[tuple[tuple[int, int], Piece]]
    stride: tuple[int, int]
    size: tuple[int, int]
    tile: int
    dtype: np.dtype[Any]
    call: str

    def places(self) -> list[tuple[int, int]]:
        return [(i, j) for i in range(len(self.rows)) for j in range(len(self.columns))]

    def region(self, place: tuple[int, int]) -> tuple[slice, slice]:
        (row, _), (column, _) = self.rows[place[0]], self.columns[place[1]]
        return slice(*row), slice(*column)


def _plan(source: Any, kernel: Any, stride: Any, padding: Any, tile: Any) -> _Plan:
    """Judge the call, and work out every tile's pieces, before anything is read or written."""
    if not hasattr(source, "shape") or not hasattr(source, "dtype") or isinstance(source, Tensor):
        raise TypeError(f"source must be an array on the disk, or a NumPy array, got {describe(source)}")
    if len(source.shape) != 2:
        raise ValueError(f"source must have 2 dimensions (rows, columns), got shape {tuple(source.shape)}")
    dtype = np.dtype(source.dtype)
    try:
        pixel = torch.from_numpy(np.empty((1, 1), dtype.newbyteorder("=")))
    except TypeError:
        raise TypeError(f"source must hold numbers that torch knows, got {dtype}") from None
    K = _judge.matrix("kernel", kernel)
    _judge.same_dtype(source=pixel, kernel=K)
    size = (int(source.shape[0]), int(source.shape[1]))
    _chunks_are_small(source, dtype)
    step, most = pair("stride", stride, 1), integer("tile", tile, 1)
    around = padding_sides(padding, (K.shape[0], K.shape[1]), step, (1, 1))
    out = output_size(size, (K.shape[0], K.shape[1]), step, around)
    rows, columns = (
        [(run, needed_input(run, size[a], K.shape[a], step[a], around[a])) for run in tiles(out[a], most)]
        for a in (0, 1)
    )
    call = f"{size} {dtype} {step} {around} {tuple(K.shape)}".encode() + K.contiguous().numpy().tobytes()
    return _Plan(rows, columns, step, out, most, dtype, hashlib.sha256(call).hexdigest())


def _chunks_are_small(source: Any, dtype: np.dtype[Any]) -> None:
    rows, columns = getattr(source, "chunks", None) or (1, 1)
    size = rows * columns * dtype.itemsize
    if size > _LARGEST_CHUNK:
        raise ValueError(
            f"source is stored in chunks of {rows}×{columns} numbers, {size / 2**20:.0f} MiB, and a chunk is "
            f"read whole for each tile; at most {_LARGEST_CHUNK / 2**20:.0f} MiB are allowed: store it again "
            "in smaller chunks, 1024×1024 for example"
        )


def _open(target: Path, plan: _Plan) -> zarr.Array[Any]:
    """Open what an earlier call left, or make an empty array."""
    import zarr
    from zarr.codecs import Crc32cCodec

    if not target.exists():
        return zarr.create_array(
            str(target),
            shape=plan.size,
            chunks=(plan.tile, plan.tile),
            dtype=plan.dtype.newbyteorder("="),
            compressors=[Crc32cCodec()],
            attributes={"convbook": plan.call},
            config={"write_empty_chunks": True},
        )
    try:
        array = zarr.open_array(str(target), mode="r+", config={"write_empty_chunks": True})
    except (FileNotFoundError, ValueError) as problem:
        raise ValueError(f"target {target} exists and is no Zarr array; name a new folder") from problem
    if array.attrs.get("convbook") != plan.call or array.chunks != (plan.tile, plan.tile):
        raise ValueError(
            f"target {target} holds the result of another call (another image size, kernel, stride, padding "
            "or tile); name a new folder, or delete this one"
        )
    return array


def _is_whole(target: Path, array: zarr.Array[Any], place: tuple[int, int]) -> bool:
    """Return whether a tile is on the disk and its checksum holds."""
    if not (target / array.metadata.encode_chunk_key(place)).exists():  # Zarr would return zeros
        return False
    try:
        array.blocks[place]
    except ValueError:  # the checksum
        return False
    return True


def _room_for(target: Path, plan: _Plan, count: int) -> None:
    """Refuse to start where the tiles that are missing cannot all be written."""
    needed = count * plan.tile * plan.tile * plan.dtype.itemsize
    free = shutil.disk_usage(target).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"the disk of {target} has {free / 2**20:.0f} MiB left, and {count} tiles of "
            f"{plan.tile}×{plan.tile} need {needed / 2**20:.0f} MiB: make room, or name another folder",
        )


def _compute(
    plan: _Plan,
    source: Any,
    kernel: Tensor,
    result: zarr.Array[Any],
    waiting: list[tuple[int, int]],
    threads: int,
    progress: bool,
) -> None:
    """Let Dask run the tiles; each reads its piece, convolves it and writes its chunk."""
    from dask.base import compute
    from dask.delayed import delayed
    from dask.diagnostics.progress import ProgressBar

    def one(place: tuple[int, int]) -> None:
        result[plan.region(place)] = _tile(plan, source, kernel, place)

    work = [delayed(one, pure=False)(place) for place in waiting]
    scheduler = "threads" if threads > 1 else "synchronous"
    with ProgressBar() if progress else contextlib.nullcontext():
        compute(*work, scheduler=scheduler, num_workers=threads, optimize_graph=False)


def _tile(plan: _Plan, source: Any, kernel: Tensor, place: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Read the piece of one tile and convolve it with what remains of the padding."""
    (_, down), (_, along) = plan.rows[place[0]], plan.columns[place[1]]
    base: object = getattr(source, "base", None)
    if isinstance(source, np.memmap) and isinstance(base, mmap.mmap) and source.filename is not None:
        # Opened for this tile alone: pages that were read stay in the process as long as the map is open.
        order: Any = "C" if source.flags.c_contiguous else "F"
        source = np.memmap(source.filename, source.dtype, "r", source.offset, source.shape, order)
    piece = np.array(
        source[down.start : down.stop, along.start : along.stop], dtype=plan.dtype.newbyteorder("=")
    )
    around = ((down.before, down.after), (along.before, along.after))
    output = conv2d(torch.from_numpy(piece)[None, None], kernel[None, None], None, plan.stride, around)
    return output[0, 0].numpy()
