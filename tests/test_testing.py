"""`convbook.testing`: right kernels pass, each seeded fault is found and named, and the report says where."""

from __future__ import annotations

import inspect
import json
import math
import sys
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import convbook
from convbook import testing
from convbook.__main__ import main
from convbook.testing import Report, cases, check_kernel, features
from convbook.testing._diagnosis import causes
from convbook.testing._judgment import Kernel
from convbook.testing._operations import OPERATIONS, Call
from convbook.testing._pool_faults import FAULTS
from convbook.testing.kernel_check import _Check

EVERY = [(name, fault) for name, faults in FAULTS.items() for fault in faults]
QUICK = ("conv2d",)
"""Every run seeds all faults of these and a fifth of the others; `-m slow tests/test_testing.py` the rest."""


def seeded(name: str, made: Callable[[Call], Any]) -> Callable[..., Any]:
    """A kernel that makes a mistake, with convbook's own signature."""
    names = list(inspect.signature(getattr(convbook, name)).parameters)

    def my_kernel(*args: Any, **kwargs: Any) -> Any:
        return made(Call(name, dict(zip(names, args, strict=False)), kwargs))

    return my_kernel


def named(name: str, kernel: Callable[..., Any], count: int) -> list[str]:
    """What a check says is wrong, without looking for the smallest call."""
    check = _Check(Report(name, "", count, 0), Kernel(kernel), None)
    for case in cases(name, count):
        check.one(case)
    assert check.report.wrong
    return [cause.words for cause in causes(name, check.wrong, check.right)]


def test_the_catalogue_holds_enough_mistakes() -> None:
    """Some 400 mistakes, some for every operation, and no two of one operation share a name."""
    assert len(EVERY) >= 400
    assert set(FAULTS) == set(OPERATIONS)
    for name, faults in FAULTS.items():
        words = [fault.words for fault in faults]
        assert len(words) == len(set(words)) >= 10, name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param(
            name,
            fault,
            marks=[] if name in QUICK or number % 5 == 0 else [pytest.mark.slow],
            id=f"{name}: {fault.words}",
        )
        for number, (name, fault) in enumerate(EVERY)
    ],
)
def test_each_seeded_fault_is_found_and_named(name: str, fault: Any) -> None:
    """A kernel with one mistake fails, and that mistake is the first that the report names."""
    assert named(name, seeded(name, fault.made), 160 if name not in QUICK else 124)[0] == fault.words


@pytest.mark.parametrize("name", OPERATIONS)
def test_convbook_passes(name: str) -> None:
    """Convbook's own function answers every case, with everything that `supports` can promise."""
    report = check_kernel(name, getattr(convbook, name), cases=16, supports="all")
    assert report, report
    assert report.not_supported == 0
    assert report.gradients.get("none given", 0) == 0


# ------------------------------------------------------------------------ kernels written without convbook


def by_numpy(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    fault: str = "",
) -> Any:
    """Convolve by NumPy, a tap at a time, with one mistake on demand."""
    if not (isinstance(groups, int) and groups > 0) or input.shape[-3] != weight.shape[1] * groups:
        raise ValueError("channels")
    pairs = [(v, v) if isinstance(v, int) else tuple(v) for v in (stride, padding, dilation)]
    (sr, sc), (pr, pc), (dr, dc) = pairs
    if min(sr, sc, dr, dc) < 1 or len(weight) % groups or (bias is not None and len(bias) != len(weight)):
        raise ValueError("setting")
    if fault == "dilation":
        dc = 1
    x = np.pad(input, [(0, 0)] * (input.ndim - 2) + [(pr, pr), (pc, pc)])
    kr, kc = weight.shape[2:]
    rows, columns = (x.shape[-2] - dr * (kr - 1) - 1) // sr + 1, (x.shape[-1] - dc * (kc - 1) - 1) // sc + 1
    if rows < 1 or columns < 1:
        raise ValueError("the kernel does not fit")
    if fault == "flip":
        weight = weight[:, :, ::-1, ::-1]
    outs, each = len(weight) // groups, weight.shape[1]
    parts = []
    for group in range(groups):
        image = x[..., group * each : (group + 1) * each, :, :]
        kernels = weight[(0 if fault == "groups" else group) * outs :][:outs]
        total: Any = 0
        for a in range(kr):
            for b in range(kc):
                seen = image[..., a * dr :, b * dc :][..., : rows * sr : sr, : columns * sc : sc]
                total = total + np.einsum("...chw,oc->...ohw", seen, kernels[:, :, a, b])
        parts.append(total)
    output = np.concatenate(parts, axis=-3).astype(input.dtype)
    return output if bias is None or fault == "bias" else output + bias[:, None, None]


@pytest.mark.parametrize(
    ("fault", "words"),
    {
        "dilation": "ignores dilation on the second axis",
        "flip": "flips the kernel, as the mathematician's convolution does",
        "groups": "uses the first group's weights for every group",
        "bias": "ignores the bias",
    }.items(),
)
def test_a_fault_of_a_numpy_kernel_is_named(fault: str, words: str) -> None:
    """A mistake in a kernel that shares no line with the catalogue is recognized by its numbers."""

    def my_conv2d(input: Any, weight: Any, **options: Any) -> Any:
        return by_numpy(input, weight, **options, fault=fault)

    report = check_kernel("conv2d", my_conv2d, cases=124, arrays="numpy")
    assert not report
    assert [cause.words for cause in report.causes] == [words]


def test_a_right_numpy_kernel_passes_and_says_what_it_lacks() -> None:
    """NumPy arrays are tried after torch's tensors; what raises an error is listed, with the error."""
    report = check_kernel("conv2d", by_numpy, cases=124)
    assert report, report
    assert set(report.unsupported) >= {
        "padding_mode=reflect",
        'padding="same"',
        "another padding on each side",
    }
    assert "unexpected keyword argument 'padding_mode'" in str(report)
    assert report.not_asked > 0  # bfloat16
    assert "gradients" not in str(report)


def test_an_array_that_is_turned_round_is_read() -> None:
    """A view with negative strides comes out of NumPy's flips; nested lists are numbers too."""
    case = next(cases("conv2d", 1))
    turned = np.flip(case.right.expected.flip(-1, -2).numpy(), (-1, -2))
    case.check(lambda *arguments: turned)
    with pytest.raises(AssertionError, match="dtype float64 where float32 is due"):
        case.check(lambda *arguments: turned.tolist())


def max_pool_with_zeros(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Tensor:
    rows, columns = (padding, padding) if isinstance(padding, int) else padding
    return F.max_pool2d(F.pad(input, (columns, columns, rows, rows)), kernel_size, stride)


def average_with_overhang(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False
) -> Tensor:
    """Average the full windows of an image that is padded at the end as far as the last window reaches."""
    due = F.avg_pool2d(input, kernel_size, stride, padding, ceil_mode)
    (kr, kc), (pr, pc) = ((v, v) if isinstance(v, int) else v for v in (kernel_size, padding))
    sr, sc = (kr, kc) if stride is None else (stride, stride) if isinstance(stride, int) else stride
    down = max(pr, (due.shape[-2] - 1) * sr + kr - pr - input.shape[-2])
    right = max(pc, (due.shape[-1] - 1) * sc + kc - pc - input.shape[-1])
    return F.avg_pool2d(F.pad(input, (pc, right, pr, down)), (kr, kc), (sr, sc))[
        ..., : due.shape[-2], : due.shape[-1]
    ]


@pytest.mark.parametrize(
    ("name", "kernel", "words"),
    [
        ("max_pool2d", max_pool_with_zeros, "pads with zeros, which are larger than negative pixels"),
        ("avg_pool2d", average_with_overhang, "counts the overhang of ceil_mode in the divisor"),
    ],
)
def test_the_faults_that_backends_mend_are_named(name: str, kernel: Any, words: str) -> None:
    """Padding a maximum with zeros, and dividing by pixels that are not there."""
    report = check_kernel(name, kernel, cases=124)
    assert report.causes[0].words == words


def test_two_faults_of_one_kernel_are_both_named() -> None:
    """Each explains its own cases."""

    def my_conv2d(
        input: Tensor,
        weight: Tensor,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        rows = dilation if isinstance(dilation, int) else dilation[0]
        return F.conv2d(input, weight, None if bias is None else 2 * bias, stride, padding, (rows, 1), groups)

    report = check_kernel("conv2d", my_conv2d, cases=124)
    assert {"ignores dilation on the second axis", "adds the bias twice"} <= {c.words for c in report.causes}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x.float().to(x.dtype), "computes float64 in float32"),
        (lambda x: x.half().to(x.dtype) if x.dtype is torch.float32 else x, "keeps 10 bits"),
        (lambda x: x.bfloat16().to(x.dtype) if x.dtype is torch.float32 else x, "keeps 7 bits"),
    ],
)
def test_a_coarser_dtype_is_recognized_by_the_size_of_the_errors(change: Any, words: str) -> None:
    """Rounding errors follow no catalogue; their size tells the bits that were kept."""

    def my_conv2d(input: Tensor, weight: Tensor, bias: Any = None, **options: Any) -> Tensor:
        rounded = [
            None if t is None else change(t) if t.is_floating_point() else t for t in (input, weight, bias)
        ]
        return convbook.conv2d(*rounded, **options)

    assert words in named("conv2d", my_conv2d, 124)[0]


def test_an_error_that_follows_the_whole_image_is_told_from_a_windows_own() -> None:
    """A convolution by FFT errs by the largest number of the image: some windows lose all digits."""

    def my_conv2d(input: Tensor, weight: Tensor, *args: Any, **options: Any) -> Tensor:
        return convbook.conv2d(input, weight, *args, **options, method="fft")

    assert "transforms (FFT, Winograd)" in " ".join(named("conv2d", my_conv2d, 124))


# ------------------------------------------------------------------------ errors, promises and refusals


def without_dilation(input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1) -> Tensor:
    return convbook.conv2d(input, weight, bias, stride)


def test_an_error_is_no_failure_unless_it_was_promised_not_to_happen() -> None:
    """A kernel without dilation passes and says so; with `supports` it fails, by the smallest such call."""
    report = check_kernel("conv2d", without_dilation, cases=60)
    assert report
    assert "dilation: TypeError" in str(report)
    promised = check_kernel("conv2d", without_dilation, cases=60, supports=["stride", "dilation"])
    assert not promised
    assert promised.smallest is not None
    assert promised.smallest.case.call.in_words() == "conv2d(⟨1×1×1×1⟩, ⟨1×1×1×1⟩, dilation=(2, 1))"
    assert promised.causes[0].words == "raises an error where `supports` promised an answer"


def test_a_kernel_that_answers_nothing_does_not_pass() -> None:
    """A run in which every call raised an error has shown nothing."""

    def my_conv2d(*args: Any, **options: Any) -> Any:
        raise NotImplementedError("later")

    report = check_kernel("conv2d", my_conv2d, cases=124)
    assert report.right == 8  # calls that have no answer
    assert not report
    assert "No case was answered" in str(report)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (lambda y, x: y.double(), "dtype"),
        (lambda y, x: (x.zero_(), y)[1], "in place"),
        (lambda y, x: {"output": 3}, "unreadable"),
        (lambda y, x: y[..., :-1], "shape"),
        (lambda y, x: y.detach() + 0 * x.sum(), "gradient"),
    ],
)
def test_what_else_can_be_wrong(made: Any, kind: str) -> None:
    """Another dtype, a changed argument, no array, another shape, a wrong gradient."""
    report = check_kernel(
        "avg_pool2d", lambda x, k, **options: made(convbook.avg_pool2d(x, k, **options), x), cases=4
    )
    assert {failure.kind for failure in report.failures} == {kind}
    assert report.smallest is not None
    assert report.smallest.kind == kind


def answers_anything(*args: Any, **options: Any) -> Tensor:
    try:
        return convbook.conv2d(*args, **options)
    except ValueError:
        return torch.ones(1, 2)


def test_a_number_where_there_is_none_is_a_failure() -> None:
    """NaN or an empty output is no number; anything else hides a mistake of the caller."""
    count = sum(1 for case in cases("conv2d", 124) if case.spec["spoil"])
    report = check_kernel("conv2d", lambda *a, **k: torch.full((1, 2), math.nan), cases=124)
    assert sum(row[0] for word, row in report.table.items() if word.startswith("refusal")) == count >= 6
    report = check_kernel("conv2d", answers_anything, cases=124)
    assert sum(row[1] for word, row in report.table.items() if word.startswith("refusal")) == count
    assert [cause.words for cause in report.causes] == [
        "answers calls that have no answer, instead of raising an error"
    ]


@pytest.mark.parametrize(
    ("settings", "error", "name"),
    [
        ({"name": "conv3d"}, ValueError, "name"),
        ({"name": 3}, TypeError, "name"),
        ({"fn": 3}, TypeError, "fn"),
        ({"fn": []}, TypeError, "command"),
        ({"fn": ["no-such-program-anywhere"]}, ValueError, "program"),
        ({"cases": 0}, ValueError, "cases"),
        ({"cases": 2.5}, TypeError, "cases"),
        ({"seed": -1}, ValueError, "seed"),
        ({"supports": ["dilatation"]}, ValueError, "supports"),
        ({"supports": 3}, TypeError, "supports"),
        ({"arrays": "jax"}, TypeError, "arrays"),
        ({"start": -1}, ValueError, "start"),
        ({"start": Report("pad", "mine", 3, 0)}, ValueError, "start"),
    ],
)
def test_bad_arguments_are_refused_by_name(
    settings: dict[str, Any], error: type[Exception], name: str
) -> None:
    """Each argument of check_kernel that is none names itself."""
    with pytest.raises(error, match=name):
        check_kernel(**{"name": "conv2d", "fn": F.conv2d, **settings})


# ------------------------------------------------------------------------------------- the smallest call


@pytest.mark.parametrize(
    ("name", "words", "smallest"),
    [
        ("conv2d", "ignores dilation on the second axis", "conv2d(⟨1×1×1×3⟩, ⟨1×1×1×2⟩, dilation=(1, 2))"),
        ("conv2d", "flips the kernel's rows", "conv2d(⟨1×1×2×1⟩, ⟨1×1×2×1⟩)"),
        ("conv2d", "adds the bias twice", "conv2d(⟨1×1×1×1⟩, ⟨1×1×1×1⟩, bias=⟨1⟩)"),
        (
            "conv2d",
            "uses the first group's weights for every group",
            "conv2d(⟨1×2×1×1⟩, ⟨2×1×1×1⟩, groups=2)",
        ),
        (
            "avg_pool2d",
            "counts the overhang of ceil_mode in the divisor",
            "avg_pool2d(⟨1×1×1×1⟩, (1, 2), ceil_mode=True)",
        ),
    ],
)
def test_the_first_failure_is_made_as_small_as_it_stays_wrong(name: str, words: str, smallest: str) -> None:
    """The call that is shown is the smallest one; nothing in it can be made simpler."""
    (fault,) = [fault for fault in FAULTS[name] if fault.words == words]
    report = check_kernel(name, seeded(name, fault.made), cases=124)
    assert report.smallest is not None
    assert report.smallest.case.call.in_words() == smallest


# --------------------------------------------------------------------- reports, stopping, other programs


def test_a_report_goes_through_json() -> None:
    """Counts, failures as specifications, and the smallest call with its numbers come back."""
    report = check_kernel("max_pool2d", max_pool_with_zeros, cases=60)
    again = Report.from_json(report.to_json())
    assert str(again) == str(report)
    assert again.failures[0].case.call.in_words() == report.failures[0].case.call.in_words()
    assert json.loads(report.to_json())["passed"] is False
    with pytest.raises(ValueError, match="convbook-report"):
        Report.from_json("{}")


def test_a_stopped_run_gives_its_report_and_goes_on() -> None:
    """Ctrl-C ends the run with what it has; the same report is continued to the same end."""
    calls = 0

    def my_pad(*args: Any, **options: Any) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt
        return convbook.pad(*args, **options)

    stopped = check_kernel("pad", my_pad, cases=30, arrays="torch")
    assert not stopped
    assert 3 < stopped.run < 12
    assert f"stopped after {stopped.run} of 30 cases" in str(stopped)
    whole = check_kernel("pad", my_pad, cases=30, start=Report.from_json(stopped.to_json()))
    assert whole
    assert whole.table == check_kernel("pad", convbook.pad, cases=30).table
    assert check_kernel("pad", convbook.pad, cases=30, start=20).right == 10


def test_a_line_shows_where_a_long_run_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line stands on the error output, is renewed, and is gone at the end."""
    times = iter(range(10_000))
    monkeypatch.setattr("convbook.testing.kernel_check.time.monotonic", lambda: float(next(times)))
    check_kernel("pad", convbook.pad, cases=3, progress=True)
    shown = capsys.readouterr().err
    assert "\rpad: 2 of 3 cases, 0 wrong" in shown
    assert shown.endswith("\r")


PROGRAM = """
import json, sys
import numpy as np
call = np.load(sys.argv[1])
settings = json.loads(str(call["call"]))["settings"]
if set(settings) - {"padding", "value"}:
    sys.exit("only zeros")
(top, bottom), (left, right) = settings["padding"]
x = call["input"]
shape = (*x.shape[:-2], x.shape[-2] + top + bottom, x.shape[-1] + left + right)
y = np.full(shape, settings.get("value", 0), x.dtype)
y[..., top : top + x.shape[-2], left : left + x.shape[-1]] = x
if x.dtype == np.float64:
    import os
    os.kill(os.getpid(), 9)
np.savez(sys.argv[2], output=y)
"""


def test_a_program_is_a_kernel(tmp_path: Path) -> None:
    """It reads an .npz and writes one; an exit status is an error, and a signal is a failure."""
    program = tmp_path / "my_pad.py"
    program.write_text(PROGRAM)
    kernel = Kernel([sys.executable, str(program)])
    status: dict[str, Any] = {}
    for case in cases("pad", 60):
        key = case.spec["dtype"] if case.spec["padding_mode"] == "zeros" else case.spec["padding_mode"]
        if key in ("float32", "reflect", "float64", "int8", "bfloat16") and key not in status:
            status[key] = case.judged(kernel)
    assert {key: verdict.status for key, verdict in status.items()} == {
        "float32": "right",
        "int8": "right",
        "reflect": "not supported",
        "float64": "wrong",
        "bfloat16": "not asked",
    }
    assert status["float64"].words == "the program was ended by signal 9"
    assert status["reflect"].words == "RuntimeError: only zeros"


def test_cases_are_parameters_of_tests() -> None:
    """A case names its call; a wrong answer fails the test, an error skips it."""
    (case,) = cases("conv2d", 1)
    assert str(case) == "conv2d-0: conv2d(⟨2×2×6×7⟩, ⟨3×2×2×3⟩)"
    case.check(F.conv2d)
    with pytest.raises(AssertionError, match=r"conv2d-0: .* numbers are wrong; the first at \[0, 0, 0, 0\]"):
        case.check(lambda x, w: -F.conv2d(x, w))
    with pytest.raises(unittest.SkipTest, match="not supported: TypeError"):
        case.check(lambda x: x)
    assert [str(one) for one in cases("pad", 3, seed=1, start=90)] == [
        str(one) for one in cases("pad", 93, seed=1)
    ][90:]


def test_features_name_what_a_case_can_ask() -> None:
    """Every case's features are among those that `supports` takes."""
    for name in OPERATIONS:
        known = set(features(name))
        asked = {
            word for case in cases(name, 150) for word in case.features if not word.startswith("refusal")
        }
        assert asked <= known


def test_from_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m convbook check` prints the report, writes it, goes on from it, and its exit status tells."""
    (tmp_path / "shell_kernels.py").write_text(
        "import convbook\ndef my_pad(input, padding, **options):\n    return convbook.pad(input, padding)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["check", "shell_kernels:my_pad", "--cases", "30", "--json", "out.json"]) == 1
    assert "pads with zeros whatever the mode" in capsys.readouterr().out
    assert main(["check", "convbook:pad", "--cases", "40", "--resume", "out.json"]) == 1
    assert main(["check", "convbook:pad", "--cases", "3", "--supports", "all"]) == 0
    capsys.readouterr()
    for words in (
        ["check", "shell_kernels"],
        ["check", "a", "b"],
        ["check", "no_such_module:f"],
        ["check", "convbook:no"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
    assert "kernel must be module:function" in capsys.readouterr().err
    assert testing.check_kernel is check_kernel
