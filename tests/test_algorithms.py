"""The contract of all methods: each is the definition, in every dtype and setting that it does not "
"decline by name."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from convbook import METHODS, conv2d, conv_transpose2d
from convbook._checks import INTEGERS, conv2d_setting, conv_transpose2d_setting
from convbook.algorithms import TABLE
from convbook.algorithms._exact import matmul, readable, widened
from convbook.algorithms.im2col import im2col
from convbook.algorithms.transposed import stamps
from convbook.algorithms.windows import windows

GENERAL = ("definition", "shift", "windows", "im2col", "torch", "auto")
"""Methods that decline nothing."""

every_method = pytest.mark.parametrize("method", METHODS)
general_methods = pytest.mark.parametrize("method", GENERAL)

# (input, weight, stride, padding, dilation, groups): batch, channels, rows and columns all differ.
CASES = [
    ((2, 1, 5, 4), (1, 1, 2, 3), 1, 0, 1, 1),
    ((2, 3, 5, 7), (4, 3, 3, 3), 1, 1, 1, 1),
    ((3, 4, 6, 5), (6, 2, 2, 3), (2, 1), ((1, 0), (0, 2)), 1, 2),
    ((2, 3, 7, 8), (6, 1, 3, 2), (1, 3), (2, 1), (2, 1), 3),
    ((1, 2, 9, 6), (2, 2, 2, 2), (3, 2), 3, (2, 4), 1),
    ((0, 2, 4, 5), (3, 2, 3, 3), 1, 1, 1, 1),
    ((2, 0, 4, 5), (3, 0, 3, 3), 1, 1, 1, 1),
    ((2, 0, 4, 5), (4, 0, 3, 3), 1, 1, 1, 2),
    ((2, 3, 4, 5), (5, 3, 1, 1), 1, 0, 1, 1),
    ((2, 3, 4, 5), (5, 3, 1, 1), 1, 1, 1, 1),
    ((2, 3, 5, 6), (5, 3, 1, 1), (2, 3), 0, 1, 1),
]


@contextlib.contextmanager
def unless_declined(method: str) -> Iterator[None]:
    """Let a method decline by its name; a general one may not."""
    try:
        yield
    except NotImplementedError as error:
        if method in GENERAL or repr(method) not in str(error):
            raise


def numbers(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> Tensor:
    """Return small integers in any dtype, so that every method's sums are exact but the transforms'."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-5 if dtype.is_signed else 0, 6, shape, generator=generator).to(dtype)


def run(case: tuple, dtype: torch.dtype, method: str) -> tuple[Tensor, Tensor]:  # type: ignore[type-arg]
    """Return a case's answer by a method and by plain loops over numbers."""
    shape, kernel, *setting = case
    x, w, b = (numbers(size, dtype, n) for n, size in enumerate((shape, kernel, kernel[:1])))
    return conv2d(x, w, b, *setting, method=method), by_plain_numbers(x, w, b, *setting).to(dtype)


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


@general_methods
@pytest.mark.parametrize("case", CASES, ids=str)
def test_general_methods_are_the_formula(case: tuple, method: str) -> None:  # type: ignore[type-arg]
    """Every general method gives exactly the sums of the formula, in integers and in floats."""
    for dtype in (torch.int64, torch.float32, torch.complex64):
        got, want = run(case, dtype, method)
        assert got.dtype == dtype
        assert got.equal(want)


@every_method
def test_conjugates_and_negatives_that_torch_has_not_computed_yet(method: str) -> None:
    """x.conj() and its parts are views with a mark; every method sees the numbers that they stand for."""
    x = torch.complex(*(numbers((2, 3, 6, 7), torch.float64, n) for n in (1, 2)))
    w = torch.complex(*(numbers((3, 3, 1, 1), torch.float64, n) for n in (3, 4))).expand(3, 3, 3, 3)
    images = (x.conj(), x.conj().imag)
    kernels = (w.conj(), w.conj().imag)
    assert images[0].is_conj()
    assert images[1].is_neg()
    for image, kernel in zip(images, kernels, strict=True):
        with unless_declined(method):
            got = conv2d(image, kernel, padding=1, method=method)
            plain = conv2d(image.clone(), kernel.clone(), padding=1, method="definition")
            torch.testing.assert_close(got, plain, rtol=1e-9, atol=1e-9)


@general_methods
@pytest.mark.parametrize("dtype", sorted(INTEGERS, key=str), ids=str)
def test_integers_wrap_in_their_own_width(dtype: torch.dtype, method: str) -> None:
    """Products and sums beyond the dtype are what they are modulo 2ⁿ; int64 is exact where float64 is not."""
    x = torch.full((1, 2, 3, 3), 200).to(dtype)
    w = torch.full((1, 2, 2, 2), 210).to(dtype)
    total = 8 * int(x[0, 0, 0, 0]) * int(w[0, 0, 0, 0]) + int(w[0, 0, 0, 0])
    want = torch.tensor(total).to(dtype).expand(1, 1, 2, 2)
    assert conv2d(x, w, w[0, 0, 0, :1], method=method).equal(want)
    if dtype is torch.int64:
        large = torch.tensor([[[[2**53, 1]]]])
        assert conv2d(large, torch.ones_like(large), method=method).item() == 2**53 + 1


@general_methods
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_summed_in_float32_and_rounded_once(dtype: torch.dtype, method: str) -> None:
    """1 000 ones and a bias of 24 make 1 024, where a bfloat16 sum stops at 256; a tie is rounded once, "
    "at the end."""
    x = torch.ones(1, 10, 10, 10, dtype=dtype)
    assert conv2d(x, x, torch.full((1,), 24, dtype=dtype), method=method).item() == 1024
    eps = torch.finfo(dtype).eps
    parts = torch.tensor([[[[1.0, eps / 2, eps / 2]]]], dtype=dtype)  # rounding after each term gives 1
    assert conv2d(parts, torch.ones_like(parts), method=method).item() == 1 + eps


@general_methods
def test_complex_kernels_are_not_conjugated(method: str) -> None:
    """i·i = −1."""
    i = torch.full((1, 1, 1, 1), 1j)
    assert conv2d(i, i, method=method).item() == -1


@general_methods
@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan])
@pytest.mark.parametrize("where", ["input", "weight", "bias"])
@pytest.mark.parametrize(("batch", "groups"), [(1, 2), (2, 1), (2, 2)])
def test_nan_and_inf_stand_where_the_definition_puts_them(
    method: str, value: float, where: str, batch: int, groups: int
) -> None:
    """A pixel's spoils its windows, a weight's everything that it meets, zeros of the padding among it."""
    x, w, b = torch.ones(batch, 2, 5, 4), torch.ones(4, 2 // groups, 3, 3), torch.ones(4)
    {"input": x, "weight": w, "bias": b}[where].view(-1)[0] = value
    got = conv2d(x, w, b, padding=(1, 2), groups=groups, method=method)
    want = conv2d(x, w, b, padding=(1, 2), groups=groups, method="definition")
    torch.testing.assert_close(got, want, equal_nan=True)
    if where == "weight" and value != torch.nan:
        assert want[0, 0].isnan().any(), "Inf times a zero of the padding is NaN"
        assert not want[0, 1].isnan().any(), "another channel's kernel is finite"


@every_method
def test_other_groups_never_meet(method: str) -> None:
    """A NaN in one group's channel stays out of the other group: no block of zeros is multiplied with it."""
    x = torch.ones(1, 2, 8, 8)
    x[0, 0] = torch.nan
    with unless_declined(method):
        got = conv2d(x, torch.ones(2, 1, 3, 3), groups=2, method=method)
        assert got[0, 0].isnan().all()
        torch.testing.assert_close(got[0, 1], torch.full((6, 6), 9.0))


@every_method
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_torchs(case: tuple, method: str) -> None:  # type: ignore[type-arg]
    """By input, weight and bias, in float64, each method that does not decline has torch's gradients."""
    shape, kernel, stride, padding, dilation, groups = case
    leaves = [
        numbers(size, torch.float64, n).requires_grad_() for n, size in enumerate((shape, kernel, kernel[:1]))
    ]
    got = None
    with unless_declined(method):
        got = conv2d(*leaves, stride, padding, dilation, groups, method=method)
    if got is None:
        return
    (top, bottom), (left, right) = conv2d_setting(*leaves, stride, padding, dilation, groups).padding
    x, w, b = leaves
    if shape[1]:
        want = F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, stride, 0, dilation, groups)
    else:  # torch refuses an input without channels
        want = b[:, None, None].expand(got.shape)
    weights = torch.randn_like(want)
    found, expected = (
        torch.autograd.grad(y, leaves, weights, allow_unused=True, materialize_grads=True)
        for y in (got, want)
    )
    for mine, torchs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, torchs, rtol=1e-10, atol=1e-9)


@every_method
def test_gradients_of_gradients(method: str) -> None:
    """gradgradcheck in float64, with stride 1 and one channel, which every method can."""
    x = torch.randn(2, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    w = torch.ones(1, 1, 3, 3, dtype=torch.float64) if method == "box" else torch.randn(1, 1, 3, 3).double()
    w.requires_grad_(method != "box")  # a box kernel that changes is none
    with unless_declined(method):
        assert torch.autograd.gradcheck(lambda x, w: conv2d(x, w, method=method), (x, w), fast_mode=True)
        assert torch.autograd.gradgradcheck(lambda x, w: conv2d(x, w, method=method), (x, w), fast_mode=True)


@general_methods
def test_gradients_through_expanded_and_strided_memory(method: str) -> None:
    """An image expanded from one row, and every second column of a wider one, get the gradient of a copy."""
    for take in (lambda t: t[:, :, :1, ::2].expand(-1, -1, 6, -1), lambda t: t.transpose(2, 3)[..., ::2]):
        leaf = torch.randn(2, 3, 6, 10, dtype=torch.float64, requires_grad=True)
        w = torch.randn(2, 3, 2, 3, dtype=torch.float64)
        grads = []
        for image in (take(leaf), take(leaf).clone(memory_format=torch.contiguous_format)):
            y = conv2d(image, w, padding=1, dilation=(2, 1), method=method)
            grads += torch.autograd.grad(y.square().sum(), leaf)
        torch.testing.assert_close(*grads)


@general_methods
@pytest.mark.parametrize("layout", ["channels_last", "transposed", "sliced", "conjugated"])
def test_any_layout_of_memory(method: str, layout: str) -> None:
    """However the numbers lie in memory, the result is that of a plain copy, and is not a view of them."""
    x, w = torch.randn(2, 4, 6, 7, dtype=torch.complex128), torch.randn(4, 2, 3, 2, dtype=torch.complex128)
    change = {
        "channels_last": lambda t: t.contiguous(memory_format=torch.channels_last),
        "transposed": lambda t: t.transpose(2, 3).contiguous().transpose(2, 3),
        "sliced": lambda t: t.repeat_interleave(2, 3)[..., ::2],
        "conjugated": lambda t: t.conj().conj_physical().conj().conj(),
    }[layout]
    want = conv2d(x, w, groups=2, method="definition")
    torch.testing.assert_close(conv2d(change(x), change(w), groups=2, method=method), want)


@every_method
def test_results_share_no_memory_with_inputs_and_inputs_stay(method: str) -> None:
    """Even a 1×1 kernel of 1 gives memory of its own."""
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    w = torch.ones(1, 1, 1, 1)
    with unless_declined(method):
        conv2d(x, w, method=method).add_(1)
        conv2d(x[0], w, method=method).add_(1)
    assert x.equal(torch.arange(12.0).reshape(1, 1, 3, 4))
    assert w.equal(torch.ones(1, 1, 1, 1))


@general_methods
@pytest.mark.parametrize("mapped", ["input", "weight", "both"])
def test_vmap_is_a_loop(method: str, mapped: str) -> None:
    """Over images, over kernels, and over both at once; vmap of the gradient too."""
    x, w = torch.randn(3, 2, 2, 5, 4), torch.randn(3, 4, 1, 2, 3)
    dims = {"input": (0, None), "weight": (None, 0), "both": (0, 0)}[mapped]
    one = (x if dims[0] == 0 else x[0], w if dims[1] == 0 else w[0])

    def f(x: Tensor, w: Tensor) -> Tensor:
        return conv2d(x, w, None, (1, 2), ((1, 0), (0, 2)), 1, 2, method=method)

    def slices(t: Tensor, dim: int | None) -> list[Tensor]:
        return list(t) if dim == 0 else [t] * 3

    pairs = list(zip(*map(slices, one, dims), strict=True))
    torch.testing.assert_close(torch.func.vmap(f, dims)(*one), torch.stack([f(*pair) for pair in pairs]))
    gradient = torch.func.grad(lambda x, w: f(x, w).square().sum())
    torch.testing.assert_close(
        torch.func.vmap(gradient, dims)(*one),
        torch.stack([gradient(*pair) for pair in pairs]),
        rtol=1e-4,
        atol=1e-4,
    )


@general_methods
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # torch's own, at the first jvp
def test_forward_mode_is_reverse_mode(method: str) -> None:
    """torch.func.jvp gives what the transposed vjp gives: ⟨u, J v⟩ = ⟨Jᵀ u, v⟩."""
    x, w, v = (
        torch.randn(1, 2, 4, 5).double(),
        torch.randn(3, 2, 2, 2).double(),
        torch.randn(1, 2, 4, 5).double(),
    )

    def f(x: Tensor) -> Tensor:
        return conv2d(x, w, padding=1, method=method).sin()

    y, forward = torch.func.jvp(f, (x,), (v,))
    u = torch.randn_like(y)
    (back,) = torch.func.vjp(f, x)[1](u)
    torch.testing.assert_close((u * forward).sum(), (back * v).sum())


@pytest.mark.parametrize("method", [m for m in GENERAL if m != "definition"])
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


@pytest.mark.parametrize("algorithm", [im2col, windows])
def test_integers_off_the_cpu_are_products_and_sums(algorithm, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Where matrix products know no integers (here: made to raise), integer results are the same."""
    x, w = numbers((2, 4, 5, 4), torch.int64, 0), numbers((6, 2, 2, 3), torch.int64, 1)
    setting = conv2d_setting(x, w, None, 1, 1, 1, 2)
    want = algorithm(x, w, None, setting)

    class Elsewhere(torch.Tensor):
        """Pretends to lie on another device."""

        @property
        def device(self) -> torch.device:  # type: ignore[override]
            return torch.device("meta")

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            assert func not in (torch.matmul, torch.einsum, torch.bmm, Tensor.__matmul__)
            kwargs = {k: v for k, v in (kwargs or {}).items() if k != "device"}
            return super().__torch_function__(func, types, args, kwargs)

    got = algorithm(x.as_subclass(Elsewhere), w.as_subclass(Elsewhere), None, setting)
    assert got.as_subclass(Tensor).equal(want)


def test_what_torch_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch sees half types as float32, integers as int64, and real zeros where it would skip them.

    It is not asked about empty batches, or about integers off the CPU.
    """
    asked: list[tuple[torch.dtype, tuple[int, ...], object]] = []

    def spy(
        input: Tensor, weight: Tensor, bias: object, stride: object, padding: object, *rest: object
    ) -> Tensor:
        asked.append((input.dtype, tuple(input.shape[2:]), padding))
        return torch.conv2d(input, weight, bias, stride, padding, *rest)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("torch.nn.functional.conv2d", spy)

    def ask(
        dtype: torch.dtype, padding: object, device: str = "cpu", batch: int = 2, inf: bool = False
    ) -> None:
        x, w = (
            torch.ones(batch, 1, 4, 5, device=device).to(dtype),
            torch.ones(1, 1, 2, 3, device=device).to(dtype),
        )
        w = w * torch.inf if inf else w
        TABLE["torch"](x, w, None, conv2d_setting(x, w, padding=padding))

    ask(torch.bfloat16, 1)
    ask(torch.float16, 0)
    ask(torch.uint8, 1)
    ask(torch.float32, ((0, 1), (2, 2)))
    ask(torch.float32, 1, inf=True)
    ask(torch.float64, 1, inf=True)
    ask(torch.float32, 1)
    ask(torch.bfloat16, 1, device="meta")
    ask(torch.complex64, 1, device="meta")
    assert asked == [
        (torch.float32, (4, 5), (1, 1)),
        (torch.float32, (4, 5), (0, 0)),
        (torch.int64, (4, 5), (1, 1)),
        (torch.float32, (5, 9), (0, 0)),
        (torch.float32, (6, 7), (0, 0)),
        (torch.float64, (4, 5), (1, 1)),
        (torch.float32, (4, 5), (1, 1)),
        (torch.bfloat16, (4, 5), (1, 1)),
        (torch.complex64, (4, 5), (1, 1)),
    ]
    ask(torch.float32, 1, batch=0)
    ask(torch.int64, 1, device="meta")
    assert len(asked) == 9


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
    """Wide numbers on the CPU, what came elsewhere, and nothing for empty inputs or for integers off the "
    "CPU."""
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


def test_values_are_readable_where_looking_is_free() -> None:
    """On the CPU alone, and neither under torch.func nor for tensors that are stand-ins."""
    seen = []
    assert readable(torch.ones(1))
    assert readable(torch.nn.Parameter(torch.ones(1)))
    assert not readable(torch.ones(1, device="meta"))

    def look(t: Tensor) -> Tensor:
        seen.append(readable(t))
        return t

    torch.func.vmap(look)(torch.ones(2))
    torch.func.grad(lambda t: look(t).sum())(torch.ones(2))
    assert seen == [False, False]


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


def test_the_table_is_complete_and_in_reading_order() -> None:
    """METHODS are the names of the design, from the definition upwards, and each is callable."""
    names = "definition shift windows im2col lowering band separable box fft winograd torch auto"
    assert names == " ".join(METHODS)
    assert tuple(TABLE) == METHODS
    assert all(callable(method) for method in TABLE.values())


@pytest.mark.parametrize("method", [m for m in METHODS if m not in GENERAL])
def test_a_method_that_declines_names_itself_and_others_that_can(method: str) -> None:
    """Over all cases a refusal is NotImplementedError with its own name and methods of the table that do "
    "the case."""
    for case in CASES:
        refusal = ""
        try:
            run(case, torch.float32, method)
        except NotImplementedError as error:
            refusal = str(error)
        if refusal:
            named = set(re.findall(r"\w+", refusal)) & set(METHODS)
            assert method in named
            assert named - {method}, f"no method that can: {refusal}"
            for other in (named - {method}) & set(GENERAL):
                run(case, torch.float32, other)


def test_the_transposed_stamps_are_torchs() -> None:
    """The readable transposed convolution, product and fold, equals torch's in every corner of its "
    "setting."""
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
