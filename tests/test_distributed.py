"""Several processes on one image give what one process gives; a process that dies ends the others."""

from __future__ import annotations

import datetime
import time

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

from convbook import conv2d
from convbook.distributed import conv2d_rows, exchange_rows, shares

SETTINGS = [  # rows, kernel rows, stride, padding, dilation, groups
    (16, 3, 1, 1, 1, 1),
    (17, 3, 2, 1, 1, 1),
    (13, 5, 1, 2, 2, 1),  # a halo longer than a neighbor's share
    (16, 2, 3, ((0, 2), (1, 0)), 1, 2),
    (19, 1, 2, 0, 1, 1),
]


def numbers(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-4, 5, shape, generator=generator).double()


def in_processes(work, world, folder, seconds=60):
    """Run ``work(rank)`` in forked, connected processes; return each one's result."""

    def start(rank):
        torch.set_num_threads(1)
        dist.init_process_group(
            "gloo",
            init_method=f"file://{folder}/store",
            rank=rank,
            world_size=world,
            timeout=datetime.timedelta(seconds=seconds),
        )
        torch.save(work(rank), folder / f"{rank}.pt")
        dist.destroy_process_group()

    mp.start_processes(start, nprocs=world, start_method="fork")
    return [torch.load(folder / f"{rank}.pt") for rank in range(world)]


@pytest.mark.parametrize("world", [2, 4])
def test_equals_one_process(world, tmp_path):
    """Integers in floating point: output, both gradients and the bias's are the same bits."""
    cases = []
    for rows, k, stride, padding, dilation, groups in SETTINGS:
        x, w, b = numbers(2, 4, rows, 7), numbers(6, 4 // groups, k, 3, seed=1), numbers(6, seed=2)
        cases.append((x, w, b, (stride, padding, dilation, groups)))

    def work(rank):
        found = []
        for x, weight, bias, setting in cases:
            start, stop = shares(x.shape[2], world)[rank]
            own, w, b = (t.clone().requires_grad_() for t in (x[:, :, start:stop], weight, bias))
            y = conv2d_rows(own, w, b, *setting, input_rows=x.shape[2])
            y.square().sum().backward()
            found.append([t.detach() for t in (y, own.grad, w.grad, b.grad)])
        return found

    ranks = in_processes(work, world, tmp_path)
    for number, (*tensors, setting) in enumerate(cases):
        x, w, b = (t.clone().requires_grad_() for t in tensors)
        y = conv2d(x, w, b, *setting)
        y.square().sum().backward()
        assert torch.equal(torch.cat([rank[number][0] for rank in ranks], 2), y)
        assert torch.equal(torch.cat([rank[number][1] for rank in ranks], 2), x.grad)
        for rank in ranks:
            assert torch.equal(rank[number][2], w.grad)
            assert torch.equal(rank[number][3], b.grad)


@pytest.fixture
def alone():
    """A group of one process, this one."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("alone")
def test_one_process_alone_gives_what_conv2d_gives():
    """Every setting; the gradients, and the gradient of the gradient, go through the exchange and back."""
    for rows, k, stride, padding, dilation, groups in SETTINGS:
        setting = (stride, padding, dilation, groups)
        results = []
        for convolve in (lambda *a: conv2d_rows(*a, input_rows=a[0].shape[2]), conv2d):
            x = numbers(2, 4, rows, 7).requires_grad_()
            w = numbers(6, 4 // groups, k, 3, seed=1).requires_grad_()
            y = convolve(x, w, numbers(6, seed=2), *setting)
            (of_x,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
            (twice,) = torch.autograd.grad(of_x.square().sum(), x)
            results.append((y, of_x, twice))
        assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


@pytest.mark.usefixtures("alone")
def test_an_exchange_that_cannot_be_is_refused():
    """Lists of other lengths, gaps between the runs, rows that nobody holds, other rows than one's own."""
    x = torch.ones(4, 4)
    for held, needed in (([(0, 4)] * 2, [(0, 4)]), ([(0, 4)], [(0, 5)]), ([(0, 5)], [(0, 4)])):
        with pytest.raises(ValueError, match=r"held|needed|hold"):
            exchange_rows(x, held, needed)
    with pytest.raises(ValueError, match="4 dimensions"):
        conv2d_rows(torch.ones(1, 4, 4), torch.ones(1, 1, 3, 3), input_rows=4)


def test_real_numbers_give_the_same_bits(tmp_path):
    """Each output is the same sum in the same order, wherever its window is computed."""
    x, w = torch.randn(1, 3, 64, 40), torch.randn(8, 3, 3, 3)

    def work(rank):
        start, stop = shares(64, 2)[rank]
        return conv2d_rows(x[:, :, start:stop], w, padding=1, input_rows=64)

    assert torch.equal(torch.cat(in_processes(work, 2, tmp_path), 2), conv2d(x, w, padding=1))


def test_a_process_that_dies_ends_the_others(tmp_path):
    """The one that is left raises within seconds, and says what it waited for."""

    def work(rank):
        dist.barrier()
        ready = tmp_path / "ready"
        if rank == 1:
            while not ready.exists():  # the other one has left the barrier
                time.sleep(0.01)
            raise SystemExit(0)
        ready.touch()
        try:
            conv2d_rows(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), padding=1, input_rows=8)
        except RuntimeError as problem:
            torch.save(str(problem), tmp_path / "said.pt")

    started = time.monotonic()
    with pytest.raises((mp.ProcessExitedException, FileNotFoundError)):
        in_processes(work, 2, tmp_path, seconds=5)
    assert "process 0 waited for rows" in torch.load(tmp_path / "said.pt")
    assert time.monotonic() - started < 100


@pytest.mark.slow  # importing DTensor takes most of it
def test_torchs_own_sharded_convolution_returns_a_part(tmp_path):
    """``F.conv2d`` of a DTensor split by columns claims to be whole and holds a part: a fault of torch.

    The page on errata says so.  When this test fails, torch has been mended: change the page.
    """
    x, w = torch.randn(1, 1, 4, 8), torch.randn(1, 1, 3, 3)

    # Imported here, before the processes are forked, so that it happens once.
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    def work(rank):
        mesh = init_device_mesh("cpu", (2,))
        split, weight = distribute_tensor(x, mesh, [Shard(3)]), distribute_tensor(w, mesh, [Replicate()])
        y = F.conv2d(split, weight, padding=1)
        return tuple(y.shape), y.placements == (Replicate(),), tuple(y.full_tensor().shape)

    claimed, whole, held = in_processes(work, 2, tmp_path)[0]
    assert (claimed, whole, held) == ((1, 1, 4, 8), True, (1, 1, 4, 4))


def test_what_is_refused(tmp_path):
    """Before any message: other rows than one's own, too few rows, a wrong kernel."""
    with pytest.raises(RuntimeError, match="init_process_group"):
        conv2d_rows(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), input_rows=4)
    with pytest.raises(ValueError, match="size"):
        shares(2, 3)

    def work(rank):
        said = []
        w = torch.ones(1, 1, 3, 3)
        for call in (
            lambda: conv2d_rows(torch.ones(1, 1, 5, 4), w, input_rows=8),
            lambda: conv2d_rows(torch.ones(1, 1, 2, 4), w, input_rows=3),
            lambda: conv2d_rows(torch.ones(1, 2, 4, 4), w, input_rows=8),
            lambda: exchange_rows(torch.ones(4, 4), [(0, 4)], [(0, 4)]),
            lambda: exchange_rows(torch.ones(4, 4), [(0, 4), (4, 8)], [(0, 4), (4, 9)]),
        ):
            try:
                call()
            except ValueError as problem:
                said.append(str(problem))
        return said

    for rank, said in enumerate(in_processes(work, 2, tmp_path)):
        few = "must hold the rows" if rank else "processes"
        for words, sentence in zip(
            ("must hold the rows", few, "channels", "entry", "needed"), said, strict=True
        ):
            assert words in sentence
