"""The ladder: each method is the definition over its domain, as exact as it says, and declines by name."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from convbook import METHODS, conv2d, conv_transpose2d
from convbook._judge import INTEGERS, conv2d_setting, conv_transpose2d_setting
from convbook.algorithms import TABLE, compiled
from convbook.algorithms._steps import matmul, widened
from convbook.algorithms.band import band_matrices
from convbook.algorithms.box import window_sums
from convbook.algorithms.fft import good_size
from convbook.algorithms.separable import factors, has_rank_one
from convbook.algorithms.transposed import stamps
from convbook.algorithms.winograd import MATRICES

GENERAL = ("definition", "shift", "windows", "im2col", "torch", "auto")
"""Methods that decline nothing."""

EXACT = (*GENERAL, "lowering", "band", "box", "compiled")
"""Methods whose steps never leave the integers."""

every_method = pytest.mark.parametrize("method", METHODS)
general_methods = pytest.mark.parametrize("method", GENERAL)
exact_methods = pytest.mark.parametrize("method", EXACT)

# (input, weight, stride, padding, dilation, groups): batch, channels, rows and columns all differ.
CASES = {
    "one channel": ((2, 1, 5, 4), (1, 1, 2, 3), 1, 0, 1, 1),
    "padded": ((2, 3, 5, 7), (4, 3, 3, 3), 1, 1, 1, 1),
    "four sides": ((3, 4, 6, 5), (6, 2, 2, 3), (2, 1), ((1, 0), (0, 2)), 1, 2),
    "depthwise": ((2, 3, 7, 8), (6, 1, 3, 2), (1, 3), (2, 1), (2, 1), 3),
    "depthwise 3×3": ((1, 5, 8, 9), (5, 1, 3, 3), 1, 1, 1, 5),
    "stride and dilation": ((1, 2, 9, 6), (2, 2, 2, 2), (3, 2), 3, (2, 4), 1),
    "common factors": ((1, 1, 15, 19), (2, 1, 4, 3), (2, 2), 1, (4, 2), 1),
    "wide": ((1, 1, 4, 40), (1, 1, 1, 18), 1, 0, 1, 1),
    "one window": ((2, 1, 4, 3), (3, 1, 4, 3), 1, 0, 1, 1),
    "no image": ((0, 2, 4, 5), (3, 2, 3, 3), 1, 1, 1, 1),
    "no channel": ((2, 0, 4, 5), (4, 0, 3, 3), 1, 1, 1, 2),
    "a pixel": ((2, 3, 4, 5), (5, 3, 1, 1), 1, 1, 1, 1),
    "some pixels": ((2, 3, 5, 6), (5, 3, 1, 1), (2, 3), 0, 1, 1),
}

LOOPED = ("windows", "im2col", "torch", "compiled", "auto")
"""Methods that differ most in how they walk through memory: they are tried in every layout."""


def in_domain(method: str, case: str, dtype: torch.dtype) -> bool:
    """Whether a method must do a case: what this file says, not the method."""
    _, kernel, stride, _, dilation, _ = CASES[case]
    if method == "winograd" and (kernel[2:] != (3, 3) or (stride, dilation) != (1, 1)):
        return False
    return dtype not in INTEGERS or method in EXACT


PAIRS = list(itertools.product(METHODS, CASES))


def numbers(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> Tensor:
    """Return small integers in any dtype, so that every method's sums are exact but the transforms'."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-5 if dtype.is_signed else 0, 6, shape, generator=generator).to(dtype)


def kernels(method: str, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return kernels of the kind that a method is for."""
    w = numbers(shape, dtype, 1)
    if method == "box":
        return w[:, :, :1, :1].expand(shape).contiguous()
    return w[:, :, :1] * w[..., :1] if method == "separable" else w


def by_plain_numbers(x: Tensor, w: Tensor, b: Tensor, stride, padding, dilation, groups) -> Tensor:  # type: ignore[no-untyped-def]
    """Convolve Python's numbers by eight loops: nothing of torch but the container."""
    setting = conv2d_setting(x, w, b, stride, padding, dilation, groups)
    (top, _), (left, _) = setting.padding
    (sh, sw), (dh, dw) = setting.stride, setting.dilation
    batch, outputs = x.shape[0], w.shape[0]
    xs, ws, bs = x.tolist(), w.tolist(), b.tolist()

    def pixel(n: int, c: int, i: int, j: int) -> complex:
        return xs[n][c][i][j] if 0 <= i < x.shape[2] and 0 <= j < x.shape[3] else 0

    y = torch.zeros((batch, outputs, *setting.output_size), dtype=torch.complex128)
    for n, o, i, j in itertools.product(*map(range, y.shape)):
        first = o // (outputs // groups) * w.shape[1]
        total = bs[o]
        for c, a, d in itertools.product(*map(range, w.shape[1:])):
            total += pixel(n, first + c, sh * i + dh * a - top, sw * j + dw * d - left) * ws[o][c][a][d]
        y[n, o, i, j] = total
    if x.is_complex():
        return y
    return y.real.to(torch.int64) if x.dtype in INTEGERS else y.real


# ------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(("method", "case"), PAIRS)
def test_it_is_the_formula(method: str, case: str) -> None:
    """Exactly, in integers and floats, where no step leaves the small integers; declined where it must be."""
    shape, kernel, *setting = CASES[case]
    for dtype in (torch.int64, torch.float32, torch.complex64):
        x, w, b = numbers(shape, dtype, 0), kernels(method, kernel, dtype), numbers(kernel[:1], dtype, 2)
        if not in_domain(method, case, dtype):
            with pytest.raises(NotImplementedError) as refused:
                conv2d(x, w, b, *setting, method=method)
            assert repr(method) in str(refused.value)
            others = [name for name in TABLE if repr(name) in str(refused.value) and name != method]
            assert {"definition", "shift", "torch"} <= set(others)
            for other in others:
                conv2d(x, w, b, *setting, method=other)
            continue
        got, want = conv2d(x, w, b, *setting, method=method), by_plain_numbers(x, w, b, *setting).to(dtype)
        assert got.dtype == dtype
        if method in EXACT:
            assert got.equal(want)
        else:
            torch.testing.assert_close(got, want, rtol=1e-5, atol=2e-4)


@exact_methods
@pytest.mark.parametrize("dtype", sorted(INTEGERS, key=str), ids=str)
def test_integers_wrap_in_their_own_width(dtype: torch.dtype, method: str) -> None:
    """Products and sums beyond the dtype are what they are modulo 2ⁿ; int64 is exact where float64 is not."""
    x = torch.full((1, 2, 3, 3), 200).to(dtype)
    w = torch.full((1, 2, 2, 2), 210).to(dtype)
    total = 8 * int(x[0, 0, 0, 0]) * int(w[0, 0, 0, 0]) + int(w[0, 0, 0, 0])
    want = torch.tensor(total).to(dtype).expand(1, 1, 2, 2)
    assert conv2d(x, w, w[0, 0, 0, :1], method=method).equal(want)
    padded = conv2d(x, w, padding=((0, 1), (1, 0)), method=method)
    assert padded[0, 0, :2, 1:].tolist() == conv2d(x, w, method=method)[0, 0].tolist()
    if dtype is torch.int64:
        large = torch.tensor([[[[2**53, 1]]]])
        ones = torch.ones_like(large)
        assert conv2d(large, ones, method=method).item() == 2**53 + 1


@exact_methods
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_summed_in_float32_and_rounded_once(dtype: torch.dtype, method: str) -> None:
    """1000 ones and a bias of 24 make 1024, where a bfloat16 sum stops at 256; a tie is rounded once."""
    x = torch.ones(1, 10, 10, 10, dtype=dtype)
    assert conv2d(x, x, torch.full((1,), 24, dtype=dtype), method=method).item() == 1024
    eps = torch.finfo(dtype).eps
    parts = torch.tensor([[[[1.0, eps / 2, eps / 2]]]], dtype=dtype)  # rounding after each term gives 1
    assert conv2d(parts, torch.ones_like(parts), method=method).item() == 1 + eps


def images() -> dict[str, Tensor]:
    """Images on which a method shows errors that random ones hide."""
    torch.manual_seed(0)
    noise = torch.rand(1, 1, 37, 70)
    rows, columns = torch.arange(37.0)[:, None], torch.arange(70.0)
    made = {"noise": noise, "zeros": torch.zeros_like(noise), "one dark half": noise.clone()}
    made["one dark half"][..., 35:] *= 1e-5
    made["one half zero"] = noise * (columns < 30)
    made["a spot"] = torch.where((rows == 20) & (columns == 33), 1e6, noise)
    made["bars"] = noise * torch.where(columns % 20 < 10, 1.0, 1e-6)
    made["a frame"] = torch.where((rows % 36 == 0) | (columns % 69 == 0), 1e5, noise)
    made["alternating signs"] = noise * (1 - 2 * ((rows + columns) % 2))
    made["tiny"] = noise * 1e-30
    return made


@every_method
@pytest.mark.parametrize("name", images())
def test_it_is_as_exact_as_it_says(method: str, name: str) -> None:
    """Within `error` roundings of Σ|x||w| of the window, or of the image where a method spreads that far."""
    x = images()[name]
    column = torch.rand(5) + 1e-8
    smooth = torch.exp(-((torch.arange(3.0) - 1) ** 2) * 8)  # taps of 1, 3e-4 and 1e-7
    made = {
        "separable": smooth[:, None] * smooth,
        "box": torch.full((5, 3), 0.37),
        "winograd": torch.randn(3, 3),
    }
    kernel = made.get(method, torch.randn(5, 3) * column[:, None])[None, None]
    got = conv2d(x, kernel, padding=1, method=method).double()
    want = conv2d(x.double(), kernel.double(), padding=1, method="shift")
    scale = conv2d(x.double().abs(), kernel.double().abs(), padding=1, method="shift")
    facts = TABLE.get(method, TABLE["torch"])
    if facts.spreads == "image":
        scale = scale.max()
    elif facts.spreads == "tile":
        scale = F.max_pool2d(scale, 9, 1, 4)
    assert ((got - want).abs() <= facts.error * 2**-23 * scale + 1e-44).all()


def test_separable_drops_no_tap() -> None:
    """A tap of 2e-7 of the largest one is half of the sum where the image is bright under it alone."""
    w = torch.tensor([[1.0, 1.0], [1.0, 1.0 + 2e-7]])[None, None].double()
    assert not has_rank_one(w)
    with pytest.raises(NotImplementedError, match="a column times a row"):
        conv2d(torch.ones(1, 1, 4, 4).double(), w, method="separable")
    tails = torch.tensor([1.0, 2e-7])
    product = (tails[:, None] * tails)[None, None]
    assert has_rank_one(product)
    bright = torch.tensor([[0.0, 0.0], [0.0, 1e14]])[None, None]
    assert conv2d(bright, product, method="separable").item() == pytest.approx(4.0, rel=1e-5)


# ------------------------------------------------------------------------------------- NaN, Inf and neighbors


@pytest.mark.parametrize("method", [m for m in METHODS if m == "auto" or TABLE[m].spreads == "window"])
@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan])
@pytest.mark.parametrize("where", ["input", "weight", "bias", "gradient"])
@pytest.mark.parametrize(("batch", "outputs", "groups"), [(1, 4, 2), (2, 4, 1), (1, 2, 1)])
def test_nan_and_inf_stand_where_the_definition_puts_them(
    method: str, value: float, where: str, batch: int, outputs: int, groups: int
) -> None:
    """In values and gradients, at the first call and at the second; zeros of the padding count as zeros."""
    size = (48, 50) if method in ("auto", "compiled") else (6, 7)  # `auto` takes the loops for larger images
    x, w, b = torch.ones(batch, 2, *size), torch.ones(outputs, 2 // groups, 3, 3), torch.ones(outputs)
    if where != "gradient":
        {"input": x, "weight": w, "bias": b}[where].view(-1)[0] = value
    if method in ("box", "separable") and where == "weight":
        w[0, 0] = value  # all weights are equal; with Inf for all, neither form is the definition
        with pytest.raises(NotImplementedError):
            conv2d(x, w, b, padding=(1, 2), groups=groups, method=method)
        return
    learns = method not in ("box", "separable")

    def results(method: str) -> list[Tensor]:
        leaves = [x.clone().requires_grad_(), w.clone().requires_grad_(learns), b.clone().requires_grad_()]
        y = conv2d(*leaves, padding=(1, 2), groups=groups, method=method)
        direction = torch.ones_like(y)
        if where == "gradient":
            direction[0, 0, 0, 0] = value
        return [
            y.detach(),
            *torch.autograd.grad(y, [leaf for leaf in leaves if leaf.requires_grad], direction),
        ]

    want = results("definition" if size == (6, 7) else "shift")
    for _ in range(2):
        for got, right in zip(results(method), want, strict=True):
            assert got.isnan().equal(right.isnan())
            torch.testing.assert_close(got, right, equal_nan=True, rtol=1e-4, atol=1e-3)


def test_how_far_a_nan_spreads() -> None:
    """Over the rows of a block, the outputs of a tile, or the image: what `spreads` says, and no farther."""
    x, w = torch.ones(1, 1, 23, 25), torch.ones(1, 1, 3, 3)
    x[0, 0, 9, 9] = torch.nan
    window = torch.zeros(21, 23, dtype=torch.bool)
    window[7:10, 7:10] = True
    block, tile, image = window.clone(), window.clone(), torch.ones_like(window)
    block[4:12, 7:10] = True
    tile[4:12, 4:12] = True
    for name, method in TABLE.items():
        spoiled = conv2d(x, w, method=name)[0, 0].isnan()
        assert spoiled.equal({"window": window, "block": block, "tile": tile, "image": image}[method.spreads])


@every_method
def test_other_groups_never_meet(method: str) -> None:
    """A NaN in one group's channel stays out of the other group: no block of zeros is multiplied with it."""
    x = torch.ones(1, 2, 8, 8)
    x[0, 0] = torch.nan
    got = conv2d(x, torch.ones(2, 1, 3, 3), groups=2, method=method)
    assert got[0, 0].isnan().all()
    torch.testing.assert_close(got[0, 1], torch.full((6, 6), 9.0), rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------------------------------------- gradients


@pytest.mark.parametrize(
    ("method", "case"),
    [pair for pair in PAIRS if pair[0] != "definition" and in_domain(*pair, torch.float64)],
)
def test_gradients_are_the_definitions(method: str, case: str) -> None:
    """By input, weight and bias, in float64 and complex128."""
    shape, kernel, *setting = CASES[case]
    for dtype in (torch.float64, torch.complex128):
        x, w, b = numbers(shape, dtype, 0), kernels(method, kernel, dtype), numbers(kernel[:1], dtype, 2)
        found = []
        for name in (method, "definition"):
            leaves = [t.clone().requires_grad_() for t in (x, w, b)]
            leaves[1].requires_grad_(method not in ("box", "separable"))
            y = conv2d(*leaves, *setting, method=name)
            direction = torch.sin(torch.arange(y.numel())).view(y.shape).to(dtype)
            asked = [leaf for leaf in leaves if leaf.requires_grad]
            found.append(torch.autograd.grad(y, asked, direction, allow_unused=True, materialize_grads=True))
        torch.testing.assert_close(*found, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("method", ["box", "separable"])
def test_a_kernel_that_is_learned_is_declined(method: str) -> None:
    """Its factors, or its one weight, have no gradient for each tap; without gradients it is taken again."""
    x, w = torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3, requires_grad=True)
    with pytest.raises(NotImplementedError, match="no gradient for each"):
        conv2d(x, w, method=method)
    with torch.no_grad():
        assert conv2d(x, w, method=method)[0, 0, 0, 0] == 9


@every_method
def test_gradients_of_gradients(method: str) -> None:
    """gradgradcheck in float64, with stride 1 and one channel, which every method can."""
    x = torch.randn(2, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    w = kernels(method, (1, 1, 3, 3), torch.float64).requires_grad_(method not in ("box", "separable"))
    run = lambda x, w: conv2d(x, w, padding=1, method=method)  # noqa: E731
    assert torch.autograd.gradcheck(run, (x, w), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (x, w), fast_mode=True)


def test_compiled_gradients_of_gradients_in_a_general_setting() -> None:
    """With stride, dilation, groups and a kernel that is not square, for float64 and complex128."""
    for dtype in (torch.float64, torch.complex128):
        x = torch.randn(2, 4, 6, 7, dtype=dtype, requires_grad=True)
        w = torch.randn(2, 2, 2, 3, dtype=dtype, requires_grad=True)
        run = lambda x, w: conv2d(x, w, None, (2, 1), 1, (1, 2), 2, method="compiled")  # noqa: E731
        assert torch.autograd.gradcheck(run, (x, w), fast_mode=True)
        assert torch.autograd.gradgradcheck(run, (x, w), fast_mode=True)


def test_compiled_batches_of_gradients() -> None:
    """`is_grads_batched` maps the way back over gradients, whose numbers the loops cannot see."""
    x, w = (torch.randn(1, 1, s, s, dtype=torch.float64, requires_grad=True) for s in (6, 3))
    y = conv2d(x, w, method="compiled")
    many = torch.randn(3, *y.shape, dtype=torch.float64)
    together = torch.autograd.grad(y, (x, w), many, is_grads_batched=True, retain_graph=True)
    each = [torch.autograd.grad(y, (x, w), one, retain_graph=True) for one in many]
    for i in range(2):
        torch.testing.assert_close(together[i], torch.stack([grads[i] for grads in each]))


@pytest.mark.parametrize("method", LOOPED)
@pytest.mark.parametrize("stride", [1, 2, (1, 2)])
@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_values_and_gradients_in_any_layout_of_memory(method: str, stride: object, mode: str) -> None:
    """However images and kernels lie in memory, values and gradients are those of plain copies."""
    layouts = {
        "transposed": lambda t: t.mT.contiguous().mT,
        "channels last": lambda t: t.contiguous(memory_format=torch.channels_last),
        "every second": lambda t: torch.stack([t, -t], -1).flatten(-2)[..., ::2],
        "one row for all": lambda t: t[:, :, :1].expand(t.shape),
        "turned around": lambda t: t.flip(3).flip(3).transpose(0, 1).contiguous().transpose(0, 1),
        "a negative that waits": lambda t: torch.complex(torch.zeros_like(t), -t).conj().imag,
    }
    for channels, outputs in ((1, 3), (3, 2)):
        plain = (torch.randn(2, channels, 20, 40).double(), torch.randn(outputs, channels, 3, 3).double())
        for change in layouts.values():
            results = []
            for copied in (False, True):
                leaves = [change(t).detach() for t in plain]
                if copied:
                    leaves = [t.clone(memory_format=torch.contiguous_format) for t in leaves]
                leaves = [t.requires_grad_() for t in leaves]
                name = "shift" if copied else method
                y = conv2d(*leaves, None, stride, 1, padding_mode=mode, method=name)
                assert all(y.untyped_storage().data_ptr() != t.untyped_storage().data_ptr() for t in leaves)
                results.append((y, *torch.autograd.grad(y.square().sum(), leaves)))
            torch.testing.assert_close(*results, rtol=1e-10, atol=1e-9)


@every_method
def test_results_share_no_memory_with_inputs_and_inputs_stay(method: str) -> None:
    """Even a 1×1 kernel of 1 gives memory of its own."""
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    side = 3 if method == "winograd" else 1
    w = torch.ones(1, 1, side, side)
    conv2d(x, w, method=method).add_(1)
    conv2d(x[0], w, method=method).add_(1)
    assert x.equal(torch.arange(12.0).reshape(1, 1, 3, 4))
    assert w.equal(torch.ones(1, 1, side, side))


@every_method
def test_conjugates_and_negatives_that_torch_has_not_computed_yet(method: str) -> None:
    """x.conj() and its parts are views with a mark; every method takes the numbers that they stand for."""
    x = torch.complex(*(numbers((2, 3, 6, 7), torch.float64, n) for n in (1, 2)))
    w = torch.complex(*(numbers((3, 3, 1, 1), torch.float64, n) for n in (3, 4))).expand(3, 3, 3, 3)
    for image, kernel in ((x.conj(), w.conj()), (x.conj().imag, w.conj().imag)):
        assert image.is_conj() or image.is_neg()
        got = conv2d(image, kernel, padding=1, method=method)
        plain = conv2d(image.clone(), kernel.clone(), padding=1, method="definition")
        torch.testing.assert_close(got, plain, rtol=1e-9, atol=1e-9)


# ------------------------------------------------------------------------------------- traces and devices


@pytest.mark.parametrize("method", ["windows", "auto"])
def test_vectorised_forms_compile_without_a_graph_break(method: str) -> None:
    """Forward and backward under torch.compile(fullgraph=True), fixed and dynamic shapes."""
    x = torch.randn(2, 4, 6, 5, dtype=torch.float64, requires_grad=True)
    w = torch.randn(6, 2, 3, 2, dtype=torch.float64, requires_grad=True)

    def f(x: Tensor, w: Tensor) -> Tensor:
        return conv2d(x, w, None, (2, 1), ((1, 0), (2, 1)), (1, 2), 2, method=method)

    torch.compiler.reset()  # all methods' `f` are one code object to torch
    compiled = torch.compile(f, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, w), f(x, w))
    for got, want in zip(*(torch.autograd.grad(y(x, w).sum(), (x, w)) for y in (compiled, f)), strict=True):
        torch.testing.assert_close(got, want)
    dynamic = torch.compile(f, fullgraph=True, dynamic=True, backend="eager")
    for image in (x.detach(), x.detach()[..., :-1]):
        torch.testing.assert_close(dynamic(image, w.detach()), f(image, w.detach()))


@general_methods
@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.bfloat16, torch.complex64], ids=str)
def test_shapes_without_numbers(method: str, dtype: torch.dtype) -> None:
    """On the meta device the shape, dtype and device come out, and no number is asked for."""
    meta = conv2d(
        torch.empty(2, 3, 5, 6, dtype=dtype, device="meta"),
        torch.empty(4, 3, 2, 3, dtype=dtype, device="meta"),
        padding=1,
        method=method,
    )
    assert (meta.shape, meta.dtype, meta.device.type) == ((2, 4, 6, 6), dtype, "meta")


# ----------------------------------------------------------------------------------------- the compiled loops


def test_compiled_declines_what_its_loops_cannot_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another device, a transformation, and a machine without numba; the sentence says which."""
    x, w = torch.ones(2, 1, 6, 6), torch.ones(1, 1, 3, 3)
    for call in (
        lambda: conv2d(x.to("meta"), w.to("meta"), method="compiled"),
        lambda: torch.func.vmap(lambda x: conv2d(x, w, method="compiled"))(x),
    ):
        with pytest.raises(NotImplementedError, match="'compiled' needs numbers"):
            call()
    monkeypatch.setattr("convbook.algorithms.compiled.available", lambda: False)
    with pytest.raises(NotImplementedError, match=r"pip install convbook\[compiled\]"):
        conv2d(x, w, method="compiled")


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32], ids=str)
def test_compiled_gives_the_same_bits_with_any_number_of_threads(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values and gradients: each number is made by one thread, in one order; kernels of rank one too."""
    monkeypatch.setattr(compiled, "ALONE", 1)
    number = dtype.is_floating_point
    x = (torch.randn(2, 1, 31, 45) * 100).to(dtype).requires_grad_(number)
    threads = torch.get_num_threads()
    for kernel in (torch.randn(2, 1, 5, 4) * 9, torch.ones(1, 1, 5, 4)):
        results = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            w = kernel.to(dtype).requires_grad_(number)
            y = conv2d(x, w, padding=2, method="compiled")
            results.append([y, *(torch.autograd.grad(y.square().sum(), (x, w)) if number else ())])
        torch.set_num_threads(threads)
        for other in results[1:]:
            assert all(a.equal(b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("count", [1, 2, 15, 16, 31, 47])
@pytest.mark.parametrize(("stride", "gap"), [(1, 1), (2, 1), (3, 2), (2, 4), (1, 5)])
def test_runs_hold_each_tap_once_with_neighboring_pixels(count: int, stride: int, gap: int) -> None:
    """Tap b multiplies column stride·j + gap·b of the image, wherever the sorting has put it."""
    columns = gap * (count - 1) + 1 + 7 * stride
    length = -(-columns // stride)
    image = torch.arange(columns, dtype=torch.float64)[None, None, None].numpy()
    row = compiled._sorted_columns(image, stride, length)[0, 0, 0]
    seen = []
    for column, taps in compiled.runs_of_taps(count, stride, gap, length):
        assert len(taps) <= compiled.WIDEST
        for place, b in enumerate(taps):
            seen.append(b)
            assert [row[column + place + j] for j in range(8)] == [stride * j + gap * b for j in range(8)]
    assert sorted(seen) == list(range(count))


def test_compiled_takes_factors_only_where_they_are_the_kernel() -> None:
    """Rank one to the last digits goes by column and row; one wrong bit of a tiny tap goes by the taps."""
    from convbook.algorithms import _loops

    eps, tiny = compiled.ROUNDINGS * 2**-23, 2.0**-126
    tails = torch.exp(-((torch.arange(9.0) - 4) ** 2) * 0.9)
    kernel = (tails[:, None] * tails / 3)[None, None].contiguous()
    columns, rows = _loops.factors(kernel.numpy(), eps, tiny)
    torch.testing.assert_close(
        torch.from_numpy(columns[0][:, None] * rows[0]), kernel[0, 0], rtol=eps, atol=0
    )
    kernel[0, 0, 0, 0] *= 1 + 8 * 2**-23
    assert not len(_loops.factors(kernel.numpy(), eps, tiny)[0])
    for wrong in (0.0, torch.nan, torch.inf):
        kernel[0, 0, 0, 0] = wrong
        assert not len(_loops.factors(kernel.numpy(), eps, tiny)[0])
    assert not len(_loops.factors(torch.zeros(1, 1, 3, 3).numpy(), eps, tiny)[0])
    for corner in (1e-20, 1e-30):  # their squares, 1e-40 and 0 in float32, have lost digits
        column = torch.tensor([1.0, 0.5, corner])
        kernel = (column[:, None] * column)[None, None].contiguous()
        assert not len(_loops.factors(kernel.numpy(), eps, tiny)[0])


def test_a_column_that_overflows_is_brought_back_by_a_small_tap_of_the_row() -> None:
    """Only the window with the tap 10 above 1e38 is Inf, and the zeros of Sobel's kernel leave its sums 0."""
    image = torch.zeros(1, 1, 70, 70)
    image[..., 30, 30] = 1e38
    kernel = torch.tensor([1.0, 10.0, 1.0])[:, None] * torch.tensor([0.01, 1.0, 0.01])
    result = conv2d(image, kernel[None, None])[0, 0]
    assert result.isinf().nonzero().tolist() == [[29, 29]]
    torch.testing.assert_close(result[29, 28], torch.tensor(1e37))
    image[..., 30] = 1e38
    sobel = torch.tensor([1.0, 2.0, 1.0])[:, None] * torch.tensor([1.0, 0.0, -1.0])
    result = conv2d(image, sobel[None, None], method="compiled")[0, 0]
    assert (result[:, 29] == 0).all()
    assert (result[:, 28] == -torch.inf).all()
    assert (result[:, 30] == torch.inf).all()


@pytest.mark.parametrize("k", [3, 9, 31])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("zeros", [False, True])
def test_what_is_not_finite_passes_a_column_and_a_row_as_it_passes_the_taps(
    k: int, dtype: torch.dtype, zeros: bool
) -> None:
    """NaN, Inf and −Inf, alone and together, under factors with and without a zero; the rest is untouched."""
    torch.manual_seed(k)
    column = torch.rand(k, dtype=dtype) + 0.1
    row = torch.rand(k, dtype=dtype) - 0.5
    if zeros:
        column[1] = row[k // 2] = 0
    kernel = (column[:, None] * row)[None, None]
    clean = torch.randn(1, 1, 90, 100, dtype=dtype)
    image = clean.clone()
    values = (torch.nan, torch.inf, -torch.inf, torch.inf, -torch.inf)
    for value, (i, j) in zip(values, ((5, 6), (40, 20), (41, 20), (40, 90), (77, 70)), strict=True):
        image[..., i, j] = value
    if k == 31:
        image[..., 5, 6] = clean[..., 5, 6]  # otherwise hardly any window is without a NaN
    got, want = (conv2d(image, kernel, method=method) for method in ("compiled", "shift"))
    torch.testing.assert_close(got, want, equal_nan=True, rtol=1e-4, atol=1e-4)
    finite = want.isfinite()
    assert finite.any()
    assert want.isnan().any()
    assert want.isinf().any()
    assert got[finite].equal(conv2d(clean, kernel, method="compiled")[finite])


def test_sums_that_are_too_large_on_the_way_are_mended_row_by_row() -> None:
    """In any block of rows, with runs and single taps, a bias, and groups."""
    column, row = torch.full((31,), 0.5), torch.full((31,), 1e-3)
    column[15], row[15] = 10, 1
    w = (column[:, None] * row).expand(2, 1, 31, 31).contiguous()
    x = torch.zeros(2, 2, 80, 60)
    x[0, 0, [20, 41, 59], 30] = 1e38
    got = conv2d(x, w, torch.tensor([1.0, 2.0]), groups=2, method="compiled")
    want = conv2d(x.double(), w.double(), torch.tensor([1.0, 2.0]).double(), groups=2, method="shift")
    assert got.isinf().sum() == 3, "the windows whose middle is 1e38, times 10"
    torch.testing.assert_close(got, want.float(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("method", LOOPED)
def test_one_column_of_outputs_at_a_stride(method: str) -> None:
    """The columns, sorted by remainder, may be one run of taps in another order than the kernel's."""
    image, kernel = torch.tensor([[[[1, 10, 100]] * 3]]), torch.tensor([[[[1, 2, 3]] * 3]])
    assert conv2d(image, kernel, stride=(1, 2), method=method).tolist() == [[[[963]]]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8], ids=str)
def test_a_stride_far_beyond_the_image_takes_no_memory(dtype: torch.dtype) -> None:
    """There is one window on that axis, forward and back; the columns are not sorted into 10⁹ remainders."""
    number = dtype.is_floating_point
    x, w = torch.ones(1, 1, 80, 80, dtype=dtype), torch.ones(1, 1, 3, 3, dtype=dtype)
    x, w = x.requires_grad_(number), w.requires_grad_(number)
    for stride in (10**9, (1, 10**9), (10**9, 1), 2**40):
        y = conv2d(x, w, stride=stride, method="compiled")
        assert y.equal(conv2d(x, w, stride=stride, method="shift"))
        if number:
            y.sum().backward()
    assert not number or w.grad.equal(torch.full_like(w, 1 + 78 + 78 + 1))


@pytest.mark.parametrize("method", LOOPED)
def test_a_kernel_without_channels_has_a_gradient(method: str) -> None:
    """It is as empty as the kernel, and not None."""
    image, kernel = torch.ones(2, 0, 4, 5), torch.ones(3, 0, 2, 2, requires_grad=True)
    conv2d(image, kernel, method=method).sum().backward()
    assert kernel.grad is not None
    assert kernel.grad.shape == kernel.shape


def test_compiled_without_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops are plain Python: run by the interpreter they give the same numbers."""
    from convbook.algorithms import _loops

    x, w = torch.randn(2, 2, 6, 9).double(), torch.randn(4, 1, 3, 2).double()
    setting, square = conv2d_setting(x, w[:2, :, :2], groups=2), w[:2, :, :2]
    grads = torch.ones(2, 2, 5, 8).double()
    calls = [
        lambda: conv2d(x, w, torch.ones(4).double(), (2, 1), 1, (1, 2), 2, method="compiled"),
        lambda: conv2d(x[:, :1], torch.ones(1, 1, 9, 3).double(), padding=4, method="compiled"),
        lambda: compiled._to_weight(x, grads, setting, square.shape),
    ]  # fmt: skip
    want = [call() for call in calls]
    for name in dir(_loops):
        if hasattr(getattr(_loops, name), "py_func"):
            monkeypatch.setattr(_loops, name, getattr(_loops, name).py_func)
    for call, right in zip(calls, want, strict=True):
        torch.testing.assert_close(call(), right)


# --------------------------------------------------------------------------------------------- smaller steps


def test_what_torch_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU half types as float32, integers as int64, and real zeros; nothing for empty batches."""
    asked: list[tuple[torch.dtype, tuple[int, ...], object]] = []

    def spy(
        input: Tensor, weight: Tensor, bias: object, stride: object, padding: object, *rest: object
    ) -> Tensor:
        asked.append((input.dtype, tuple(input.shape[2:]), padding))
        return torch.conv2d(input, weight, bias, stride, padding, *rest)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("torch.nn.functional.conv2d", spy)

    def ask(
        dtype: torch.dtype,
        padding: object,
        device: str = "cpu",
        batch: int = 2,
        value: float = 1,
        learned: bool = False,
    ) -> None:
        x = torch.ones(batch, 1, 4, 5, device=device).to(dtype)
        w = torch.full((1, 1, 2, 3), value, device=device).to(dtype).requires_grad_(learned)
        conv2d(x, w, padding=padding, method="torch")

    ask(torch.bfloat16, 1)
    ask(torch.float16, 0)
    ask(torch.uint8, 1)
    ask(torch.float32, ((0, 1), (2, 2)))
    ask(torch.float32, 1, value=torch.inf)
    ask(torch.float32, 1, learned=True)
    ask(torch.bfloat16, 1, device="meta")
    ask(torch.complex64, ((0, 1), (2, 2)), device="meta")
    assert asked == [
        (torch.float32, (4, 5), (1, 1)),
        (torch.float32, (4, 5), (0, 0)),
        (torch.int64, (4, 5), (1, 1)),
        (torch.float32, (5, 9), (0, 0)),
        (torch.float32, (6, 7), (0, 0)),
        (torch.float32, (6, 7), (0, 0)),
        (torch.bfloat16, (4, 5), (1, 1)),
        (torch.complex64, (5, 9), (0, 0)),
    ]
    ask(torch.float32, 1, batch=0)
    ask(torch.int64, 1, device="meta")
    assert len(asked) == 8


def test_the_table_is_complete_and_in_reading_order() -> None:
    """METHODS are the names of the design, from the definition upwards, each a module of the ladder."""
    names = "definition shift windows im2col lowering band separable box fft winograd compiled torch auto"
    assert names == " ".join(METHODS)
    assert (*TABLE, "auto") == METHODS
    assert all(method.name == name for name, method in TABLE.items())


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 3), (3, 2)])
def test_a_band_matrix_is_a_convolution(stride: int, dilation: int) -> None:
    """Times a stack of rows it makes the rows that the convolution makes of them."""
    column = torch.randn(3, dtype=torch.float64)
    matrix = band_matrices(column, 5, stride, dilation)
    rows = torch.randn(matrix.shape[1], 4, dtype=torch.float64)
    want = F.conv2d(rows[None, None], column.view(1, 1, 3, 1), stride=(stride, 1), dilation=(dilation, 1))
    torch.testing.assert_close(matrix @ rows, want[0, 0])


@pytest.mark.parametrize("length", range(1, 18))
@pytest.mark.parametrize("dilation", [1, 2])
def test_window_sums_are_sums_of_windows(length: int, dilation: int) -> None:
    """For every length, not only powers of two."""
    x = torch.randint(-9, 9, (2, 40))
    want = sum(x[:, a * dilation : a * dilation + 40 - (length - 1) * dilation] for a in range(length))
    assert window_sums(x, length, 1, dilation).equal(want)


def test_box_keeps_digits_that_a_running_sum_loses() -> None:
    """After a pixel of 1e8 has left the window, the sums are again those of small numbers."""
    x = torch.ones(1, 1, 1, 40)
    x[..., 5] = 1e8
    running = x.cumsum(3)[..., 10:] - x.cumsum(3)[..., :-10]
    assert not running[..., 20:].eq(10).all()
    assert conv2d(x, torch.ones(1, 1, 1, 10), method="box")[..., 10:].eq(10).all()


def test_the_factors_of_a_kernel_of_zeros_are_zeros() -> None:
    """It has no pivot to divide by."""
    column, row = factors(torch.zeros(1, 1, 3, 2))
    assert (column.abs().sum(), row.abs().sum()) == (0, 0)
    assert conv2d(torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 3, 2), method="separable").eq(0).all()


def test_good_sizes_have_small_factors() -> None:
    """Each is the next number whose only prime factors are 2, 3 and 5."""
    smooth = sorted(2**a * 3**b * 5**c for a in range(12) for b in range(8) for c in range(6))
    for n in range(1, 400):
        assert good_size(n) == next(size for size in smooth if size >= n)


@pytest.mark.parametrize("outputs", MATRICES)
def test_winograds_matrices_are_exact(outputs: int) -> None:
    """Aᵀ[(G g) ⊙ (Bᵀ d)] is the correlation of d with g, for all unit vectors."""
    to_image, to_kernel, to_output = (torch.tensor(m, dtype=torch.float64) for m in MATRICES[outputs])
    for g, d in itertools.product(torch.eye(3).double(), torch.eye(outputs + 2).double()):
        got = to_output @ ((to_kernel @ g) * (to_image @ d))
        torch.testing.assert_close(got, F.conv1d(d[None, None], g[None, None])[0, 0], rtol=0, atol=1e-14)


def test_matmul_of_integers_in_both_ways() -> None:
    """The broadcast product and sum is the matrix product, batches of matrices too."""
    a, b = numbers((3, 2, 4), torch.int64, 0), numbers((3, 4, 5), torch.int64, 1)
    assert matmul(a, b).equal((a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2))
    assert matmul(a.to("meta"), b.to("meta")).shape == (3, 2, 5)


@pytest.mark.parametrize(
    ("dtype", "device", "product"),
    [
        (torch.float32, "cpu", True),
        (torch.complex64, "cpu", True),
        (torch.int64, "cpu", True),
        (torch.float32, "meta", True),
        (torch.complex64, "meta", True),
        (torch.int64, "meta", False),
    ],
)
def test_matmul_is_torchs_wherever_torch_has_one(dtype: torch.dtype, device: str, product: bool) -> None:
    """Only integers off the CPU are multiplied and summed one by one, which takes memory."""
    asked = []

    class Spy(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            asked.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    a = torch.ones(2, 3, 4, device=device).to(dtype)
    with Spy():
        matmul(a, a.transpose(1, 2))
    assert ("bmm" in asked) == product


def test_what_torch_is_asked_for_transposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide numbers on the CPU, what came elsewhere; nothing for empty inputs or integers off the CPU."""
    asked: list[torch.dtype] = []

    def spy(input: Tensor, *args: object) -> Tensor:
        asked.append(input.dtype)
        return torch.conv_transpose2d(input, *args)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("torch.nn.functional.conv_transpose2d", spy)

    def ask(dtype: torch.dtype, device: str = "cpu", batch: int = 2, channels: int = 3) -> None:
        x = torch.ones(batch, channels, 2, 3, device=device).to(dtype)
        w = torch.ones(channels, 1, 2, 2, device=device).to(dtype)
        assert conv_transpose2d(x, w).shape == (batch, 1, 3, 4)

    for dtype in (torch.float32, torch.complex64, torch.bfloat16, torch.uint8):
        ask(dtype)
    for dtype in (torch.float64, torch.complex128, torch.float16):
        ask(dtype, "meta")
    wide = [torch.float32, torch.complex64, torch.float32, torch.int64]
    assert asked == [*wide, torch.float64, torch.complex128, torch.float16]
    ask(torch.float32, batch=0)
    ask(torch.int64, "meta")
    assert len(asked) == 7


def test_a_widened_method_sees_wide_numbers_once() -> None:
    """The decorator converts input, weight and bias, and the result back; wide dtypes pass untouched."""
    seen = []

    @widened
    def method(input: Tensor, weight: Tensor, bias: Tensor | None, setting: object) -> Tensor:
        seen.append([t.dtype for t in (input, weight, bias) if t is not None])
        return input

    half, double = torch.ones(1, dtype=torch.float16), torch.ones(1, dtype=torch.float64)
    assert method(half, half, half, None).dtype is torch.float16  # type: ignore[arg-type]
    assert method(double, double, None, None) is double  # type: ignore[arg-type]
    assert seen == [[torch.float32] * 3, [torch.float64] * 2]


def test_the_transposed_stamps_are_torchs() -> None:
    """The readable transposed convolution, product and fold, equals torch's in each of its settings."""
    for stride, padding, more, groups, dilation in [
        (1, 0, 0, 1, 1),
        ((2, 3), (1, 0), (1, 2), 2, 1),
        (1, (0, 2), (1, 0), 1, (2, 1)),
        ((3, 1), 2, (2, 1), 2, (2, 3)),
    ]:
        x, w, b = (torch.randn(s, dtype=torch.float64) for s in ((2, 4, 3, 4), (4, 3, 3, 2), (3 * groups,)))
        setting = conv_transpose2d_setting(x, w, b, stride, padding, more, groups, dilation)
        want = F.conv_transpose2d(x, w, b, stride, padding, more, groups, dilation)
        torch.testing.assert_close(stamps(x, w, b, setting), want)
