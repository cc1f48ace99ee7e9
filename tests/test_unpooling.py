"""Unpooling: against torch, and the rules that torch leaves open."""

from __future__ import annotations

import re

import pytest
import torch
import torch.nn.functional as F

from convbook import max_pool2d, max_unpool2d


@pytest.mark.parametrize("case", [(2, None, 0), ((3, 2), (2, 3), (1, 0)), (3, 3, 1)], ids=str)
def test_unpooling_is_torchs(case):
    """Values and gradients, at the usual size and at the image's own; with a batch and without."""
    for size in ((9, 10), (8, 11), (7, 7)):
        x = torch.randn(2, 3, *size, dtype=torch.float64)
        values, indices = max_pool2d(x, *case, return_indices=True)
        values.requires_grad_()
        usual = F.max_unpool2d(values, indices.new_zeros(indices.shape), *case).shape[-2:]
        for wanted in (size, x.shape, None):
            if wanted is None and indices.max() >= usual[0] * usual[1]:
                with pytest.raises(ValueError, match="a pooling of a larger image needs output_size"):
                    max_unpool2d(values, indices, *case)
                continue
            found = max_unpool2d(values, indices, *case, wanted)
            expected = F.max_unpool2d(values, indices, *case, wanted)
            torch.testing.assert_close(found, expected)
            if len({*indices[0, 0].flatten().tolist()}) == indices[0, 0].numel():
                gradients = (torch.autograd.grad(y.square().sum(), values)[0] for y in (found, expected))
                torch.testing.assert_close(*gradients)
        torch.testing.assert_close(
            max_unpool2d(values[1], indices[1], *case, size), max_unpool2d(values, indices, *case, size)[1]
        )


def test_of_several_numbers_for_one_pixel_the_last_stays():
    """It alone gets the gradient, which is then the derivative: gradcheck agrees."""
    values = torch.tensor([[[1.0, 2.0, 3.0]]], dtype=torch.float64, requires_grad=True)
    indices = torch.tensor([[[2, 0, 2]]])
    found = max_unpool2d(values, indices, 1)
    assert found.tolist() == [[[2, 0, 3]]]
    (gradient,) = torch.autograd.grad(found.sum(), values)
    assert gradient.tolist() == [[[0, 1, 1]]]
    assert torch.autograd.gradcheck(lambda v: max_unpool2d(v, indices, 1), values)
    assert max_unpool2d(torch.full((1, 1, 3), torch.nan), indices, 1).isnan().tolist() == [
        [[True, False, True]]
    ]


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"indices": torch.zeros(1, 2, 2)}, TypeError, "indices must be int64, as max_pool2d"),
        (
            {"indices": torch.zeros(1, 2, 3).long()},
            ValueError,
            "indices must have the shape of input, (1, 2, 2)",
        ),
        (
            {"indices": torch.full((1, 2, 2), 16)},
            ValueError,
            "indices must name pixels of the result, 0 to 4·4 − 1 = 15, got 16; a pooling of a larger image",
        ),
        ({"indices": torch.full((1, 2, 2), -1)}, ValueError, "got -1"),
        (
            {"output_size": (4, 6)},
            ValueError,
            "output_size asks for 6 columns; kernel 2, stride 2 and padding 0 make 3 to 5 of 2",
        ),
        ({"input": torch.ones(1, 2, 2).bool()}, TypeError, "input of max_unpool2d must hold real numbers"),
    ],
)
def test_unpooling_says_what_is_wrong(change, kind, says):
    """The argument, what came and what was needed."""
    good = {"input": torch.ones(1, 2, 2), "indices": torch.tensor([[[0, 2], [8, 10]]]), "kernel_size": 2}
    max_unpool2d(**good)
    with pytest.raises(kind, match=re.escape(says)):
        max_unpool2d(**good | change)
