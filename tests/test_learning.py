"""Learning a kernel: the losses that were printed, the theory against the run, and every refusal."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from convbook import _judge
from convbook.correlation import corr2d
from convbook.images import edge_image
from convbook.learning import learn_kernel, learning_theory, least_squares_kernel

K = torch.tensor([[1.0, -1.0]])

# Initial weights recovered from the prints; printed at steps 2, 4, 6, 8, 10.
NOTES = {
    "A": ([0.2807, 0.2540], [7.530, 1.927, 0.595, 0.211, 0.081]),
    "B": ([-0.5415, -0.5382], [16.123, 5.411, 2.016, 0.792, 0.319]),
}
E_START = [-0.6200, -0.4346]
E_PRINTS = {10: (0.305, [0.9308, -1.0440]), 20: (0.003, [0.9938, -1.0059]), 30: (0.000, [0.9993, -1.0007])}


def notes_problem(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Return the 6×8 image and its edges."""
    X = edge_image(dtype=dtype)
    return X, corr2d(X, K.to(dtype))


def a_problem(
    seed: int = 0, rows: int = 7, columns: int = 9, kernel: tuple[int, int] = (2, 3)
) -> tuple[Tensor, Tensor]:
    """Return a random image and what a random kernel makes of it."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
    return X, corr2d(X, torch.randn(kernel, generator=generator, dtype=torch.float64))


def loop_of_the_notes(
    X: Tensor,
    Y: Tensor,
    weight: Tensor,
    *,
    lr: float,
    steps: int,
    bias: bool = False,
    mean: bool = False,
    momentum: float = 0.0,
) -> tuple[list[float], list[Tensor], Tensor]:
    """Train torch's own layer with torch's own optimizer: losses before, weights after each update, bias."""
    conv = torch.nn.Conv2d(1, 1, tuple(weight.shape), bias=bias, dtype=X.dtype)
    with torch.no_grad():
        conv.weight[0, 0] = weight
        if conv.bias is not None:
            conv.bias.zero_()
    optimizer = torch.optim.SGD(conv.parameters(), lr=lr, momentum=momentum)
    losses, weights = [], []
    for _ in range(steps):
        squares = (conv(X[None, None])[0, 0] - Y).square()
        loss = squares.mean() if mean else squares.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        weights.append(conv.weight.detach()[0, 0].clone())
    return losses, weights, torch.zeros(1) if conv.bias is None else conv.bias.detach()


# ---------------------------------------------------------------- the losses that the learners' notes print


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NOTES)
def test_the_notes_losses_are_reproduced_to_the_last_printed_digit(name: str, dtype: torch.dtype) -> None:
    start, printed = NOTES[name]
    fit = learn_kernel(*notes_problem(dtype), (1, 2), weight=torch.tensor([start], dtype=dtype))
    assert [f"{loss:.3f}" for loss in fit.losses[1::2]] == [f"{loss:.3f}" for loss in printed]
    assert not fit.diverged


def test_the_printed_loss_precedes_the_update() -> None:
    """Note B prints 0.319 beside weights whose loss is 0.203."""
    fit = learn_kernel(*notes_problem(), (1, 2), weight=torch.tensor([NOTES["B"][0]], dtype=torch.float64))
    assert [f"{w:.4f}" for w in fit.weight[0]] == ["0.9305", "-1.0464"]
    assert f"{fit.losses[-1]:.3f}" == "0.319"
    assert f"{fit.final_loss:.3f}" == "0.203"


def test_the_hundred_steps_of_note_e() -> None:
    """Losses before, weights after every tenth update."""
    fit = learn_kernel(
        *notes_problem(), (1, 2), steps=100, weight=torch.tensor([E_START], dtype=torch.float64)
    )
    for step, (loss, weights) in E_PRINTS.items():
        assert f"{fit.losses[step - 1]:.3f}" == f"{loss:.3f}"
        assert [f"{w:.4f}" for w in fit.weights[step - 1, 0]] == [f"{w:.4f}" for w in weights]
    assert [f"{w:.4f}" for w in fit.weights[39, 0]] == ["0.9999", "-1.0001"]
    assert [f"{w:.4f}" for w in fit.weights[-1, 0]] == ["1.0000", "-1.0000"]


@pytest.mark.parametrize("name", NOTES)
def test_two_printed_losses_predict_all_the_others_to_the_last_digit(name: str) -> None:
    """No start, no kernel, no run: two numbers off the page and the image."""
    printed = NOTES[name][1]
    theory = learning_theory(edge_image(), (1, 2))
    energies = theory.energies_from_losses([1, 3], printed[:2], lr=0.03)
    predicted = theory.predicted_losses(energies, 0.03, 10)
    assert [f"{loss:.3f}" for loss in predicted[1::2]] == [f"{loss:.3f}" for loss in printed]


def test_note_e_is_predicted_from_its_start() -> None:
    """E prints one loss that is not rounded away, so the theory starts from the weights."""
    theory = learning_theory(edge_image(), (1, 2))
    error = torch.tensor([E_START]) - K
    losses = theory.predicted_losses(theory.energies(error), 0.03, 30)
    errors = theory.predicted_errors(error, 0.03, 31)
    for step, (loss, weights) in E_PRINTS.items():
        assert f"{losses[step - 1]:.3f}" == f"{loss:.3f}"
        assert [f"{w:.4f}" for w in errors[step] + K[0]] == [f"{w:.4f}" for w in weights]


# -------------------------------------------------------------------------------- the run is gradient descent


@pytest.mark.parametrize("momentum", [0.0, 0.4])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_run_is_that_of_a_torch_layer_and_optimizer(reduction: str, bias: bool, momentum: float) -> None:
    """The multiplied-out steps are those of forward, backward, step."""
    X, Y = a_problem()
    start = torch.full((2, 3), 0.5, dtype=torch.float64)
    lr = 0.3 if reduction == "mean" else 0.005
    losses, weights, last_bias = loop_of_the_notes(
        X, Y + 0.5, start, lr=lr, steps=12, bias=bias, mean=reduction == "mean", momentum=momentum
    )
    fit = learn_kernel(
        X, Y + 0.5, (2, 3), lr=lr, steps=12, weight=start, bias=bias, reduction=reduction, momentum=momentum
    )
    torch.testing.assert_close(fit.losses, torch.tensor(losses, dtype=torch.float64), rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(fit.weights, torch.stack(weights), rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(fit.weight, weights[-1], rtol=1e-11, atol=1e-12)
    assert (fit.bias is None) == (not bias) == (fit.biases is None)
    if fit.bias is not None and fit.biases is not None:
        torch.testing.assert_close(fit.bias, last_bias[0], rtol=1e-11, atol=1e-12)
        assert fit.biases.shape == (12,)
        assert fit.biases[-1] == fit.bias


def test_one_step_is_the_gradient_of_the_squared_error() -> None:
    """Weight after one update = weight − lr · what autograd says of the definition."""
    X, Y = a_problem(3)
    weight = torch.full((2, 3), -0.2, dtype=torch.float64, requires_grad=True)
    loss = (corr2d(X, weight) - Y).square().sum()
    (gradient,) = torch.autograd.grad(loss, weight)
    fit = learn_kernel(X, Y, (2, 3), lr=0.01, steps=1, weight=weight)
    torch.testing.assert_close(fit.weight, weight.detach() - 0.01 * gradient, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(fit.losses[0], loss.detach(), rtol=1e-12, atol=0)
    assert not fit.weight.requires_grad


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_fast_step_is_the_plain_step(momentum: float) -> None:
    """A batch of all pixels takes the same path, one by one pixel row."""
    X, Y = a_problem(1)
    start = torch.zeros(2, 3, dtype=torch.float64)
    fast = learn_kernel(X, Y, (2, 3), lr=0.004, weight=start, bias=True, momentum=momentum)
    plain = learn_kernel(
        X, Y, (2, 3), lr=0.004, weight=start, bias=True, momentum=momentum, batch_size=Y.numel()
    )
    torch.testing.assert_close(plain.weights, fast.weights, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(plain.losses, fast.losses, rtol=1e-12, atol=1e-13)


def test_losses_of_a_large_image_are_those_of_its_pixels() -> None:
    """Above a thousand pixels the losses come from a triangular factor."""
    X, Y = a_problem(2, 40, 39)
    fit = learn_kernel(X, Y, (2, 3), lr=1e-4, weight=torch.ones(2, 3, dtype=torch.float64), steps=4)
    for i in range(3):
        made = F.conv2d(X[None, None], fit.weights[i][None, None])[0, 0]
        torch.testing.assert_close(fit.losses[i + 1], (made - Y).square().sum(), rtol=1e-12, atol=0)
    torch.testing.assert_close(fit.final_loss, (corr2d(X, fit.weight) - Y).square().sum(), rtol=1e-12, atol=0)


def test_several_images_add_their_losses() -> None:
    """A stack of images is learned from at once."""
    X, Y = a_problem(5)
    both, made = torch.stack([X, 2 * X]), torch.stack([Y, 2 * Y])
    start = torch.zeros(2, 3, dtype=torch.float64)
    fit = learn_kernel(both, made, (2, 3), lr=0.002, weight=start, steps=3)
    alone = learn_kernel(X, Y, (2, 3), lr=0.01, weight=start, steps=3)
    torch.testing.assert_close(fit.weights, alone.weights, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(fit.losses, 5 * alone.losses, rtol=1e-12, atol=1e-13)


def test_a_small_batch_is_an_unbiased_noisy_step() -> None:
    """Averaged over many draws, the gradient of a batch of 5 is that of the image (mean reduction)."""
    X, Y = a_problem(6)
    generator = torch.Generator().manual_seed(1)
    start = torch.zeros(2, 3, dtype=torch.float64)
    setting = {"weight": start, "lr": 0.1, "steps": 1, "reduction": "mean"}
    draws = torch.stack(
        [learn_kernel(X, Y, (2, 3), batch_size=5, generator=generator, **setting).weight for _ in range(600)]
    )
    whole = learn_kernel(X, Y, (2, 3), **setting).weight
    assert (draws.std(0) > 0.01).all()
    assert ((draws.mean(0) - whole).abs() < 5 * draws.std(0) / math.sqrt(600)).all()


def test_losses_of_batches_are_those_of_the_whole_image() -> None:
    X, Y = a_problem(6)
    start = torch.zeros(2, 3, dtype=torch.float64)
    fit = learn_kernel(X, Y, (2, 3), lr=0.01, weight=start, batch_size=3, steps=4, reduction="mean")
    torch.testing.assert_close(fit.losses[0], Y.square().mean(), rtol=1e-12, atol=0)
    torch.testing.assert_close(
        fit.losses[3], (corr2d(X, fit.weights[2]) - Y).square().mean(), rtol=1e-12, atol=0
    )


def test_a_generator_makes_the_start_reproducible() -> None:
    """The same seed, the same run; the start is drawn as torch.nn.Conv2d draws it."""
    X, Y = notes_problem(torch.float32)
    one, two, other = (
        learn_kernel(X, Y, (1, 2), generator=torch.Generator().manual_seed(s)) for s in (7, 7, 8)
    )
    assert torch.equal(one.weights, two.weights)
    assert not torch.equal(one.weights, other.weights)
    generator = torch.Generator().manual_seed(0)
    starts = [learn_kernel(X, Y, (1, 2), lr=1e-30, steps=1, generator=generator).weight for _ in range(400)]
    drawn = torch.stack(starts)
    bound = 1 / math.sqrt(2)
    assert drawn.abs().max() <= bound
    assert drawn.max() > 0.95 * bound
    assert drawn.min() < -0.95 * bound
    assert learn_kernel(X, Y, (1, 2), steps=3, bias=True, lr=1e-30).biases.abs().max() < 1e-20  # type: ignore[union-attr]


def test_without_a_generator_the_global_seed_counts() -> None:
    X, Y = notes_problem(torch.float32)
    torch.manual_seed(3)
    one = learn_kernel(X, Y, (1, 2))
    torch.manual_seed(3)
    assert torch.equal(one.weights, learn_kernel(X, Y, (1, 2)).weights)


def test_inputs_stay_as_they_are_and_share_no_memory() -> None:
    X, Y = a_problem(4)
    weight = torch.ones(2, 3, dtype=torch.float64)
    copies = X.clone(), Y.clone(), weight.clone()
    fit = learn_kernel(X, Y, (2, 3), weight=weight, lr=0.001)
    fit.weight.zero_()
    fit.weights.zero_()
    assert all(torch.equal(a, b) for a, b in zip((X, Y, weight), copies, strict=True))
    assert torch.equal(fit.losses, learn_kernel(X, Y, (2, 3), weight=weight, lr=0.001).losses)


def test_views_are_read_as_they_stand() -> None:
    """Transposed, strided and expanded images give the run of their contiguous copies."""
    wide = torch.randn(9, 14, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    start = torch.zeros(2, 3, dtype=torch.float64)
    for X in (wide.T, wide[::2, ::2], wide[:1].expand(6, 14)):
        Y = corr2d(X, torch.ones(3, 2, dtype=torch.float64)).contiguous()
        run = learn_kernel(X, Y, (3, 2), lr=1e-3, weight=start.T)
        copied = learn_kernel(X.contiguous(), Y, (3, 2), lr=1e-3, weight=start.T.contiguous())
        torch.testing.assert_close(run.weights, copied.weights, rtol=1e-13, atol=1e-13)


# ------------------------------------------------------------------------------------------------- the theory


def test_the_matrix_counts_windows() -> None:
    """On the 6×8 image: A = [[18, 12], [12, 18]], eigenvalue 6 along (1, −1), 30 along (1, 1)."""
    theory = learning_theory(edge_image(), (1, 2))
    assert theory.matrix.tolist() == [[18, 12], [12, 18]]
    torch.testing.assert_close(theory.eigenvalues, torch.tensor([6.0, 30.0], dtype=torch.float64))
    half = math.sqrt(0.5)
    torch.testing.assert_close(
        theory.eigenvectors, torch.tensor([[half, half], [-half, half]], dtype=torch.float64)
    )
    assert theory.critical_lr == pytest.approx(1 / 30)
    assert theory.best_lr == pytest.approx(1 / 36)
    assert theory.condition == pytest.approx(5)
    torch.testing.assert_close(theory.factors(0.03), torch.tensor([0.64, -0.8], dtype=torch.float64))


def test_the_bias_lowers_the_critical_rate() -> None:
    """Why bias=True does not converge at 0.03: λmax 62.153, critical 0.016089."""
    theory = learning_theory(edge_image(), (1, 2), bias=True)
    assert f"{theory.eigenvalues[-1]:.3f}" == "62.153"
    assert f"{theory.critical_lr:.6f}" == "0.016089"
    fit = learn_kernel(
        *notes_problem(), (1, 2), bias=True, steps=40, weight=torch.zeros(1, 2, dtype=torch.float64)
    )
    assert not fit.diverged  # from zero nothing lies along that direction: the image and its mirror cancel
    fit = learn_kernel(
        *notes_problem(), (1, 2), bias=True, steps=40, weight=torch.ones(1, 2, dtype=torch.float64)
    )
    assert fit.diverged
    assert fit.critical_lr == pytest.approx(theory.critical_lr, rel=1e-12)


def test_the_image_of_ones_teaches_one_direction() -> None:
    """Without the black columns λ = 84, critical 1/84, and w1 − w2 is never touched."""
    X = torch.ones(6, 8, dtype=torch.float64)
    theory = learning_theory(X, (1, 2))
    assert theory.eigenvalues.tolist() == [0, pytest.approx(84)]
    assert theory.critical_lr == pytest.approx(1 / 84)
    assert theory.rank == 1
    half = math.sqrt(0.5)
    torch.testing.assert_close(theory.null_space, torch.tensor([[half, -half]], dtype=torch.float64))
    start = torch.tensor([[0.7, 0.1]], dtype=torch.float64)
    fit = learn_kernel(X, torch.zeros(6, 7, dtype=torch.float64), (1, 2), lr=0.01, steps=60, weight=start)
    torch.testing.assert_close(
        fit.weight, torch.tensor([[0.3, -0.3]], dtype=torch.float64), atol=1e-9, rtol=0
    )


def test_the_mean_scales_the_rates_by_the_number_of_pixels() -> None:
    """6·7 = 42 output pixels: every rate is 42 times larger, and the run is the same."""
    summed, averaged = (learning_theory(edge_image(), (1, 2), reduction=r) for r in ("sum", "mean"))
    assert averaged.critical_lr == pytest.approx(42 * summed.critical_lr)
    assert averaged.best_lr == pytest.approx(42 * summed.best_lr)
    X, Y = notes_problem()
    start = torch.tensor([[0.2, 0.1]], dtype=torch.float64)
    one = learn_kernel(X, Y, (1, 2), lr=0.03, weight=start)
    other = learn_kernel(X, Y, (1, 2), lr=0.03 * 42, weight=start, reduction="mean")
    torch.testing.assert_close(other.weights, one.weights, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(other.losses * 42, one.losses, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("bias", [False, True])
def test_the_theory_is_the_run(bias: bool, momentum: float) -> None:
    """Losses and errors of 50 steps, to 1e-12, with and without momentum and bias."""
    X, Y = a_problem(9)
    true = least_squares_kernel(X, Y + 0.25, (2, 3), bias=bias)
    start = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)
    theory = learning_theory(X, (2, 3), bias=bias, momentum=momentum)
    lr = 0.7 * theory.critical_lr
    fit = learn_kernel(X, Y + 0.25, (2, 3), lr=lr, steps=50, weight=start, bias=bias, momentum=momentum)
    error = (start - true.weight).flatten()
    if true.bias is not None:
        error = torch.cat([error, -true.bias[None]])
    predicted = theory.predicted_losses(theory.energies(error), lr, 50, floor=float(true.loss))
    torch.testing.assert_close(fit.losses, predicted, rtol=1e-12, atol=1e-11)
    errors = theory.predicted_errors(error, lr, 51)[1:, :6].reshape(50, 2, 3)
    torch.testing.assert_close(fit.weights, errors + true.weight, rtol=1e-12, atol=1e-11)


def test_loss_and_energies_are_heights_of_the_same_surface() -> None:
    """Energies add up to the loss; the loss is that of the definition."""
    X, _ = a_problem(11)
    error = torch.tensor([[0.5, -1.0, 2.0], [0.0, 0.25, 1.0]], dtype=torch.float64)
    theory = learning_theory(X, (2, 3))
    expected = corr2d(X, error).square().sum()
    torch.testing.assert_close(theory.loss(error), expected)
    torch.testing.assert_close(theory.energies(error).sum(), expected)
    many = torch.stack([error.flatten(), 2 * error.flatten()])
    torch.testing.assert_close(theory.loss(many), torch.stack([expected, 4 * expected]))


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("bias", [False, True])
def test_the_critical_rate_divides_convergence_from_divergence(bias: bool, momentum: float) -> None:
    """A percent below it the loss falls, a percent above it the loss grows and the fit says so."""
    X, Y = a_problem(12)
    critical = learning_theory(X, (2, 3), bias=bias, momentum=momentum).critical_lr
    run = {"steps": 1500, "weight": torch.ones(2, 3, dtype=torch.float64), "bias": bias, "momentum": momentum}
    below = learn_kernel(X, Y, (2, 3), lr=0.99 * critical, **run)
    above = learn_kernel(X, Y, (2, 3), lr=1.01 * critical, **run)
    assert not below.diverged
    assert below.final_loss < 1e-6 * below.losses[0]
    assert above.diverged
    assert above.final_loss > 1e6 * above.losses[0]
    assert above.critical_lr == pytest.approx(critical, rel=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.1459, 0.6])
def test_the_best_rate_minimizes_the_spectral_radius(momentum: float) -> None:
    """No rate of a fine grid does better, and the radius is that of the companion matrices."""
    theory = learning_theory(edge_image(), (1, 2), momentum=momentum)
    rates = torch.linspace(0.01, 0.999, 500) * theory.critical_lr
    assert all(
        theory.spectral_radius(float(r)) >= theory.spectral_radius(theory.best_lr) - 1e-12 for r in rates
    )
    for lr in (0.5 * theory.best_lr, theory.best_lr, 1.5 * theory.critical_lr):
        roots = [
            torch.linalg.eigvals(torch.tensor([[1 - 2 * lr * e, -lr * momentum], [2 * e, momentum]]))
            .abs()
            .max()
            for e in (6.0, 30.0)
        ]
        assert theory.spectral_radius(lr) == pytest.approx(float(max(roots)), rel=2e-3)
    assert theory.spectral_radius(theory.critical_lr) == pytest.approx(1)


def test_the_best_momentum_beats_its_neighbors() -> None:
    """((√5 − 1)/(√5 + 1))² on the 6×8 image; each momentum is judged at its own best rate."""
    best = learning_theory(edge_image(), (1, 2)).best_momentum
    assert best == pytest.approx(((math.sqrt(5) - 1) / (math.sqrt(5) + 1)) ** 2)

    def radius(momentum: float) -> float:
        theory = learning_theory(edge_image(), (1, 2), momentum=momentum)
        return theory.spectral_radius(theory.best_lr)

    assert radius(best) < min(radius(best - 0.02), radius(best + 0.02), radius(0.0))
    assert radius(best) == pytest.approx(math.sqrt(best), rel=1e-6)


def test_losses_give_energies_back() -> None:
    """More losses than directions are fitted in the least-squares sense."""
    theory = learning_theory(a_problem(13)[0], (1, 2))
    energies = torch.tensor([3.0, 5.0], dtype=torch.float64)
    lr = 0.6 * theory.critical_lr
    losses = theory.predicted_losses(energies, lr, 6)
    torch.testing.assert_close(theory.energies_from_losses(range(6), losses.tolist(), lr), energies)
    torch.testing.assert_close(theory.energies_from_losses([0, 2], losses[[0, 2]].tolist(), lr), energies)


def test_energies_of_directions_that_cannot_be_learned_are_zero() -> None:
    theory = learning_theory(torch.ones(6, 8), (1, 2))
    energies = theory.energies_from_losses([0], [21.0], lr=0.001)
    assert energies.tolist() == [0, pytest.approx(21)]


def test_a_black_image_teaches_nothing() -> None:
    """No direction, no bound: rank 0 and infinite rates, and a run that stands still."""
    X = torch.zeros(4, 5, dtype=torch.float64)
    theory = learning_theory(X, (2, 2))
    assert theory.rank == 0
    assert math.isinf(theory.critical_lr)
    assert math.isinf(theory.best_lr)
    assert math.isinf(theory.condition)
    assert theory.best_momentum == 0
    assert theory.spectral_radius(1.0) == 0
    assert theory.null_space.shape == (4, 4)
    start = torch.ones(2, 2, dtype=torch.float64)
    fit = learn_kernel(X, torch.ones(3, 4, dtype=torch.float64), (2, 2), lr=9.0, weight=start)
    assert torch.equal(fit.weight, start)
    assert fit.losses.tolist() == [12.0] * 10
    assert not fit.diverged
    assert least_squares_kernel(X, torch.ones(3, 4, dtype=torch.float64), (2, 2)).weight.tolist() == [
        [0, 0],
        [0, 0],
    ]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(3, 7),
    columns=st.integers(3, 8),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    bias=st.booleans(),
    share=st.floats(0.1, 0.95),
)
def test_theory_and_run_agree_on_any_image(
    seed: int, rows: int, columns: int, kernel: tuple[int, int], bias: bool, share: float
) -> None:
    """Any image, kernel size, bias and rate: the losses of ten steps are those of the quadratic."""
    X, Y = a_problem(seed, rows, columns, kernel)
    solution = least_squares_kernel(X, Y, kernel, bias=bias)
    theory = learning_theory(X, kernel, bias=bias)
    fit = learn_kernel(
        X,
        Y,
        kernel,
        lr=share * theory.critical_lr,
        bias=bias,
        weight=torch.zeros(kernel, dtype=torch.float64),
    )
    error = -solution.weight.flatten()
    if solution.bias is not None:
        error = torch.cat([error, -solution.bias[None]])
    predicted = theory.predicted_losses(theory.energies(error), fit.lr, 10, floor=float(solution.loss))
    torch.testing.assert_close(fit.losses, predicted, rtol=1e-9, atol=1e-9)
    assert theory.rank == solution.rank
    assert not fit.diverged


# ------------------------------------------------------------------------------------------------- divergence


def test_a_run_that_overflows_ends_at_its_last_finite_kernel() -> None:
    """Nothing that is returned is NaN or Inf, and the verdict names the bound."""
    fit = learn_kernel(*notes_problem(torch.float32), (1, 2), lr=0.04, steps=5000, weight=torch.ones(1, 2))
    assert fit.diverged
    assert fit.stopped_after is not None
    assert len(fit.losses) == fit.stopped_after == len(fit.weights) + 1
    for values in (fit.weight, fit.losses, fit.weights, fit.final_loss):
        assert values.isfinite().all()
    assert torch.equal(fit.weight, fit.weights[-1])
    assert torch.equal(fit.final_loss, fit.losses[-1])
    assert fit.verdict == (
        f"diverged: the loss is not finite after {fit.stopped_after} updates.\nlr 0.04 is above the "
        "critical rate 1/λ = "
        "0.03333, where λ = 30 is the largest eigenvalue.\nUse lr below 0.03333."
    )
    assert repr(fit).endswith(fit.verdict)


def test_a_loss_that_grew_is_called_divergence_before_it_overflows() -> None:
    X, Y = notes_problem()
    fit = learn_kernel(
        X, Y, (1, 2), lr=0.08, momentum=0.5, steps=20, weight=torch.ones(1, 2, dtype=torch.float64)
    )
    assert fit.diverged
    assert fit.stopped_after is None
    assert fit.verdict == (
        "diverged: the loss ended above its start.\nlr 0.08 is above the critical rate (1 + 0.5)/λ = 0.05, "
        "where λ = 30 is the largest eigenvalue.\nUse lr below 0.05."
    )


def test_a_rate_above_the_bound_that_still_falls_is_warned_of() -> None:
    """From zero, the error of [1, −1] has no part along (1, 1): lr 0.04 goes down all the same."""
    fit = learn_kernel(*notes_problem(), (1, 2), lr=0.04, weight=torch.zeros(1, 2, dtype=torch.float64))
    assert not fit.diverged
    assert fit.verdict == (
        "has not diverged yet.\nlr 0.04 is above the critical rate 1/λ = 0.03333, where λ = 30 is the "
        "largest "
        "eigenvalue.\nUse lr below 0.03333."
    )


def test_small_batches_can_diverge_below_the_average_bound() -> None:
    """Batches of one pixel are as steep as that pixel."""
    X = torch.zeros(1, 40, dtype=torch.float64)
    X[0, 0] = 10.0
    start = torch.full((1, 1), 5.0, dtype=torch.float64)
    fit = learn_kernel(
        X,
        X,
        1,
        lr=0.3,
        steps=9000,
        batch_size=1,
        reduction="mean",
        weight=start,
        generator=torch.Generator().manual_seed(0),
    )
    assert fit.lr < fit.critical_lr
    assert fit.diverged
    assert fit.stopped_after is not None
    assert fit.verdict == (
        f"diverged: the loss is not finite after {fit.stopped_after} updates.\nlr 0.3 is below the critical "
        "rate 0.4 "
        "of the average batch, but single batches are steeper.\nUse a smaller lr or larger batches."
    )


def test_a_run_that_starts_at_the_kernel_stays_there() -> None:
    """Rounding at a loss of zero is no divergence."""
    X, Y = a_problem(14)
    solution = least_squares_kernel(X, Y, (2, 3))
    fit = learn_kernel(X, Y, (2, 3), lr=0.9 * learning_theory(X, (2, 3)).critical_lr, weight=solution.weight)
    assert not fit.diverged
    assert fit.losses.max() < 1e-24
    assert fit.verdict == f"converging: lr {fit.lr:.4g} is below the critical rate {fit.critical_lr:.4g}"


def test_a_single_overflowing_step_leaves_the_start() -> None:
    """An absurd rate: the first update overflows, the kernel returned is the first one."""
    fit = learn_kernel(*notes_problem(torch.float32), (1, 2), lr=1e300, weight=torch.ones(1, 2))
    assert fit.stopped_after == 1
    assert fit.weight.tolist() == [[1, 1]]
    assert fit.weights.shape == (0, 1, 2)
    assert len(fit.losses) == 1


# ---------------------------------------------------------------------------------------------- least squares


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_least_squares_recovers_kernel_and_bias_exactly(dtype: torch.dtype, bias: bool) -> None:
    """One step instead of many, to the last digits of the dtype."""
    X, _ = a_problem(20)
    true = torch.tensor([[1.5, -2.0, 0.25], [0.0, 3.0, -1.0]], dtype=torch.float64)
    Y = corr2d(X, true) + (0.75 if bias else 0.0)
    solution = least_squares_kernel(X.to(dtype), Y.to(dtype), (2, 3), bias=bias)
    tolerance = 1e-12 if dtype == torch.float64 else 2e-6
    assert solution.weight.dtype == dtype
    torch.testing.assert_close(solution.weight, true.to(dtype), rtol=tolerance, atol=tolerance)
    assert (solution.bias is None) != bias
    assert solution.bias is None or float(solution.bias) == pytest.approx(0.75, abs=tolerance)
    assert solution.unique
    assert solution.loss < tolerance**2 * 1e3


def test_least_squares_leaves_an_error_that_no_window_explains() -> None:
    """The residual is orthogonal to every shift of the image: the normal equations."""
    X, Y = a_problem(21)
    Y = Y + torch.randn(Y.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    solution = least_squares_kernel(X, Y, (2, 3))
    residual = corr2d(X, solution.weight) - Y
    assert corr2d(X, residual).abs().max() < 1e-11
    torch.testing.assert_close(solution.loss, residual.square().sum())


def test_least_squares_reports_what_the_image_leaves_open() -> None:
    """The shortest kernel, and directions that change no pixel."""
    X = torch.ones(5, 6, dtype=torch.float64) * 2
    Y = torch.full((4, 5), 12.0, dtype=torch.float64)
    solution = least_squares_kernel(X, Y, 2, bias=True)
    assert solution.rank == 1
    assert not solution.unique
    assert solution.null_space.shape == (4, 5)
    assert solution.bias is not None
    # minimum norm along (2, 2, 2, 2, 1), whose squares sum to 17
    torch.testing.assert_close(solution.weight, torch.full((2, 2), 24 / 17, dtype=torch.float64))
    assert float(solution.bias) == pytest.approx(12 / 17)
    for direction in solution.null_space:
        made = corr2d(X, solution.weight + direction[:4].reshape(2, 2)) + solution.bias + direction[4]
        torch.testing.assert_close(made, Y)
    torch.testing.assert_close(
        solution.null_space @ solution.null_space.T, torch.eye(4, dtype=torch.float64), atol=1e-12, rtol=0
    )


def test_fewer_pixels_than_taps_leave_directions_open() -> None:
    """One window of six pixels determines one number."""
    X = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    solution = least_squares_kernel(X, torch.tensor([[55.0]], dtype=torch.float64), (2, 3))
    torch.testing.assert_close(solution.weight, X)
    assert (solution.rank, len(solution.null_space)) == (1, 5)
    assert learning_theory(X, (2, 3)).rank == 1


def test_gradient_descent_goes_to_the_least_squares_kernel() -> None:
    X, Y = a_problem(22)
    theory = learning_theory(X, (2, 3))
    fit = learn_kernel(X, Y, (2, 3), lr=theory.best_lr, steps=400, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fit.weight, least_squares_kernel(X, Y, (2, 3)).weight, atol=1e-10, rtol=0)


def test_results_say_what_they_are() -> None:
    """The printed forms that the chapter shows."""
    X, Y = notes_problem()
    start = torch.tensor([NOTES["B"][0]], dtype=torch.float64)
    assert repr(learn_kernel(X, Y, (1, 2), weight=start)) == (
        "KernelFit: loss 29.53 → 0.2032 in 10 updates, weight [[0.9305, -1.046]]\n"
        "converging: lr 0.03 is below the critical rate 0.03333"
    )
    assert repr(learn_kernel(X, Y, (1, 2), weight=start, bias=True, lr=0.01, steps=1)).startswith(
        "KernelFit: loss 29.53 → 12.42 in 1 update, weight [[-0.09739, -0.3345]], bias 0.3887\n"
    )
    assert repr(learning_theory(X, (1, 2))) == (
        "LearningTheory: eigenvalues [6, 30], critical lr 0.03333, best lr 0.02778"
    )
    assert repr(least_squares_kernel(X, Y, (1, 2))) == "KernelSolution: weight [[1, -1]], loss 0"
    flat = least_squares_kernel(torch.ones(6, 8), 3 * torch.ones(6, 8), 1, bias=True)
    assert repr(flat) == (
        "KernelSolution: weight [[1.5]], bias 1.5, loss 0\n"
        "not unique: any multiple of [[0.7071, -0.7071]] may be added"
    )


# --------------------------------------------------------------------------------------------------- refusals

X32, Y32 = torch.ones(6, 8), torch.ones(6, 7)

REFUSED: list[tuple[dict[str, object], type[Exception], str]] = [
    ({"X": [[1.0]]}, TypeError, "X must be a torch.Tensor, got [[1.0]]"),
    (
        {"X": torch.ones(6, 8, dtype=torch.int64)},
        TypeError,
        "X must be float32 or float64, got torch.int64",
    ),
    (
        {"Y": torch.ones(6, 7, dtype=torch.uint8)},
        TypeError,
        "Y must be float32 or float64, got torch.uint8",
    ),
    (
        {"X": X32.half()},
        TypeError,
        "X must be float32 or float64, got torch.float16",
    ),
    (
        {"X": X32.to(torch.complex64)},
        TypeError,
        "X must be float32 or float64, got torch.complex64",
    ),
    (
        {"X": torch.ones(1, 1, 6, 8)},
        ValueError,
        "X must be one image (rows, columns) or several (images, rows, columns), none empty",
    ),
    (
        {"X": torch.ones(0, 6, 8)},
        ValueError,
        "X must be one image (rows, columns) or several (images, rows, columns), none empty",
    ),
    (
        {"kernel_size": (7, 2)},
        ValueError,
        "kernel 7×2 does not fit input 6×8 with padding 0",
    ),
    ({"kernel_size": (1, 0)}, ValueError, "kernel_size must be at least 1 on both axes, got (1, 0)"),
    (
        {"Y": torch.ones(6, 8)},
        ValueError,
        "Y must have shape (6, 7)",
    ),
    (
        {"X": torch.ones(3, 6, 8)},
        ValueError,
        "Y must have shape (3, 6, 7)",
    ),
    (
        {"Y": Y32.double()},
        TypeError,
        "all tensors must have one dtype, got X is float32, Y is float64",
    ),
    (
        {"Y": Y32.to("meta")},
        ValueError,
        "all tensors must be on one device, got X on cpu, Y on meta",
    ),
]

RUN_REFUSED: list[tuple[dict[str, object], type[Exception], str]] = [
    ({"lr": 0.0}, ValueError, "lr must be above 0, got 0"),
    ({"lr": -0.1}, ValueError, "lr must be above 0, got -0.1"),
    ({"lr": math.nan}, ValueError, "lr must be finite, got nan"),
    ({"lr": "0.1"}, TypeError, "lr must be a number, got '0.1' (a str)"),
    ({"lr": True}, TypeError, "lr must be a number, got True (a bool)"),
    ({"steps": 0}, ValueError, "steps must be at least 1, got 0"),
    (
        {"steps": 2.0},
        TypeError,
        "steps must be an integer, got 2.0 (a float)",
    ),
    (
        {"momentum": 1.0},
        ValueError,
        "momentum must be at least 0 and below 1, got 1",
    ),
    (
        {"momentum": -0.5},
        ValueError,
        "momentum must be at least 0 and below 1, got -0.5",
    ),
    ({"reduction": "none"}, ValueError, 'reduction must be one of "sum", "mean", got \'none\''),
    ({"batch_size": 43}, ValueError, "batch_size must be at most the number of output pixels, 42"),
    ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
    ({"bias": torch.ones(1)}, TypeError, "bias must be True or False, got a Tensor of shape (1,)"),
    (
        {"weight": torch.ones(1, 1, 1, 2)},
        ValueError,
        "weight must have the shape of the kernel, (1, 2)",
    ),
    ({"weight": torch.ones(2)}, ValueError, "weight must have the shape of the kernel, (1, 2)"),
    (
        {"weight": torch.ones(1, 2).double()},
        TypeError,
        "all tensors must have one dtype, got X is float32, weight is float64",
    ),
    (
        {"weight": torch.tensor([[math.nan, 0.0]])},
        ValueError,
        "the first loss is not finite in torch.float32",
    ),
    (
        {"generator": 0},
        TypeError,
        "generator must be a torch.Generator, got 0",
    ),
]


def call(function: object, changed: dict[str, object]) -> object:
    """Call with good arguments but for the changed ones."""
    arguments = {"X": X32, "Y": Y32, "kernel_size": (1, 2)} | changed
    return function(**arguments)  # type: ignore[operator]


@pytest.mark.parametrize(("changed", "kind", "message"), REFUSED + RUN_REFUSED)
def test_learn_kernel_refuses(changed: dict[str, object], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        call(learn_kernel, changed)


@pytest.mark.parametrize(("changed", "kind", "message"), REFUSED)
def test_least_squares_refuses_in_the_same_words(
    changed: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        call(least_squares_kernel, changed)


@pytest.mark.parametrize(
    ("changed", "kind", "message"), [case for case in REFUSED if "Y" not in case[0] and "Y" not in case[2]]
)
def test_learning_theory_refuses_in_the_same_words(
    changed: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}"):
        learning_theory(**({"X": X32, "kernel_size": (1, 2)} | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_data_that_is_not_finite_is_refused(bad: float) -> None:
    """NaN and Inf in X or Y never reach a result."""
    X, Y = X32.clone(), Y32.clone()
    X[2, 3], Y[0, 0] = bad, bad
    for image, made in ((X, Y32), (X32, Y)):
        with pytest.raises(
            ValueError, match=r"^the first loss is not finite in torch.float32: X, Y or weight holds"
        ):
            learn_kernel(image, made, (1, 2))
        with pytest.raises(ValueError, match=r"^X or Y holds NaN or Inf, or values so large that"):
            least_squares_kernel(image, made, (1, 2))
    with pytest.raises(ValueError, match=r"^X or Y holds NaN or Inf, or values so large that"):
        learning_theory(X, (1, 2))


def test_a_generator_of_another_device_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^generator must be on the device of X, meta; got one on cpu; write"
    ):
        _judge.generator_for(X32.to("meta"), torch.Generator())


def test_theory_refuses_errors_of_the_wrong_size() -> None:
    theory = learning_theory(X32, (1, 2), bias=True)
    message = (
        "error must have 3 entries in its last dimension, the 1×2 kernel row by row, then the bias; "
        "got shape (1, 2)"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        theory.energies(torch.ones(1, 2))
    with pytest.raises(TypeError, match=re.escape("error must be a tensor, got [1, 2, 3]")):
        theory.loss([1, 2, 3])  # type: ignore[arg-type]


def test_theory_refuses_too_few_losses() -> None:
    theory = learning_theory(edge_image(), (1, 2))
    message = (
        "as many losses as places are needed, and at least 2, one for each direction that can be learned; "
        "got 1 losses at 1 places"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        theory.energies_from_losses([0], [1.0], lr=0.03)
    with pytest.raises(ValueError, match=r"^at must be at least 0, got -1$"):
        theory.energies_from_losses([-1, 2], [1.0, 2.0], lr=0.03)
    with pytest.raises(ValueError, match=r"^lr must be above 0"):
        theory.predicted_losses(torch.ones(2), -1.0, 3)


def test_a_loss_that_swings_up_below_the_bound_is_no_divergence() -> None:
    """With momentum a converging run may stand above its start for a while."""
    X, Y = notes_problem()
    start = torch.tensor([[2.0, 0.0]], dtype=torch.float64)
    theory = learning_theory(X, (1, 2), momentum=0.9)
    run = {"lr": 0.95 * theory.critical_lr, "momentum": 0.9, "weight": start}
    early = learn_kernel(X, Y, (1, 2), steps=3, **run)
    assert early.final_loss > early.losses[0]
    assert not early.diverged
    assert learn_kernel(X, Y, (1, 2), steps=400, **run).final_loss < 1e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("slope", [0.1, 1.0, 1 / 3])
def test_a_ramp_teaches_two_directions(slope: float, dtype: torch.dtype) -> None:
    """Windows of a ramp are one pattern plus a constant: rank 2, the other eigenvalues exactly 0."""
    X = slope * (torch.arange(7.0, dtype=dtype)[:, None] + 2 * torch.arange(9.0, dtype=dtype))
    theory = learning_theory(X, (3, 2))
    assert theory.rank == 2
    assert theory.eigenvalues[:4].tolist() == [0, 0, 0, 0]
    assert theory.best_lr == pytest.approx(1 / float(theory.eigenvalues[4] + theory.eigenvalues[5]))
    assert theory.condition == pytest.approx(float(theory.eigenvalues[5] / theory.eigenvalues[4]))
    assert least_squares_kernel(X, corr2d(X, torch.ones(3, 2, dtype=dtype)), (3, 2)).rank == 2


def test_the_start_is_that_of_a_torch_layer_with_the_same_seed() -> None:
    """With the same seed the first weights are those of a torch layer."""
    X, Y = notes_problem(torch.float32)
    torch.manual_seed(11)
    conv = torch.nn.Conv2d(1, 1, (1, 2), bias=False)
    torch.manual_seed(11)
    fit = learn_kernel(X, Y, (1, 2))
    losses, weights, _ = loop_of_the_notes(X, Y, conv.weight.detach()[0, 0], lr=0.03, steps=10)
    torch.testing.assert_close(fit.losses, torch.tensor(losses), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(fit.weight, weights[-1], rtol=1e-5, atol=1e-6)


def test_a_run_at_the_critical_rate_itself_stands_on_the_edge() -> None:
    """1/30: the steep part of the error changes its sign at each step, and neither grows nor shrinks."""
    X, Y = notes_problem()
    fit = learn_kernel(X, Y, (1, 2), lr=1 / 30, steps=50, weight=torch.ones(1, 2, dtype=torch.float64))
    steep = (fit.weights[:, 0] - K[0]).sum(1)
    torch.testing.assert_close(steep[1:], -steep[:-1], rtol=1e-9, atol=0)
    assert not fit.diverged
    assert fit.verdict == (
        "on the edge: lr 0.03333 is the critical rate itself.\n"
        "The error along the steepest direction keeps its size. Use a smaller lr."
    )
