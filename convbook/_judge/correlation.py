"""The operands of the teaching functions: an image and a kernel, with channels or without."""

from __future__ import annotations

from torch import Tensor

from convbook._judge.tensors import (
    NEVER_PROMOTED,
    arithmetic_dtype,
    counted,
    dtype_name,
    matrix,
    same_device,
    shape,
    stack,
)
from convbook._judge.windows import kernel_fits


def corr2d_arguments(X: object, K: object) -> tuple[Tensor, Tensor]:
    """Judge the two matrices of a one-channel correlation."""
    X, K = matrix("X", X), matrix("K", K)
    _pair_of_operands(X, K)
    return X, K


def multi_in_arguments(X: object, K: object) -> tuple[Tensor, Tensor]:
    """Judge X (channels, rows, columns) and K (channels, rows, columns)."""
    X, K = stack("X", X, 3, "(channels, rows, columns)"), stack("K", K, 3, "(channels, rows, columns)")
    _same_channels(X, K, K.shape[0])
    _pair_of_operands(X, K)
    return X, K


def multi_in_out_arguments(X: object, K: object) -> tuple[Tensor, Tensor]:
    """Judge X (channels, rows, columns) and K (output channels, channels, rows, columns)."""
    X = stack("X", X, 3, "(channels, rows, columns)")
    K = stack("K", K, 4, "(output channels, input channels, rows, columns)")
    _same_channels(X, K, K.shape[1])
    return X, K  # dtype, device and fit are corr2d_multi_in's to judge, before it works on the first kernel


def _same_channels(X: Tensor, K: Tensor, needed: int) -> None:
    if X.shape[0] != needed:
        raise ValueError(
            f"X has {counted(X.shape[0], 'channel')} but K takes {needed}: X {shape(X)}, K {shape(K)}; each "
            "input channel needs a kernel of its own, and the results are summed"
        )


def _pair_of_operands(X: Tensor, K: Tensor) -> None:
    """Judge dtype, device and fit of an image and a kernel whose dtypes may differ (they are promoted)."""
    arithmetic_dtype("X", X)
    arithmetic_dtype("K", K)
    unsigned = X.dtype in NEVER_PROMOTED or K.dtype in NEVER_PROMOTED
    if unsigned and X.dtype != K.dtype and not (X.is_floating_point() or K.is_floating_point()):
        raise TypeError(
            "X and K must have one dtype, because torch promotes uint16, uint32 and uint64 to floats alone; "
            f"got X is {dtype_name(X.dtype)}, K is {dtype_name(K.dtype)}; convert one, for example "
            "K.to(X.dtype)"
        )
    same_device(X=X, K=K)
    kernel_fits(X, K)
