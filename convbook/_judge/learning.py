"""Learning a kernel: images that gradients exist for, and the settings of a run."""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._forms import Pair, describe, integer, number, pair
from convbook._judge.tensors import (
    LARGEST_PLANE,
    channels_seem_last,
    one_of,
    same_device,
    same_dtype,
    shape,
    tensor,
)
from convbook._judge.windows import NO_PADDING
from convbook.geometry import windows_that_fit


def _floats(name: str, value: object) -> Tensor:
    """Judge a tensor to learn from or with."""
    given = tensor(name, value)
    if given.dtype in (torch.float32, torch.float64):
        return given
    if given.is_complex():
        raise TypeError(f"{name} must be float32 or float64, got {given.dtype}: the squared error is real")
    why = (
        "a half type would round small steps away"
        if given.is_floating_point()
        else "integers have no gradient"
    )
    raise TypeError(f"{name} must be float32 or float64, got {given.dtype}: {why}; use {name}.float()")


def image_and_kernel_size(X: object, kernel_size: object) -> tuple[Tensor, Pair]:
    """Judge the image and the kernel's size."""
    image, kernel = _floats("X", X), pair("kernel_size", kernel_size, 1)
    if image.dim() not in (2, 3) or 0 in image.shape:
        raise ValueError(
            "X must be one image (rows, columns) or several (images, rows, columns), none empty; "
            f"got shape {tuple(image.shape)}"
        )
    windows_that_fit((image.shape[-2], image.shape[-1]), kernel, (1, 1), NO_PADDING, (1, 1))
    return image, kernel


def output_image(X: Tensor, Y: object, kernel: Pair) -> Tensor:
    """Judge that the kernel can have made Y of X."""
    output = _floats("Y", Y)
    _alike("Y", output, X)
    *images, rows, columns = X.shape
    expected = (*images, rows - kernel[0] + 1, columns - kernel[1] + 1)
    if output.shape != expected:
        raise ValueError(
            f"Y must have shape {expected}, what a {kernel[0]}×{kernel[1]} kernel leaves of X: "
            f"{rows} − {kernel[0]} + 1 = {expected[-2]} rows, {columns} − {kernel[1]} + 1 = {expected[-1]} "
            f"columns; got {tuple(output.shape)}{_color_cure(X)}"
        )
    return output


def _color_cure(X: Tensor) -> str:
    if X.dim() == 3 and channels_seem_last(shape(X)):
        return (
            f"; X {shape(X)} is taken as {X.shape[0]} images of {X.shape[1]}×{X.shape[2]}: a color image is "
            "averaged first, X.mean(-1)"
        )
    return ""


def first_kernel(X: Tensor, weight: object, kernel: Pair) -> Tensor:
    """Judge a kernel to start from."""
    first = _floats("weight", weight)
    _alike("weight", first, X)
    if first.shape != kernel:
        cure = "; take weight[0, 0]" if first.shape == (1, 1, *kernel) else ""
        raise ValueError(
            f"weight must have the shape of the kernel, {kernel}; got {tuple(first.shape)}{cure}"
        )
    return first


def _alike(name: str, value: Tensor, X: Tensor) -> None:
    """Refuse a tensor of another dtype or device than the image's."""
    if value.dtype != X.dtype or value.device != X.device:
        same_dtype(**{"X": X, name: value})
        same_device(**{"X": X, name: value})


def generator_for(X: Tensor, generator: object) -> None:
    """Refuse what is no generator, or one for another device."""
    if generator is None:
        return
    if not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator, got {describe(generator)}; a seed of 0 is "
            "torch.Generator().manual_seed(0)"
        )
    if generator.device.type != X.device.type:
        raise ValueError(
            f"generator must be on the device of X, {X.device}; got one on {generator.device}; "
            f"write torch.Generator({X.device.type!r})"
        )


def steps(value: object, parameters: int) -> int:
    """Judge a number of updates: the kernels after all of them are kept."""
    updates = integer("steps", value, 1)
    if updates * parameters > LARGEST_PLANE:
        raise ValueError(
            f"steps={updates} keeps {updates} × {parameters} numbers; at most {LARGEST_PLANE} are allowed"
        )
    return updates


def learning_rate(lr: object) -> float:
    """Judge a learning rate."""
    value = number("lr", lr)
    if value <= 0:
        raise ValueError(f"lr must be above 0, got {value:g}: a step goes against the gradient")
    return value


def momentum(momentum: object) -> float:
    """Judge a momentum."""
    value = number("momentum", momentum)
    if not 0 <= value < 1:
        raise ValueError(
            f"momentum must be at least 0 and below 1, got {value:g}: from 1 on the steps never get smaller"
        )
    return value


def batch_size(batch_size: object, pixels: int) -> int:
    """Judge a number of output pixels."""
    batch = integer("batch_size", batch_size, 1)
    if batch > pixels:
        raise ValueError(f"batch_size must be at most the number of output pixels, {pixels}; got {batch}")
    return batch


def loss_scale(reduction: object, pixels: int) -> float:
    """Return the factor that the summed squared error is multiplied by."""
    return 1.0 if one_of("reduction", reduction, ("sum", "mean")) == "sum" else 1 / pixels
