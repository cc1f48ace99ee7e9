"""conv2d and conv_transpose2d: forms of arguments, padding modes, batches or none, autocast."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convbook import conv2d, conv_matrix, conv_transpose2d, output_size, same_padding, transposed_output_size
from convbook._judge import INTEGERS

# (input, weight, stride, padding, output_padding, groups, dilation) for conv_transpose2d.
TRANSPOSED = [
    ((2, 3, 4, 5), (3, 4, 2, 3), 1, 0, 0, 1, 1),
    ((2, 4, 3, 4), (4, 3, 3, 2), (2, 3), (1, 0), (1, 2), 2, 1),
    ((1, 2, 4, 3), (2, 2, 3, 3), 1, (0, 2), (1, 0), 1, (2, 1)),
    ((3, 6, 2, 3), (6, 1, 3, 4), (3, 1), 2, (2, 1), 3, (2, 3)),
    ((0, 2, 3, 4), (2, 3, 2, 2), 2, 0, 1, 1, 1),
]


@pytest.mark.parametrize(
    ("kernel", "padding", "stride", "size"),
    [
        (3, 1, 1, (8, 8)),
        ((5, 3), (2, 1), 1, (8, 8)),
        ((7, 5), (3, 2), 1, (8, 8)),
        (3, 1, 2, (4, 4)),
        ((3, 5), (0, 1), (3, 4), (2, 2)),
    ],
)
def test_the_notes_shapes(kernel: object, padding: object, stride: object, size: tuple[int, int]) -> None:
    """Five settings on an 8×8 image give the sizes that the learners' notes print."""
    k = (kernel, kernel) if isinstance(kernel, int) else kernel
    y = conv2d(torch.ones(1, 1, 8, 8), torch.ones(1, 1, *k), stride=stride, padding=padding)  # type: ignore[misc, arg-type]
    assert y.shape == (1, 1, *size)
    assert output_size(8, kernel, stride, padding) == size  # type: ignore[arg-type]


def test_channels_as_in_the_notes() -> None:
    """(4, 3, 12, 12) through 64 kernels of 3×3 gives (4, 64, 10, 10)."""
    layer = nn.Conv2d(3, 64, 3)
    x = torch.randn(4, 3, 12, 12)
    y = conv2d(x, layer.weight, layer.bias)
    assert y.shape == (4, 64, 10, 10)
    torch.testing.assert_close(y, layer(x))


@pytest.mark.parametrize(
    "form", [2, (2,), [2, 2], torch.Size([2, 2]), ((2, 2), (2, 2)), [[2, 2], [2, 2]]], ids=str
)
def test_padding_has_many_forms(form: object) -> None:
    """An integer, a pair and four sides mean the same where all sides are equal."""
    x, w = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 3, 2)
    torch.testing.assert_close(conv2d(x, w, padding=form), F.conv2d(x, w, padding=2))  # type: ignore[arg-type]


def test_padding_as_words() -> None:
    """Valid is none; same keeps the size, an even kernel's extra row at the bottom and right, as torch
    has it.
    """
    x, w = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 4, 2)
    torch.testing.assert_close(conv2d(x, w, padding="valid"), F.conv2d(x, w))
    same = conv2d(x, w, padding="same", dilation=(1, 3))
    assert same.shape == (2, 2, 5, 4)
    torch.testing.assert_close(same, F.conv2d(F.pad(x, (1, 2, 1, 2)), w, dilation=(1, 3)))


def test_same_padding_at_a_stride_is_for_the_caller_to_ask_for() -> None:
    """⌈n / s⌉ rows and columns, by the padding that same_padding computes, at either end."""
    x, w = torch.randn(1, 1, 8, 7), torch.randn(1, 1, 3, 3)
    for extra in ("end", "start"):
        sides = same_padding(3, 1, 2, (8, 7), extra)
        assert conv2d(x, w, stride=2, padding=sides).shape == (1, 1, 4, 4)
    assert sides == ((1, 0), (1, 1))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # torch's layer says so
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [0, (2, 1), "same"])
def test_padding_modes_are_the_layers(mode: str, padding: object) -> None:
    """Each padding mode is nn.Conv2d's, with a batch and without."""
    layer = nn.Conv2d(3, 4, (3, 2), padding=padding, padding_mode=mode)  # type: ignore[arg-type]
    x = torch.randn(2, 3, 5, 6)
    for images in (x, x[0]):
        got = conv2d(images, layer.weight, layer.bias, padding=padding, padding_mode=mode)  # type: ignore[arg-type]
        torch.testing.assert_close(got, layer(images))


def test_four_different_sides() -> None:
    """Rows at the top shift the output down, columns at the left to the right; bottom and right only add."""
    impulse = torch.zeros(1, 1, 1, dtype=torch.int64) + 1
    y = conv2d(impulse, torch.tensor([[[[7]]]]), padding=((1, 2), (3, 0)))
    want = torch.zeros(1, 4, 4, dtype=torch.int64)
    want[0, 1, 3] = 7
    assert y.equal(want)


@pytest.mark.parametrize("function", [conv2d, conv_transpose2d])
def test_one_image_is_a_batch_of_one(function: object) -> None:
    """Without a batch the result has none, and the same numbers."""
    x, w, b = torch.randn(3, 5, 4), torch.randn(3, 3, 2, 3), torch.randn(3)
    got = function(x, w, b, 2, 1)  # type: ignore[operator]
    assert got.dim() == 3
    torch.testing.assert_close(got, function(x[None], w, b, 2, 1)[0])  # type: ignore[operator]


@pytest.mark.parametrize("method", ["definition", "shift", "auto", "torch"])
def test_strides_beyond_32_bits(method: str) -> None:
    """A stride of 2³¹ or 2⁶² takes the first window alone; torch alone wraps it around."""
    x, w = torch.randn(1, 1, 5, 4), torch.randn(1, 1, 2, 2)
    for stride in (2**31, 2**62):
        torch.testing.assert_close(conv2d(x, w, stride=stride, method=method), conv2d(x, w)[..., :1, :1])
    wide = conv_transpose2d(x[..., :1, :1], w, stride=2**62)
    torch.testing.assert_close(wide, F.conv_transpose2d(x[..., :1, :1], w))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("method", ["definition", "windows", "auto"])
def test_autocast_is_torchs(dtype: torch.dtype, method: str) -> None:
    """Under autocast float32 tensors are convolved in the half type, float64 stays, and mixtures are
    judged after.
    """
    x, w, b = torch.randn(1, 2, 4, 5), torch.randn(3, 2, 2, 2), torch.randn(3)
    with torch.autocast("cpu", dtype=dtype):
        assert conv2d(x, w, b, method=method).dtype == dtype
        assert conv_transpose2d(x, w.transpose(0, 1)).dtype == dtype
        assert conv2d(x.to(dtype), w, b, method=method).dtype == dtype
        assert conv2d(x.double(), w.double(), method=method).dtype == torch.float64
        assert conv2d(x.long(), w.long(), method=method).dtype == torch.int64
        with pytest.raises(TypeError, match="input is float64, weight is"):
            conv2d(x.double(), w, method=method)
    with pytest.raises(TypeError, match="one dtype"):
        conv2d(x.to(dtype), w, b, method=method)


def test_a_device_that_knows_no_autocast() -> None:
    """On the meta device torch refuses to say whether autocast is on; the convolutions don't ask."""
    x, w = torch.ones(2, 3, 5, 6, device="meta"), torch.ones(3, 3, 2, 2, device="meta")
    with pytest.raises(RuntimeError, match="autocast"):
        torch.is_autocast_enabled("meta")
    assert conv2d(x, w, method="shift").shape == (2, 3, 4, 5)
    assert conv_transpose2d(x, w).shape == (2, 3, 6, 7)


# ------------------------------------------------------------------------------------------------- transposed


@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex128, torch.int64], ids=str)
def test_transposed_is_torchs(case: tuple, dtype: torch.dtype) -> None:  # type: ignore[type-arg]
    """Value and size, with stride, padding, output_padding, groups and dilation all different."""
    shape, kernel, stride, padding, more, groups, dilation = case
    x, w, b = (torch.randint(-5, 6, size).to(dtype) for size in (shape, kernel, (kernel[1] * groups,)))
    got = conv_transpose2d(x, w, b, stride, padding, more, groups, dilation)
    want = F.conv_transpose2d(x, w, b, stride, padding, more, groups, dilation)
    torch.testing.assert_close(got, want)
    assert got.shape[2:] == transposed_output_size(shape[2:], kernel[2:], stride, padding, more, dilation)


@pytest.mark.parametrize("dtype", sorted(INTEGERS, key=str), ids=str)
def test_transposed_integers_are_exact(dtype: torch.dtype) -> None:
    """All integer dtypes, wrapping in their own width, where torch knows int64 alone."""
    x, w = torch.full((1, 2, 1, 2), 100).to(dtype), torch.full((2, 1, 1, 2), 100).to(dtype)
    want = torch.tensor([20000, 40000, 20000]).to(dtype).view(1, 1, 1, 3)
    assert conv_transpose2d(x, w).equal(want)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_transposed_half_types_are_summed_in_float32(dtype: torch.dtype) -> None:
    """400 stamps of 1 meet in the middle."""
    ones = torch.ones(1, 1, 20, 20, dtype=dtype)
    assert conv_transpose2d(ones, ones)[0, 0, 19, 19] == 400


def test_transposed_keeps_nan_and_inf_in_their_stamps() -> None:
    """One NaN spoils its own stamp, 2×3 cells, and nothing else; the rows added at the end are the bias."""
    x = torch.ones(1, 1, 3, 3)
    x[0, 0, 0, 0] = torch.nan
    y = conv_transpose2d(x, torch.ones(1, 1, 2, 3), torch.tensor([5.0]), stride=3, output_padding=1)
    assert y.isnan().nonzero()[:, 2:].tolist() == [[i, j] for i in (0, 1) for j in (0, 1, 2)]
    assert (y[0, 0, -1] == 5).all()


@pytest.mark.parametrize("case", TRANSPOSED[:4], ids=str)
def test_transposed_is_the_transposed_matrix(case: tuple) -> None:  # type: ignore[type-arg]
    """It multiplies with the transpose of the matrix that conv2d with the same weight multiplies with."""
    shape, kernel, stride, padding, more, groups, dilation = case
    x, w = torch.randint(-5, 6, shape), torch.randint(-5, 6, kernel)
    y = conv_transpose2d(x, w, None, stride, padding, more, groups, dilation)
    matrix = conv_matrix(w, y.shape[2:], stride, padding, dilation, groups)
    for image, result in zip(x, y, strict=True):
        back = conv2d(result, w, None, stride, padding, dilation, groups)
        if back.shape == image.shape:  # not where output_padding reaches one window more
            assert (matrix.T @ image.flatten()).equal(result.flatten())


@pytest.mark.parametrize("case", TRANSPOSED[:2], ids=str)
def test_transposed_under_autograd_vmap_and_compile(case: tuple) -> None:  # type: ignore[type-arg]
    """gradcheck, gradgradcheck, vmap = a loop, compile without a graph break, shapes on the meta device."""
    shape, kernel, *setting = case
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    w = torch.randn(kernel, dtype=torch.float64, requires_grad=True)

    def f(x: Tensor, w: Tensor) -> Tensor:
        return conv_transpose2d(x, w, None, *setting)

    assert torch.autograd.gradcheck(f, (x, w), fast_mode=True)
    assert torch.autograd.gradgradcheck(f, (x, w), fast_mode=True)
    torch.testing.assert_close(torch.func.vmap(f, (0, None))(x, w), f(x, w))
    torch.testing.assert_close(torch.compile(f, fullgraph=True, backend="aot_eager")(x, w), f(x, w))
    assert f(x.to("meta"), w.to("meta")).shape == f(x, w).shape


def test_transposed_shares_no_memory() -> None:
    """A 1×1 kernel of 1 gives memory of its own."""
    x = torch.ones(1, 2, 3)
    conv_transpose2d(x, torch.ones(1, 1, 1, 1)).add_(1)
    assert x.equal(torch.ones(1, 2, 3))
