"""The checkers: right answers pass, and each usual wrong answer is caught with the hint that names its cause.

The answers are written as learners write them, with loops or torch's own functions, not with the package's
table of mistakes.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convbook import exercises
from convbook.exercises import CheckResult, _hints
from convbook.layers import Conv2D
from tests import answers

CHECKERS = [name for name in exercises.__all__ if name.startswith("check_")]


# -------------------------------------------------------------------------- right answers, written otherwise


def step(X: Tensor, Y: Tensor, weight: Tensor, lr: float) -> Tensor:
    w = weight.clone().requires_grad_()
    loss = (F.conv2d(X[None, None], w[None, None])[0, 0] - Y).square().sum()
    (gradient,) = torch.autograd.grad(loss, w)
    return (w - lr * gradient).detach()


def pooled_back(x: Tensor, k: int, g: Tensor, stride: int | None, padding: int) -> Tensor:
    """Let autograd find the gradient; at a tie it goes to one of the equal pixels."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.max_pool2d(x, k, stride, padding), x, g)
    return gradient


def trained(net: nn.Module, loss: Any, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        error = loss(net(X), Y)
        gradients = torch.autograd.grad(error, list(net.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(net.parameters(), gradients, strict=True):
                parameter.sub_(lr * gradient)
        losses.append(error.item())
    return losses


def folded(
    w: Tensor, b: Tensor | None, mean: Tensor, var: Tensor, gamma: Tensor, beta: Tensor, eps: float
) -> Any:
    return torch.nn.utils.fuse_conv_bn_weights(w, b, mean, var, eps, gamma, beta)


class Layer(nn.Module):
    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, X: Tensor) -> Tensor:
        return F.conv2d(X[None, None], self.weight[None, None])[0, 0] + self.bias


RIGHT: dict[str, Any] = answers.RIGHT | {
    "check_parameter_count": lambda cin, cout, k, groups, bias: sum(
        p.numel() for p in nn.Conv2d(cin, cout, k, groups=groups, bias=bias).parameters()
    ),
    "check_global_avg_pool2d": nn.AdaptiveAvgPool2d(1),
    "check_conv2d_weight": torch.nn.grad.conv2d_weight,
    "check_conv2d_input": torch.nn.grad.conv2d_input,
    "check_learning_step": step,
    "check_conv2d_layer": Layer,
    "check_max_pool2d_backward": pooled_back,
    "check_training_loop": trained,
    "check_fold_batch_norm": folded,
}


def test_there_are_at_least_fifteen_checkers_and_each_has_a_right_answer() -> None:
    assert len(CHECKERS) >= 15
    assert set(RIGHT) == set(CHECKERS)


@pytest.mark.parametrize("name", CHECKERS)
def test_a_right_answer_passes_and_hears_what_was_covered(name: str) -> None:
    """Written with torch or loops, not with this package."""
    result = getattr(exercises, name)(RIGHT[name])
    assert isinstance(result, CheckResult)
    assert result, repr(result)
    assert len(result.covered) == result.cases >= 3
    assert str(result).startswith(
        f"✓ {result.name}: all {result.cases} cases right. Covered: {result.covered[0]}"
    )
    assert result.failed_case is None


@pytest.mark.parametrize(
    "name", [name for name in CHECKERS if "seed" in inspect.signature(getattr(exercises, name)).parameters]
)
def test_other_seeds_draw_other_cases_that_a_right_answer_passes_too(name: str) -> None:
    assert getattr(exercises, name)(RIGHT[name], seed=20)


def test_the_notes_layer_passes() -> None:
    assert exercises.check_conv2d_layer(Conv2D)


# --------------------------------------------------------------------------------------------- wrong answers


class NoInit(nn.Module):
    def _init_(self, kernel_size: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))


class NoSuper(nn.Module):
    def __init__(self, kernel_size: Any) -> None:
        self.weight = nn.Parameter(torch.rand(kernel_size))


class NoModule:
    def __init__(self, kernel_size: Any) -> None:
        self.weight = torch.rand(kernel_size)


class PlainTensor(Layer):
    def __init__(self, kernel_size: Any) -> None:
        nn.Module.__init__(self)
        self.weight = torch.rand(kernel_size)
        self.bias = nn.Parameter(torch.zeros(1))


class ForgetsBias(Layer):
    def forward(self, X: Tensor) -> Tensor:
        return answers.plain(X, self.weight)


class NoReturn(Layer):
    def forward(self, X: Tensor) -> None:  # type: ignore[override]
        answers.plain(X, self.weight)


class Flips(Layer):
    def forward(self, X: Tensor) -> Tensor:
        return answers.plain(X, self.weight.flip(0, 1)) + self.bias


class SquareWeight(Layer):
    def __init__(self, kernel_size: Any) -> None:
        super().__init__((kernel_size[0], kernel_size[0]))


class AlwaysOnes(Layer):
    def __init__(self, kernel_size: Any) -> None:
        super().__init__(kernel_size)
        self.weight = nn.Parameter(torch.ones(kernel_size))


class CutsGradient(Layer):
    def forward(self, X: Tensor) -> Tensor:
        return answers.plain(X, self.weight.data) + self.bias


def training(fault: str) -> Any:
    """A training loop as a learner writes it, with one fault."""

    def train(net: nn.Module, loss: Any, X: Tensor, Y: Tensor, lr: float, steps: int) -> Any:
        rate = {"uphill": -lr, "own rate": 1e-3, "stays": 0.0, "divided": lr / len(X)}.get(fault, lr)
        chosen = {
            "first": list(net.parameters())[:1],
            "no biases": [p for name, p in net.named_parameters() if "bias" not in name],
        }.get(fault, list(net.parameters()))
        if fault == "copy":
            chosen = list((net := copy.deepcopy(net)).parameters())
        fast = torch.optim.Adam if fault == "Adam" else torch.optim.SGD
        settings = {"momentum": 0.9} if fault == "momentum" else {"maximize": fault == "uphill"}
        optimizer = fast(chosen, abs(rate), **settings)
        images, goals = (X[:1], Y[:1]) if fault == "one image" else (X, Y)
        losses: list[Any] = []
        for _ in range(steps + {"short": -1, "long": 1}.get(fault, 0)):
            if fault != "add up":
                optimizer.zero_grad()
            with torch.set_grad_enabled(fault != "no grad"):
                error = loss(net(images), goals)
            error.backward()
            if fault == "cleared":
                optimizer.zero_grad()
            optimizer.step()
            losses.append(loss(net(images), goals) if fault == "late" else error)
        losses = [error.item() for error in losses]
        if fault == "running sum":
            losses = torch.tensor(losses).cumsum(0).tolist()
        return losses[-1:] if fault == "last" else losses

    return train


def steps_at(turn: str) -> Any:
    """A training loop whose step() stands at the start of a turn, or between the loss and backward()."""

    def train(net: nn.Module, loss: Any, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[Tensor]:
        optimizer, losses = torch.optim.SGD(net.parameters(), lr), []
        for _ in range(steps):
            if turn == "start":
                optimizer.step()
            losses.append(loss(net(X), Y))
            if turn == "middle":
                optimizer.step()
            optimizer.zero_grad()
            losses[-1].backward()
        return losses

    return train


WRONG: list[tuple[str, Any, str]] = [
    *answers.WRONG,
    ("check_corr1d", lambda x, k: np.convolve(x.numpy(), k.numpy(), "valid"), "You flipped the taps"),
    ("check_corr1d", lambda x, k: np.correlate(x.numpy(), k.numpy(), "same"), "as long as the row"),
    ("check_corr1d", lambda x, k: np.correlate(x.numpy(), k.numpy(), "full"), "Windows that stick out"),
    # a training loop
    ("check_training_loop", training("add up"), "optimizer.zero_grad()"),
    ("check_training_loop", training("stays"), "The net never changes"),
    ("check_training_loop", training("cleared"), "The net never changes"),
    ("check_training_loop", training("uphill"), "Uphill"),
    ("check_training_loop", training("late"), "computed after its update"),
    ("check_training_loop", steps_at("start"), "The last update is missing"),
    ("check_training_loop", steps_at("middle"), "between the forward pass and backward()"),
    ("check_training_loop", training("copy"), "A copy of the net"),
    ("check_training_loop", training("own rate"), "The rate was not passed on"),
    ("check_training_loop", training("first"), "Only the first parameter"),
    ("check_training_loop", training("no biases"), "The biases are not trained"),
    ("check_training_loop", training("Adam"), "That is Adam"),
    ("check_training_loop", training("momentum"), "momentum"),
    ("check_training_loop", training("short"), "One step is missing"),
    ("check_training_loop", training("long"), "One step too many"),
    ("check_training_loop", training("one image"), "Only the first image"),
    ("check_training_loop", training("running sum"), "The losses add up"),
    ("check_training_loop", training("last"), "Only the last loss"),
    ("check_training_loop", training("divided"), "Divided by the number of images"),
    ("check_training_loop", training("no grad"), "No gradient is recorded"),
    ("check_conv2d_layer", NoInit, "spelled __init__"),
    ("check_conv2d_layer", nn.Conv2d, "lambda kernel_size: nn.Conv2d(1, 1, kernel_size)"),
    ("check_conv2d_layer", lambda size: nn.Conv2d(1, 1, size, bias=False), "No parameter called bias"),
    ("check_conv2d_layer", lambda size: nn.Conv2d(1, 1, size, padding=1), "look at forward"),
    (
        "check_conv2d_layer",
        lambda size: nn.Sequential(nn.Conv2d(1, 1, size)),
        "yours are called 0.",
    ),
    ("check_conv2d_layer", NoSuper, "Call super().__init__() first"),
    ("check_conv2d_layer", NoModule, "must inherit from torch.nn.Module"),
    ("check_conv2d_layer", PlainTensor, "No parameter called weight"),
    ("check_conv2d_layer", ForgetsBias, "The bias is not added"),
    ("check_conv2d_layer", NoReturn, "is the return missing?"),
    ("check_conv2d_layer", Flips, "the kernel is flipped"),
    (
        "check_conv2d_layer",
        SquareWeight,
        "weight must have the shape of the kernel, (2, 3) or (1, 1, 2, 3); yours has (2, 2)",
    ),
    ("check_conv2d_layer", AlwaysOnes, "Two layers start with the same weight"),
    ("check_conv2d_layer", CutsGradient, "No gradient arrives"),
]


def test_at_least_forty_wrong_answers_are_kept() -> None:
    assert len(WRONG) >= 40
    assert {name for name, _, _ in WRONG} == set(CHECKERS)


@pytest.mark.parametrize(
    ("name", "answer", "hint"), WRONG, ids=[f"{name}-{hint[:28]}" for name, _, hint in WRONG]
)
def test_each_wrong_answer_is_caught_with_its_hint(name: str, answer: Any, hint: str) -> None:
    result = getattr(exercises, name)(answer)
    assert not result
    assert re.search(hint if "|" in hint or "\\" in hint else re.escape(hint), result.hint), repr(result)
    assert str(result).startswith(
        f"✗ {result.name}: wrong in case {result.failed_case} of {result.cases}, {result.about}"
    )
    assert " ".join(str(result).split()).endswith(f"Hint: {result.hint}")


# ------------------------------------------------------------------------------------------------ the report


def test_the_report_shows_arguments_expected_got_and_place() -> None:
    """All that is needed to repeat the case by hand."""
    assert str(
        exercises.check_corr2d(lambda X, K: answers.plain(X, K) + (X.shape[0] == 3) * torch.eye(2))
    ) == (
        "✗ corr2d: wrong in case 1 of 13, the example of the chapter\n"
        "  X =\n    [[0, 1, 2],\n     [3, 4, 5],\n     [6, 7, 8]]\n"
        "  K =\n    [[0, 1],\n     [2, 3]]\n"
        "  expected, of shape (2, 2):\n    [[19, 25],\n     [37, 43]]\n"
        "  got, of shape (2, 2):\n    [[20, 25],\n     [37, 44]]\n"
        "  first difference at [0, 0]: expected 19, got 20\n"
        "  Hint: Take the first number that differs and work it out by hand."
    )


def test_an_error_of_the_readers_function_is_reported_not_raised() -> None:
    def broken(X: Tensor, K: Tensor) -> Tensor:
        return X[99]

    result = exercises.check_corr2d(broken)
    assert not result
    assert str(result.got).startswith("IndexError: index 99 is out of bounds")
    assert "An index ran over the edge" in result.hint


def test_options_and_numbers_are_shown() -> None:
    result = exercises.check_output_size(lambda n, k, stride, padding, dilation: 0)
    assert result.arguments == {"n": 8, "k": 3, "stride": 1, "padding": 0, "dilation": 1}
    assert "  stride = 1\n" in str(result)
    assert "  expected: 6\n  got: 0\n" in str(result)


def test_large_tensors_are_named_by_their_shape() -> None:
    def wrong_when_large(input: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
        return answers.layer(input, weight, bias, stride, padding) + (input.numel() > 100)

    report = str(exercises.check_conv2d(wrong_when_large))
    assert "input = numbers of shape (2, 3, 6, 5)" in report
    assert "first difference at [0, 0, 0, 0]" in report


@pytest.mark.parametrize("name", [name for name in CHECKERS if name != "check_edge_kernel"])
def test_what_is_no_function_is_refused(name: str) -> None:
    """check(my_function(…)) instead of check(my_function)."""
    with pytest.raises(
        TypeError, match=r"must be a function, got 3; pass the function itself, without calling it"
    ):
        getattr(exercises, name)(3)


@pytest.mark.parametrize("kernel", ["sobel", None, [[1, -1], [1]], [[True, False]], [[1j]]])
def test_an_edge_kernel_must_hold_real_numbers(kernel: Any) -> None:
    with pytest.raises(TypeError, match=r"^my_kernel must be .* of real numbers, got "):
        exercises.check_edge_kernel(kernel)


def as_array(returned: Any) -> Any:
    """The same answer as arrays, numbers or lists of arrays, as NumPy code returns it."""
    if isinstance(returned, (tuple, list)):
        return [as_array(part) for part in returned]
    return returned.numpy() if isinstance(returned, Tensor) else np.asarray(returned)


def as_list(returned: Any) -> Any:
    """The same answer as nested lists."""
    if isinstance(returned, (tuple, list)):
        return [as_list(part) for part in returned]
    return returned.tolist() if isinstance(returned, Tensor) else returned


@pytest.mark.parametrize("form", [as_array, as_list])
@pytest.mark.parametrize(
    "name", [name for name in CHECKERS if name not in ("check_edge_kernel", "check_conv2d_layer")]
)
def test_arrays_and_lists_are_answers_too(name: str, form: Any) -> None:
    right = RIGHT[name]
    assert getattr(exercises, name)(lambda *a, **o: form(right(*a, **o)))


def test_an_edge_kernel_may_be_a_list_or_an_array() -> None:
    assert exercises.check_edge_kernel([[1, -1]])
    assert exercises.check_edge_kernel(np.array([[1, -1]]))


def test_arrays_that_are_turned_round_and_lists_of_tensors_are_read() -> None:
    """NumPy turns an array round by negative strides, which torch does not take."""
    assert exercises.check_flip(lambda K: K.numpy()[::-1, ::-1])
    assert exercises.check_flip(lambda K: list(K.flip(0, 1)))
    assert exercises.check_conv_matrix(lambda K, size: answers.matrix(K, size).to_sparse())


def test_layers_like_torchs_are_judged_as_such() -> None:
    assert exercises.check_conv2d_layer(lambda kernel_size: nn.Conv2d(1, 1, kernel_size))
    assert exercises.check_conv2d_layer(functools.partial(nn.Conv2d, 1, 1))


@contextlib.contextmanager
def default_dtype(dtype: torch.dtype) -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(before)


SETTINGS: dict[str, Any] = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "meta": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", CHECKERS)
def test_the_verdict_does_not_depend_on_global_settings(name: str, setting: str) -> None:
    """A default dtype or device, or a mode without gradients, changes neither a right answer nor a hint."""
    wrong = next(answer for checked, answer, _ in WRONG if checked == name)
    hint = getattr(exercises, name)(wrong).hint
    with SETTINGS[setting]():
        assert getattr(exercises, name)(RIGHT[name])
        assert getattr(exercises, name)(wrong).hint == hint


def test_answers_that_are_differentiable_are_read() -> None:
    assert exercises.check_corr2d(
        lambda X, K: answers.plain(X, K) + 0 * nn.Parameter(torch.zeros(()).to(torch.float64)).to(K.dtype)
    )


def test_checking_leaves_the_global_generator_alone() -> None:
    """A reader's seed stays what it was, even where layers draw their weights."""
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    checks: list[Callable[[], CheckResult]] = [
        lambda name=name: getattr(exercises, name)(RIGHT[name])  # type: ignore[misc]
        for name in CHECKERS
    ]
    assert all(check() for check in checks)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_difference_in_late_digits_is_shown_with_them() -> None:
    """A third in float32 where float64 was asked for; one more than a float32 can hold."""
    late = exercises.check_corr2d(
        lambda X, K: answers.plain(X.float(), K.float()) if X.dtype is torch.float64 else answers.plain(X, K)
    )
    assert "first difference at [0, 0]: expected 0.444444444, got 0.444444448" in str(late)
    large = exercises.check_corr2d(
        lambda X, K: answers.plain(X, K).float() if X.numel() == 2 else answers.plain(X, K)
    )
    assert "first difference at [0, 0]: expected 16777217, got 16777216" in str(large)


WANT = torch.tensor([[1.0, 2.0, 4.0], [3.0, 7.0, -2.0], [5.0, 6.0, 8.5]])
INSIDE_ONLY = torch.arange(16.0).reshape(4, 4)


@pytest.mark.parametrize(
    ("want", "got", "piece"),
    [
        (WANT, torch.full_like(WANT, torch.nan), "NaN or Inf"),
        (WANT, torch.zeros_like(WANT), "All zeros"),
        (WANT, WANT.T.contiguous(), "transposed"),
        (WANT, -WANT, "sign is turned"),
        (WANT, WANT.flip(0, 1), "turned round: last row first"),
        (INSIDE_ONLY, INSIDE_ONLY + (torch.arange(4) == 0), "along the border"),
        (INSIDE_ONLY[:2], INSIDE_ONLY[:2][:, [1, 0, 3, 2]], "right numbers in the wrong places"),
        (WANT[2:] + 0.25, (WANT[2:] + 0.25).trunc(), "fractions are cut off"),
        (WANT, WANT.reshape(1, 3, 3), "right numbers in the wrong shape"),
        (WANT, torch.zeros(3, 3, 1), "3 dimensions, 2 are expected"),
        (WANT[:2], WANT[:2].T.contiguous(), "Your output is transposed"),
        (WANT[:2], torch.zeros(3, 2), "Height and width are swapped"),
        (WANT, torch.zeros(2, 3), "Off by one in the height"),
        (torch.zeros(4, 6), torch.zeros(6, 5), "by +2"),
    ],
)
def test_each_general_hint_names_its_cause(want: Tensor, got: Tensor, piece: str) -> None:
    """A wrong tensor that no known mistake makes is still explained by what is wrong with it."""
    assert piece in _hints.hint_from_numbers(want, got)
