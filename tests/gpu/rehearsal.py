"""A rehearsal of tests/gpu on the CPU: that the tests' own code runs, on a machine without a GPU.

`python -m pytest -p tests.gpu.rehearsal -m gpu tests/gpu` puts the CPU in the device's place. It proves
nothing about a GPU, and says so: it finds a name that is gone, a bound that does not hold, a comparison of
the wrong shapes. What only a device can do (events, graphs, waiting, TF32) is replaced by the least that lets
the code run, on small images. A test whose claim is about the device itself must fail by its assertion, and
by nothing else.
"""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import torch

ABOUT_THE_DEVICE = {
    "test_tf32_errs_more_and_stays_inside_its_own_bound": "the CPU has no TF32",
    "test_the_alarm_for_waiting_works": "nothing waits for a CPU",
    "test_tensors_on_two_devices_are_an_error_that_names_them": "there is one device",
    "test_box_declines_the_device_by_name": "the numbers of the CPU may be looked at",
    "test_a_graph_captures_and_replays_it": "the CPU replays nothing",
    "test_several_devices_or_the_one_there_is": "the CPU has no number",
    "test_memory_of_each_method": "the CPU counts no memory",
}


class Event:
    """A clock by which everything takes a millisecond."""

    def __init__(self, enable_timing: bool = False) -> None:
        pass

    def record(self) -> None:
        pass

    def synchronize(self) -> None:
        pass

    def elapsed_time(self, other: Event) -> float:
        return 1.0


def nothing(*args: Any, **kwargs: Any) -> Any:
    """Stand for a thing that needs no work here: a stream, a graph, a wait."""
    return SimpleNamespace(wait_stream=nothing, replay=nothing)


IN_PLACE_OF = {
    "is_available": lambda: True,
    "device_count": lambda: 1,
    "get_device_properties": lambda index: SimpleNamespace(
        name="REHEARSAL ON THE CPU", major=0, minor=0, total_memory=0
    ),
    "get_device_capability": lambda: (8, 0),
    "Event": Event,
    **dict.fromkeys(("Stream", "current_stream", "CUDAGraph"), nothing),
    **dict.fromkeys(("synchronize", "set_sync_debug_mode", "reset_peak_memory_stats"), nothing),
    **dict.fromkeys(("memory_allocated", "max_memory_allocated"), lambda: 0),
    **dict.fromkeys(("stream", "graph"), lambda thing: contextlib.nullcontext()),
}


def pytest_configure(config: pytest.Config) -> None:
    """Put the stand-ins in place for this process."""
    for name, stand_in in IN_PLACE_OF.items():
        mock.patch.object(torch.cuda, name, stand_in).start()


def pytest_report_header() -> str:
    """Say on top what this run is worth."""
    return "REHEARSAL ON THE CPU: the tests' code is run, and nothing is learned about a GPU"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests run on the CPU; those about the device itself fail by an assertion."""
    for item in items:
        item.module.DEVICE, item.module.SIDE, item.module.REPEATS = "cpu", 8, 2  # type: ignore[attr-defined]
        reason = ABOUT_THE_DEVICE.get(item.originalname)  # type: ignore[attr-defined]
        if reason:
            failures = (AssertionError, pytest.fail.Exception)
            item.add_marker(pytest.mark.xfail(reason=reason, raises=failures, strict=True))
