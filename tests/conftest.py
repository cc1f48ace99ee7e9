"""What every test can rely on: one thread, a fixed seed, untouched global settings, a list of devices."""

from __future__ import annotations

import os

# A test machine is often a busy one, and torch's tiny operations only lose by more threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

torch.set_num_threads(1)

try:
    from hypothesis import settings
except ImportError:  # the site's tests need no hypothesis
    pass
else:
    # Random, but the same for everybody: a red test is red again. No deadline: first calls are slow.
    settings.register_profile("convbook", deadline=None, derandomize=True, database=None, print_blob=True)
    # `HYPOTHESIS_PROFILE=explore` looks for new cases, many of them.
    settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "convbook"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the GPU's tests out unless they were asked for: a skip would look like a pass."""
    if "gpu" in config.getoption("-m"):
        return
    gpu = [item for item in items if item.get_closest_marker("gpu")]
    if gpu:
        config.hook.pytest_deselected(items=gpu)
        items[:] = [item for item in items if not item.get_closest_marker("gpu")]


@pytest.fixture(autouse=True)
def _same_world_for_every_test() -> Iterator[None]:
    """Seed torch before each test, and fail one that leaves a global setting changed."""
    torch.manual_seed(0)
    before = (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
    )
    yield
    after = (torch.get_default_dtype(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert before == after, f"the test left (dtype, threads, deterministic) as {after}; they were {before}"


@pytest.fixture
def generator() -> torch.Generator:
    """Return a seeded generator, for tests that draw several tensors."""
    return torch.Generator().manual_seed(20240229)
