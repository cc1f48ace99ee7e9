"""A file filtered tile by tile equals the image filtered whole, also after an interruption."""

from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple

import numpy as np
import pytest
import torch
import zarr

from convbook import conv2d, tiled
from convbook.tiled import filter_file


def numbers(*shape):
    return torch.randint(-9, 10, shape, generator=torch.Generator().manual_seed(1)).float()


def chunk_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "zarr.json")


class Counting:
    """An image that counts its reads, and fails at one of them."""

    def __init__(self, array, fails_at=None, error=KeyboardInterrupt):
        self.array, self.reads, self.fails_at, self.error = array, 0, fails_at, error
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, at):
        self.reads += 1
        if self.reads == self.fails_at:
            raise self.error
        return self.array[at]


@pytest.mark.parametrize("kernel", [(3, 3), (1, 1), (4, 2), (7, 5)])
@pytest.mark.parametrize(("stride", "padding"), [(1, "same"), ((2, 3), ((0, 1), (2, 0)))])
def test_equals_the_whole_image(tmp_path, kernel, stride, padding):
    """The same bits, for tiles smaller than the kernel too."""
    X, K = numbers(23, 17), numbers(*kernel)
    whole = conv2d(X[None, None], K[None, None], None, stride, padding)[0, 0]
    Y = filter_file(X.numpy(), tmp_path / "y", K, stride, padding, tile=5, progress=False, threads=2)
    assert np.array_equal(Y[:], whole.numpy())
    assert len(chunk_files(tmp_path / "y")) == -(-whole.shape[0] // 5) * -(-whole.shape[1] // 5)


@pytest.mark.parametrize("order", ["C", "F"])
def test_reads_files(tmp_path, order):
    """A memory-mapped file and a Zarr array are read piece by piece; big-endian numbers are understood."""
    X, K = numbers(20, 12), numbers(3, 3)
    expected = conv2d(X[None, None], K[None, None], padding="same")[0, 0].numpy()
    mapped = np.memmap(tmp_path / "x.bin", ">f4", "w+", 8, (20, 12), order)
    mapped[:] = X.numpy()
    stored = zarr.create_array(str(tmp_path / "x"), data=X.numpy(), chunks=(7, 5))
    for name, source in (("a", mapped), ("b", stored)):
        Y = filter_file(source, tmp_path / name, K, tile=8, progress=False)
        assert np.array_equal(Y[:], expected)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.ENOSPC, "no space")])
def test_goes_on_after_an_interruption(tmp_path, error):
    """Nothing is lost and nothing is computed twice: 12 reads for 12 tiles in both runs together."""
    X, K = numbers(16, 12), numbers(3, 3)
    first = Counting(X.numpy(), fails_at=6, error=error)
    with pytest.raises((KeyboardInterrupt, OSError)) as problem:
        filter_file(first, tmp_path / "y", K, tile=4, progress=False)
    if isinstance(error, OSError):
        assert "5 of 12 tiles" in str(problem.value)
    second = Counting(X.numpy())
    Y = filter_file(second, tmp_path / "y", K, tile=4, progress=False)
    assert second.reads == 7
    assert np.array_equal(Y[:], conv2d(X[None, None], K[None, None], padding="same")[0, 0].numpy())


def test_a_torn_tile_is_computed_again(tmp_path):
    """Half a chunk, or one with other bytes, is no result; a tile of zeros is one."""
    X, K = torch.zeros(8, 8), numbers(3, 3)
    X[:4] = 1
    filter_file(X.numpy(), tmp_path / "y", K, tile=4, progress=False)
    whole = [path.read_bytes() for path in chunk_files(tmp_path / "y")]
    files = chunk_files(tmp_path / "y")
    files[0].write_bytes(whole[0][:30])
    files[1].write_bytes(bytes(len(whole[1])))
    again = Counting(X.numpy())
    filter_file(again, tmp_path / "y", K, tile=4, progress=False)
    assert again.reads == 2
    assert [path.read_bytes() for path in files] == whole


def test_a_full_disk_is_seen_before_the_first_tile(tmp_path, monkeypatch):
    """With less room than the tiles need nothing is computed."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 100))
    source = Counting(np.zeros((8, 8), "f4"))
    with pytest.raises(OSError, match="make room"):
        filter_file(source, tmp_path / "y", torch.ones(3, 3), tile=4, progress=False)
    assert source.reads == 0


def test_another_call_does_not_mix_with_this_one(tmp_path):
    """A target of another kernel, another tile or no array at all is refused, and stays as it is."""
    X = np.ones((8, 8), "f4")
    filter_file(X, tmp_path / "y", torch.ones(3, 3), tile=4, progress=False)
    before = [path.read_bytes() for path in chunk_files(tmp_path / "y")]
    for kernel, tile in ((torch.zeros(3, 3), 4), (torch.ones(3, 3), 8)):
        with pytest.raises(ValueError, match="another call"):
            filter_file(X, tmp_path / "y", kernel, tile=tile, progress=False)
    assert [path.read_bytes() for path in chunk_files(tmp_path / "y")] == before
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "photo.jpg").write_text("mine")
    with pytest.raises(ValueError, match="no Zarr array"):
        filter_file(X, tmp_path / "z", torch.ones(3, 3), progress=False)
    assert os.listdir(tmp_path / "z") == ["photo.jpg"]


def test_what_is_refused(tmp_path, monkeypatch):
    """Before anything is written."""
    X, K, y = np.ones((8, 8), "f4"), torch.ones(3, 3), tmp_path / "y"
    monkeypatch.setattr(tiled, "_LARGEST_CHUNK", 100)
    stored = zarr.create_array(str(tmp_path / "x"), data=X, chunks=(8, 8))
    for source, kernel, options, kind, words in (
        (stored, K, {}, ValueError, "chunks of 8×8"),
        (X.astype("f8"), K, {}, TypeError, "dtype"),
        (X[0], K, {}, ValueError, "source"),
        (torch.ones(8, 8), K, {}, TypeError, "source"),
        (X.astype("U1"), K, {}, TypeError, "source"),
        (X, K[None], {}, ValueError, "kernel"),
        (X, torch.ones(9, 9), {"padding": 0}, ValueError, "does not fit"),
        (X, K, {"tile": 0}, ValueError, "tile"),
        (X, K, {"threads": 0}, ValueError, "threads"),
        (X, K, {"stride": 1.5}, TypeError, "stride"),
    ):
        with pytest.raises(kind, match=words):
            filter_file(source, y, kernel, progress=False, **options)
    assert not y.exists()
