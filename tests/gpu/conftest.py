"""The GPU's session: it fails where there is no CUDA device, and where anything was skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from convbook.__main__ import report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail in one sentence without a device: a skip would look like a pass."""
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.exit(
            f"no CUDA device: torch {torch.__version__} (CUDA {torch.version.cuda}) sees none, "
            "so nothing was tested on a GPU",
            returncode=1,
        )


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Print versions and devices on top: a result is worth nothing without them."""
    return report().splitlines() if "gpu" in config.getoption("-m") else []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run on a GPU that skipped a test, or ran none."""
    option = session.config.option
    if "gpu" not in option.markexpr or option.collectonly or session.exitstatus != 0:
        return
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    skipped, passed = (len(reporter.stats.get(kind, [])) for kind in ("skipped", "passed"))
    if skipped or not passed:
        reporter.write_line(
            f"{passed} passed and {skipped} skipped: a GPU run must run all of its tests", red=True
        )
        session.exitstatus = 1


@pytest.fixture(autouse=True)
def _plain_float32() -> Iterator[None]:
    """Turn TF32 off for each test that does not turn it on, and put everything back."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, matmul.allow_tf32, cudnn.benchmark, cudnn.deterministic
    cudnn.allow_tf32 = matmul.allow_tf32 = False
    # The fastest algorithm may differ from run to run; the first one that fits does not.
    cudnn.benchmark, cudnn.deterministic = False, True
    yield
    cudnn.allow_tf32, matmul.allow_tf32, cudnn.benchmark, cudnn.deterministic = before
