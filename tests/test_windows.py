"""Padding, windows, unfold and fold: against torch, NumPy, and their own laws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from convbook import Conv2d, conv2d, fold, output_size, pad, sliding_windows, unfold
from convbook._judge import INTEGERS

MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
    "symmetric": "symmetric",
}
SIDES = [((0, 0), (0, 0)), ((1, 2), (0, 3)), ((2, 0), (3, 1)), ((0, 2), (2, 0))]
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128]
DTYPES = [*sorted(INTEGERS, key=str), *FLOATS, torch.bool]

# Kernel, dilation, padding, stride: even and odd, with and without a gap between stride and dilation.
WINDOWS = [
    (1, 1, 0, 1),
    ((2, 3), 1, 0, 1),
    ((3, 2), 1, (1, 0), 2),
    ((2, 2), (2, 1), 1, (1, 2)),
    ((2, 3), (3, 2), (2, 1), (2, 3)),
    ((1, 4), 1, (0, 3), (3, 1)),
]


# ---------------------------------------------------------------------------------------------------- padding


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sides", SIDES)
def test_padding_is_numpys(mode: str, sides: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """Each mode is NumPy's of the matching name, with other widths on all four sides."""
    x = torch.arange(2 * 4 * 5).reshape(2, 4, 5)
    want = np.pad(x.numpy(), ((0, 0), *sides), mode=MODES[mode])  # type: ignore[call-overload]
    got = pad(x, sides, mode)
    assert np.array_equal(got.numpy(), want)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_padding_knows_every_dtype(mode: str, dtype: torch.dtype) -> None:
    """The dtype stays, and the numbers are those of the same padding in int64."""
    x = torch.arange(12).reshape(3, 4)
    x = x % 2 if dtype is torch.bool else x
    got = pad(x.to(dtype), ((1, 2), (2, 1)), mode)
    assert got.dtype == dtype
    back = torch.float64 if dtype in FLOATS[:4] else torch.complex128 if dtype.is_complex else torch.int64
    assert got.to(back).equal(pad(x, ((1, 2), (2, 1)), mode).to(back))


def test_padding_reaches_its_limits() -> None:
    """A mirror takes all rows but one, a circle all of them, replication any number."""
    x = torch.arange(3)[:, None]
    assert pad(x, ((2, 2), (0, 0)), "reflect").flatten().tolist() == [2, 1, 0, 1, 2, 1, 0]
    assert pad(x, ((3, 3), (0, 0)), "circular").flatten().tolist() == [0, 1, 2] * 3
    assert pad(x, ((5, 0), (0, 0)), "replicate").flatten().tolist() == [0] * 6 + [1, 2]
    assert pad(x[:1], ((0, 0), (0, 0)), "reflect").equal(x[:1])
    assert pad(x, ((3, 3), (0, 0)), "symmetric").flatten().tolist() == [2, 1, 0, 0, 1, 2, 2, 1, 0]
    with pytest.raises(ValueError, match=r'"symmetric" can pad 3 rows by at most 3 .* more than once'):
        pad(x, ((4, 0), (0, 0)), "symmetric")


def test_other_libraries_words_for_the_modes() -> None:
    """NumPy's words, and SciPy's "mirror", mean the same in pad and in conv2d; the layers keep torch's."""
    x, w = torch.rand(1, 3, 5, 6), torch.rand(2, 3, 3, 3)
    words = {"constant": "zeros", "edge": "replicate", "wrap": "circular", "mirror": "reflect"}
    for other, word in words.items():
        assert pad(x, 2, other).equal(pad(x, 2, word))
        assert conv2d(x, w, padding=2, padding_mode=other).equal(conv2d(x, w, padding=2, padding_mode=word))
        assert Conv2d(3, 2, 3, padding_mode=other).padding_mode == word
    with pytest.raises(ValueError, match=r'"symmetric", got .mirrors.'):
        pad(x, 1, "mirrors")


def test_zeros_may_be_another_number() -> None:
    """Max pooling pads −∞."""
    got = pad(torch.ones(1, 1), ((1, 0), (0, 0)), value=-torch.inf)
    assert got.tolist() == [[-torch.inf], [1.0]]
    for dtype in (torch.uint8, torch.int16, torch.int64, torch.uint64):
        largest = torch.iinfo(dtype).max  # beyond 2⁵³ a float64 on the way would change it
        assert pad(torch.ones(1, 1, dtype=dtype), ((0, 0), (0, 1)), value=largest).tolist() == [[1, largest]]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *((torch.uint8, value) for value in (300, -1, 2.0)),
        (torch.int64, 2**63),
        (torch.float16, 1e6),
        (torch.complex64, 1e39),
        (torch.float32, 10**400),
        (torch.float8_e4m3fn, float("inf")),
        (torch.float8_e8m0fnu, 0),
    ],
)
def test_a_value_that_the_dtype_cannot_hold_is_refused(dtype: torch.dtype, value: float) -> None:
    """Neither wrapped nor rounded to infinity; ∞ itself and NaN are floating numbers."""
    with pytest.raises(TypeError, match=r"^value must be .* for an input of"):
        pad(torch.ones(1, 1).to(dtype), 1, value=value)
    assert pad(torch.zeros(1, 1), 1, value=torch.nan).isnan().sum() == 8
    assert pad(torch.zeros(1, 1, dtype=torch.bool), ((0, 0), (0, 1)), value=2).tolist() == [[False, True]]


@pytest.mark.parametrize("mode", MODES)
def test_padding_gives_memory_of_its_own(mode: str) -> None:
    """Even where nothing is added the result is a copy."""
    x = torch.ones(2, 3)
    for sides in (0, 1):
        pad(x, sides, mode).add_(1)
    assert x.equal(torch.ones(2, 3))


@pytest.mark.parametrize("mode", MODES)
def test_padding_is_differentiable_twice_and_under_torch_func(mode: str) -> None:
    """gradcheck, gradgradcheck, vmap and compile, each mode."""
    x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)

    def f(x: Tensor) -> Tensor:
        return pad(x, ((1, 2), (2, 1)), mode)

    assert torch.autograd.gradcheck(f, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(f, x, fast_mode=True)
    assert torch.func.vmap(f)(x).equal(f(x))
    assert torch.compile(f, fullgraph=True, backend="aot_eager")(x).equal(f(x))


# ------------------------------------------------------------------------------------------------ window view


def test_the_view_copies_nothing() -> None:
    """Changing the image changes the view: they share memory, dilated or not."""
    x = torch.zeros(4, 5)
    for dilation in ((1, 1), (2, 1), (2, 2)):
        size = output_size((4, 5), 2, dilation=dilation)
        view = sliding_windows(x, (2, 2), (1, 1), dilation, size)
        assert view.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


@pytest.mark.parametrize(("kernel", "dilation", "padding", "stride"), WINDOWS)
def test_the_view_is_the_formula(kernel: object, dilation: object, padding: object, stride: object) -> None:
    """V[i, j, a, b] = X[s·i + d·a, s·j + d·b] for every index."""
    k, d, s = ((v, v) if isinstance(v, int) else v for v in (kernel, dilation, stride))
    x = torch.arange(7 * 9).reshape(7, 9)
    rows, columns = output_size((7, 9), k, s, 0, d)  # type: ignore[arg-type]
    view = sliding_windows(x, k, s, d, (rows, columns))  # type: ignore[arg-type]
    assert view.shape == (rows, columns, *k)  # type: ignore[misc]
    for i, j, a, b in np.ndindex(*view.shape):
        assert view[i, j, a, b] == x[s[0] * i + d[0] * a, s[1] * j + d[1] * b]  # type: ignore[index]


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (3, 2)])
def test_the_gradient_of_an_expanded_image_is_right(dilation: tuple[int, int]) -> None:
    """Windows of an expanded image (as_strided would get these wrong) give each number the sum over its
    windows.
    """
    column = torch.randn(6, 1, dtype=torch.float64, requires_grad=True)
    copy = column.detach().clone().requires_grad_()
    size = output_size((6, 7), (2, 3), dilation=dilation)
    weights = torch.randn(*size, 2, 3, dtype=torch.float64)
    for leaf, image in ((column, column.expand(6, 7)), (copy, copy.repeat(1, 7))):
        (sliding_windows(image, (2, 3), (1, 1), dilation, size) * weights).sum().backward()
        assert leaf.grad is not None
    torch.testing.assert_close(column.grad, copy.grad)


def test_the_gradient_of_a_dilated_view_needs_no_windows_of_its_reach() -> None:
    """A 3×3 kernel with dilation 50 needs memory for 9 taps a window backward, not for 101 × 101."""
    x = torch.zeros(200, 200, requires_grad=True)
    view = sliding_windows(x, (3, 3), (1, 1), (50, 50), (100, 100))
    sizes: list[int] = []

    class Largest(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            out = func(*args, **(kwargs or {}))
            sizes.extend(t.untyped_storage().nbytes() // 4 for t in (out,) if isinstance(t, Tensor))
            return out

    with Largest():
        torch.autograd.grad(view.sum(), x)
    assert max(sizes) <= 9 * 200 * 200


# -------------------------------------------------------------------------------------------- unfold and fold


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("batch", [(2,), (), (0,)])
def test_unfold_and_fold_are_torchs(window: tuple[object, ...], batch: tuple[int, ...]) -> None:
    """Value and layout in memory are torch's, with a batch, without, and with an empty one."""
    x = torch.randn(*batch, 3, 6, 5, dtype=torch.float64)
    columns = unfold(x, *window)  # type: ignore[arg-type]
    assert columns.equal(F.unfold(x, *window))  # type: ignore[arg-type]
    assert columns.is_contiguous()
    image = fold(columns, (6, 5), *window)  # type: ignore[arg-type]
    torch.testing.assert_close(image, F.fold(columns, (6, 5), *window))  # type: ignore[arg-type]
    assert image.is_contiguous()


@pytest.mark.parametrize("window", WINDOWS)
def test_fold_is_the_adjoint_of_unfold(window: tuple[object, ...]) -> None:
    """⟨unfold(x), u⟩ = ⟨x, fold(u)⟩, in integers, so exactly."""
    x = torch.randint(-9, 10, (3, 6, 5))
    columns = unfold(x, *window)  # type: ignore[arg-type]
    u = torch.randint(-9, 10, columns.shape)
    assert (columns * u).sum() == (x * fold(u, (6, 5), *window)).sum()  # type: ignore[arg-type]


def test_fold_after_unfold_counts_the_windows() -> None:
    """fold(unfold(x)) is x times the number of windows that see each pixel: not x."""
    x = torch.randint(1, 9, (1, 5, 4))
    uses = fold(unfold(torch.ones_like(x), 3, padding=1), (5, 4), 3, padding=1)
    assert uses[0].tolist() == [[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]
    assert fold(unfold(x, 3, padding=1), (5, 4), 3, padding=1).equal(x * uses)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_unfold_and_fold_know_every_dtype(dtype: torch.dtype) -> None:
    """unfold takes every dtype, fold every one with numbers; integers are exact, wrapping in their own
    width.
    """
    x = torch.full((2, 3, 3), 100)
    columns = unfold((x > 0) if dtype is torch.bool else x.to(dtype), 2)
    assert columns.dtype == dtype
    if dtype is torch.bool:
        return
    image = fold(columns, 3, 2)
    assert image.dtype == dtype
    want = torch.tensor(400).to(dtype)
    assert image[0, 1, 1].to(torch.complex128) == want.to(torch.complex128)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_fold_counts_half_types_beyond_256(dtype: torch.dtype) -> None:
    """20·20 = 400 windows see the pixel in the middle; a sum in bfloat16 would stop at 256."""
    image = fold(torch.ones(400, 400, dtype=dtype), 39, 20)
    assert image[0, 19, 19] == 400


def test_unfolded_windows_share_no_memory_with_the_image() -> None:
    """A 1×1 window would be a view of the image; it is copied."""
    x = torch.ones(1, 2, 3)
    unfold(x, 1).add_(1)
    columns = torch.ones(2, 6)
    fold(columns, (2, 3), 1).add_(1)
    assert x.equal(torch.ones(1, 2, 3))
    assert columns.equal(torch.ones(2, 6))


@pytest.mark.parametrize("window", WINDOWS[1:5])
def test_unfold_and_fold_under_autograd_and_vmap(window: tuple[object, ...]) -> None:
    """gradcheck, gradgradcheck, vmap = a loop, and shapes on the meta device, for unfold and for fold."""
    x = torch.randn(2, 1, 4, 3, dtype=torch.float64, requires_grad=True)

    def there(x: Tensor) -> Tensor:
        return unfold(x, *window)  # type: ignore[arg-type]

    def back(u: Tensor) -> Tensor:
        return fold(u, (4, 3), *window)  # type: ignore[arg-type]

    u = there(x).detach().requires_grad_()
    for f, value in ((there, x), (back, u)):
        assert torch.autograd.gradcheck(f, value, fast_mode=True)
        assert torch.autograd.gradgradcheck(f, value, fast_mode=True)
        assert torch.func.vmap(f)(value).equal(f(value))
        assert f(value.to("meta")).shape == f(value).shape


def test_unfold_and_fold_compile_without_a_graph_break() -> None:
    """One compiled function of both, forward and backward, gives what the functions give."""

    def f(x: Tensor) -> Tensor:
        return fold(unfold(x, (2, 3), (2, 1), 1, (1, 2)).sin(), (6, 5), (2, 3), (2, 1), 1, (1, 2))

    x = torch.randn(2, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    compiled = torch.compile(f, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(compiled, f(x))
    for got, want in zip(*(torch.autograd.grad(y.sum(), x) for y in (compiled, f(x))), strict=True):
        torch.testing.assert_close(got, want)
