"""The page's torch beside the real one, function by function: numbers, dtypes, shapes, printing, errors."""

from __future__ import annotations

import math
import os
import re
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.page_torch import load

PAGE = load()
# Some for each run of the tests; EXAMPLES=1000 tries more.
EXAMPLES = int(os.environ.get("EXAMPLES", "40"))
F = torch.nn.functional
NAMES = """
x, y = T([[1.5, -2, 0], [4, 0.25, -3]]), T([[2., 0.5, -1]])
n, m = T([[3, -4, 0], [7, 1, 2]]), T([[2, 3, 5]])
b, v, u = T([True, False, True]), T([1., 2, 3]), T([0, 2, 1])
"""
# ruff: noqa: E501  -- a line of the list is one trial
# Each line is run by both; several statements may stand before the last expression, parted by semicolons.
LINES = """
torch.arange(9).reshape(3,3)
torch.arange(9.)
torch.tensor([[1.5,2],[3,4e-5]])
torch.tensor([1e10,1.,2.])
torch.tensor([0.1,1000.5])
torch.tensor([0.1,100.5])
torch.tensor([])
torch.zeros(0,3)
torch.zeros(3,dtype=torch.float64)
torch.arange(2000)
torch.arange(40.)
torch.arange(2000.).reshape(40,50)
torch.tensor([True,False])
torch.tensor(3.5)
torch.tensor(3)
torch.tensor([math.inf,1.,math.nan])
torch.tensor([math.inf,1.5,math.nan])
torch.tensor([-1.,2.,10.])
torch.tensor([1,-200])
torch.arange(27).reshape(3,3,3)
torch.arange(3).shape
torch.ones(2,3)+torch.ones(3,2)
torch.ones(2,3)@torch.ones(2,3)
torch.ones(3)@torch.ones(2)
torch.arange(3)@torch.ones(3)
torch.arange(6).reshape(2,3)@torch.ones(3,2)
torch.ones(3)[5]
torch.ones(3,3)[1,2,3]
torch.tensor(1.)[0]
len(torch.tensor(1.))
torch.arange(3).mean()
torch.stack([])
torch.stack([torch.ones(2),torch.ones(3)])
torch.cat([torch.ones(2,2),torch.ones(3,3)])
torch.ones(2,2).reshape(3)
torch.ones(4).view(2,3)
torch.ones(2,3).T.view(6)
x=torch.ones(2,2); x[0]=torch.ones(3);x
x=torch.ones(2,2); x[0,0]=torch.ones(3);x
x=torch.zeros(3,dtype=torch.int64); x[0]=2.7;x
x=torch.zeros(3); x+=1;x
x=torch.zeros(3,dtype=torch.int64); x+=1.5;x
x=torch.zeros(3); x+=torch.ones(2,3);x
if_=torch.ones(3)>0;bool(if_)
torch.tensor([[1,2],[3]])
torch.tensor("a")
torch.tensor(None)
torch.tensor([2**70])
torch.ones(2,3).permute(0,0)
torch.ones(2,3).permute(1)
torch.ones(2,3).sum(5)
torch.ones(2,3).sum((0,0))
torch.ones(2,3)[::-1]
torch.ones(2,3)[1.5]
torch.zeros(2,2)[torch.tensor([True,False,True])]
torch.zeros(-1,2)
torch.ones(3).unfold(0,5,1)
torch.arange(6).unfold(0,3,1)
torch.nn.functional.conv2d(torch.ones(1,1,2,2),torch.ones(1,1,3,3))
F.conv2d(torch.ones(1,2,3,3),torch.ones(1,3,2,2))
F.conv2d(torch.ones(3,3),torch.ones(2,2))
F.conv2d(torch.ones(1,1,3,3).double(),torch.ones(1,1,2,2))
F.conv2d(torch.ones(1,1,3,3),torch.ones(2,2))
F.max_pool2d(torch.arange(16.).reshape(1,1,4,4),2,return_indices=True)
F.max_pool2d(torch.arange(16.).reshape(1,1,4,4),3,2,1,return_indices=True)
F.max_pool2d(torch.ones(1,1,2,2),3)
F.max_pool2d(torch.ones(1,1,4,4),2,padding=2)
F.avg_pool2d(torch.arange(16.).reshape(1,1,4,4),3,2,1)
F.avg_pool2d(torch.arange(16.).reshape(1,1,4,4),3,2,1,False,False)
F.pad(torch.arange(6).reshape(2,3),(1,0,0,2))
F.pad(torch.arange(6).reshape(1,2,3),(1,1),mode="reflect")
F.pad(torch.arange(6.).reshape(1,2,3),(1,1,1,1),mode="replicate")
F.pad(torch.arange(6.).reshape(2,3),(-1,0,0,2),value=-math.inf)
F.unfold(torch.arange(18.).reshape(1,2,3,3),2)
F.fold(F.unfold(torch.arange(18.).reshape(1,2,3,3),2),(3,3),2)
F.conv_transpose2d(torch.arange(4.).reshape(1,1,2,2),torch.ones(1,1,3,3),stride=2,padding=1)
torch.einsum("ij,jk->ik",torch.ones(2,3),torch.ones(3,4))
torch.einsum("nchw,ochw->no",torch.ones(2,3,2,2),torch.ones(5,3,2,2))
torch.einsum("ij,jk",torch.ones(2,3),torch.ones(2,4))
torch.einsum("ii",torch.arange(4.).reshape(2,2))
torch.arange(5)[torch.tensor([3,1])]
torch.arange(12).reshape(3,4)[:,torch.tensor([3,1])]
torch.arange(12).reshape(3,4)[torch.tensor([2,1]),torch.tensor([3,1])]
torch.arange(24).reshape(2,3,4)[0,:,torch.tensor([3,1])]
torch.arange(24).reshape(2,3,4)[torch.tensor([0,1]),:,torch.tensor([3,1])]
torch.arange(5)[[3,1]]
torch.arange(12).reshape(3,4)[torch.arange(12).reshape(3,4)>5]
torch.arange(5)[9:2]
torch.arange(5)[-2:]
torch.arange(5)[None,:,None].shape
torch.arange(24).reshape(2,3,4)[...,1]
torch.arange(5).flip(0)
torch.arange(6).reshape(2,3).rot90()
torch.arange(6).reshape(2,3).rot90(-1)
torch.rot90(torch.arange(6).reshape(2,3),2)
torch.arange(6).reshape(2,3).max(1)
torch.arange(6).reshape(2,3).max()
torch.max(torch.tensor([1,5]),torch.tensor([3,2]))
torch.tensor([1.,math.nan]).max()
torch.tensor([3,1,2]).sort()
torch.tensor([3,1,2,3]).sort(descending=True)
torch.tensor([[0,1],[2,0]]).nonzero()
torch.tensor([5,-5])//2
torch.tensor([5,-5])%3
torch.tensor([5.,-5.])//2
torch.tensor([5,-5])/0
torch.tensor([5,0])//0
torch.tensor([5.,0.])/0
torch.tensor([2,3])**2
torch.tensor([2,3])**-1
torch.tensor([2.,3.])**-1
2**torch.tensor([2,3])
1-torch.tensor([True])
torch.tensor([True])-torch.tensor([True])
torch.tensor([True])+torch.tensor([True])
~torch.tensor([True])
-torch.tensor([1,2])
torch.tensor(1.5)*torch.tensor([1,2])
torch.tensor(1.5,dtype=torch.float64)*torch.tensor([1.,2])
torch.tensor([1.],dtype=torch.float64)*torch.tensor([1.,2])
torch.tensor([2**62])*4
torch.tensor([200],dtype=torch.uint8)+100
torch.tensor([1.,2]).to(torch.int32)
torch.tensor([2**24+1]).float()
torch.tensor(1/3)*3
torch.tensor([0.1])+0.2
torch.outer(torch.arange(3.),torch.ones(2))
torch.outer(torch.ones(2,2),torch.ones(2))
torch.zeros(2,3).scatter_add(1,torch.tensor([[0,0,1],[2,2,2]]),torch.ones(2,3))
torch.zeros(2,3).scatter(1,torch.tensor([[0,5]]),torch.ones(1,2))
torch.arange(6).reshape(2,3).gather(1,torch.tensor([[2,0],[1,1]]))
torch.where(torch.tensor([True,False]),1,torch.tensor([5,6]))
torch.cartesian_prod(torch.arange(2),torch.arange(3))
torch.arange(4.).repeat(2,2)
torch.arange(4.).expand(2,3)
torch.arange(3).expand(2,3)
torch.arange(4.).clamp(min=1,max=2)
torch.arange(4.).cumsum(0)
torch.linspace(0,1,5)
torch.eye(3)
torch.full((2,2),7)
torch.arange(1,10,2)
torch.arange(0.,1,.3)
torch.arange(9).reshape(3,3).diagonal(1)
torch.diag(torch.arange(3))
torch.arange(3).tolist()
torch.arange(3)[1].item()
torch.arange(3).item()
torch.tensor([1.5,2.5,-0.5]).round()
torch.tensor([1.005]).round(decimals=2)
torch.tensor([-1.,0,2]).sign()
torch.tensor([4.,-1]).sqrt()
torch.tensor([4,9]).sqrt()
torch.tensor([0.,1.]).log()
torch.allclose(torch.ones(2),torch.ones(2)+1e-9)
torch.equal(torch.ones(2),torch.ones(3))
torch.arange(6).reshape(2,3).T
torch.arange(6).reshape(2,3).mT
torch.arange(3).mT
torch.arange(6).reshape(1,2,3).squeeze().unsqueeze(-1).shape
torch.arange(6).split(4)
torch.arange(6).chunk(3)
torch.arange(3).roll(1)
torch.arange(24).reshape(2,3,4).movedim(0,-1).shape
torch.tensordot(torch.arange(6.).reshape(2,3),torch.ones(3,2),1)
torch.arange(3).type_as(torch.ones(1))
torch.promote_types(torch.int64,torch.float32)
torch.arange(4).reshape(2,2).sum().dtype
torch.tensor([True,True]).sum()
torch.arange(4.).var()
torch.arange(4.).std()
torch.arange(4.).norm()
torch.arange(6.).reshape(2,3).mean((0,1),keepdim=True)
torch.arange(6.).reshape(2,3).mean(dim=1)
torch.arange(6.).reshape(2,3).argmax(1)
torch.arange(6.).reshape(2,3).argmax()
torch.ones(2)*"a"
torch.ones(2)+[1,2]
[1,2]+torch.ones(2)
x=torch.ones(2); x[0]="a";x
torch.ones(2)==None
torch.ones(2)==torch.ones(2)
3 in torch.arange(4)
f"{torch.tensor(2.5):.2f}"
f"{torch.tensor([2.5])}"
torch.sum(torch.ones(2,2),dim=0)
torch.sqrt(2)
torch.flip(torch.arange(3),[0])
torch.flip(torch.arange(3),(0,))
torch.arange(3).float().dtype
reversed(torch.arange(3))
list(reversed(torch.arange(3)))
x=torch.zeros(3,3); x[1:,1:]+=5; x
x=torch.zeros(3,3); r=x[0]; r+=1; x
x=torch.zeros(3,3); x.flatten()[0]=1; x
x=torch.zeros(3,3); x.T[0]=torch.arange(3.); x
x=torch.zeros(3,3); x[torch.tensor([0,2])]=torch.arange(3.); x
x=torch.zeros(3,3); x[x==0]=2; x
x=torch.zeros(3,3); x[:,::2]=torch.ones(3,1); x
x=torch.zeros(3,3); x.add_(1).mul_(2); x
torch.tensor([[1.,2],[3,4]]).double()
torch.arange(8).reshape(2,2,2).double()
torch.tensor([1e-10])
torch.tensor([123456.789])
torch.tensor([0.,0.])
torch.tensor(1e-7)
torch.tensor([1.0,2.0])/3
torch.ones(3,4)[1:2, ..., None].shape
torch.ones(2).numel()
torch.ones(2,3).size(1)
torch.ones(2,3).size()
torch.ones(2,3).dim()
torch.Size([2,3])+torch.Size([1])
(*torch.ones(2,3).shape,)
torch.zeros((2,3)).shape
torch.zeros([2,3]).shape
torch.ones(2,3).new_zeros(2,2)
torch.zeros_like(torch.arange(3))
torch.relu(torch.tensor([-1.,2]))
F.relu(torch.tensor([-1.,2]))
torch.tensor([1,2]).bool()
torch.tensor([1.0, float('inf'), 1e9])
torch.softmax(torch.arange(3.),0)
torch.arange(3).is_floating_point()
torch.full((2,), math.pi)
x = torch.arange(4); x.view(2,2)[0,0]=9; x
torch.as_tensor([1,2])
torch.broadcast_to(torch.arange(3),(2,3))
torch.tensor(7)//2
torch.tensor(5).__index__()
list(range(torch.tensor(3)))
[10,20,30][torch.tensor(1)]
range(3)[torch.tensor(1.)]
divmod(torch.tensor([5,3]).argmax().item(), 2)
torch.tensor([[1,2],[3,4]]).abs().amax((0,1))
F.conv2d(torch.ones(1,1,4,4),torch.ones(1,1,2,2),stride=0)
F.conv2d(torch.ones(1,1,4,4),torch.ones(1,1,3,3),padding="same")
F.conv2d(torch.ones(1,4,4,4),torch.ones(2,2,2,2),groups=2)
F.conv2d(torch.ones(1,1,4,4),torch.ones(1,1,2,2),torch.ones(3))
F.conv2d(torch.arange(12.).reshape(1,3,4),torch.ones(1,1,2,2))
F.conv2d(torch.arange(9).reshape(1,1,3,3),torch.arange(4).reshape(1,1,2,2))
torch.result_type(n, x)
torch.get_default_dtype()
torch.broadcast_shapes((2, 1), (3,))
torch.add(x, y, alpha=2)
torch.sub(x, y, alpha=2)
torch.mul(x, y)
torch.div(n, m)
torch.div(n, m, rounding_mode="floor")
torch.div(n, m, rounding_mode="trunc")
torch.floor_divide(n, m)
torch.remainder(n, m)
torch.pow(x, 2)
torch.maximum(n, m)
torch.minimum(n, m)
torch.eq(n, m)
torch.ne(n, m)
torch.lt(n, m)
torch.le(n, m)
torch.gt(n, m)
torch.ge(n, m)
torch.bitwise_and(n, m)
torch.bitwise_or(n, m)
torch.bitwise_xor(n, m)
n & m, n | m, n ^ m
b & ~b, b | ~b, b ^ b
torch.logical_and(n, x)
torch.logical_or(n, x)
torch.logical_not(n)
torch.isclose(x, x + 1e-6)
torch.rsqrt(v)
torch.exp(x)
torch.log(v)
torch.tanh(x), torch.sigmoid(x), torch.reciprocal(x)
torch.neg(x), torch.square(n), torch.sign(n), torch.abs(n)
torch.floor(x), torch.ceil(x), torch.trunc(x), torch.round(x)
torch.isfinite(x / 0), torch.isnan(x / 0), torch.isinf(x / 0)
torch.clamp(x, -1, 1), torch.clip(n, max=2), torch.clamp(x)
torch.prod(n, 1), torch.mean(x, 0), torch.var(x, 1), torch.std(x)
torch.amax(n, 1), torch.amin(n), torch.argmax(n, 0), torch.argmin(n)
torch.min(n, 1)
torch.all(n, 1), torch.any(n), torch.count_nonzero(n, 0)
torch.norm(x, dim=1), torch.norm(x, 1)
torch.cumsum(n, 1), torch.diff(n), torch.sort(n, 1).values, torch.nonzero(n)
torch.masked_fill(x, x > 0, 9), torch.masked_select(n, n > 1)
torch.dot(v, v), torch.mm(x, y.T), torch.mv(x, v), torch.matmul(x, v)
torch.bmm(x[None], x.T[None])
torch.empty(2, 3).shape, torch.empty_like(n).shape, torch.ones_like(n), torch.full_like(x, 7)
torch.no_grad()(torch.abs)(x)
torch.is_tensor(x), torch.is_tensor(1)
torch.reshape(n, (3, 2)), torch.flatten(n), torch.unflatten(u, 0, (3, 1))
torch.permute(n, (1, 0)), torch.transpose(n, 0, 1), torch.t(n)
torch.movedim(n, 0, 1), torch.unsqueeze(n, 0), torch.squeeze(m)
torch.narrow(n, 1, 0, 2), torch.select(n, 0, 1)
torch.index_select(n, 1, u), torch.unbind(n), torch.split(n, 2, 1), torch.split(n, [1, 2], 1), torch.chunk(n, 2, 1)
torch.roll(n, 1, 1), torch.roll(n, (1, 1), (0, 1)), torch.roll(n, 2), torch.repeat_interleave(u, 2), torch.repeat_interleave(n, 2, 0)
torch.diagonal(n, 1), torch.clone(n), torch.gather(n, 1, n[:, :1] * 0), torch.scatter(n, 1, u[None], 5), torch.scatter_add(n, 1, u[None], m)
torch.numel(n), torch.is_floating_point(n), torch.is_complex(n)
torch.conv2d(x[None, None], y[None, None, :, :2])
torch.conv_transpose2d(x[None, None], y[None, None, :, :2])
F.softmax(x, 1), F.sigmoid(x), F.tanh(x)
F.adaptive_avg_pool2d(x[None, None], 1)
x.add(y), x.sub(y), x.mul(y), x.div(y), n.floor_divide(m), n.remainder(m), n.pow(2)
n.maximum(m), n.minimum(m), n.eq(m), n.ne(m), n.lt(m), n.le(m), n.gt(m), n.ge(m)
n.logical_and(m), n.logical_or(m), n.logical_not(), x.isclose(x), x.rsqrt(), x.exp(), x.tanh(), x.sigmoid(), x.reciprocal()
x.neg(), n.square(), x.floor(), x.ceil(), x.trunc(), x.isfinite(), x.isinf(), x.isnan(), x.clip(0)
n.prod(), n.amin(1), n.argmin(1), n.min(1).indices, n.all(), n.any(1), n.count_nonzero(), n.diff()
x.masked_fill(x > 0, 0), x.masked_select(x > 0), v.dot(v), x.mm(y.T), x.mv(v), x.matmul(v), x[None].bmm(x.T[None])
x.byte().dtype, n.int(), x.long(), x.cpu(), x.data, x.detach(), x.contiguous(), x.clone()
str(x.device), x.grad, x.is_cuda, x.is_nested, x.is_quantized, x.layout == torch.strided, x.requires_grad
x.is_contiguous(), x.T.is_contiguous(), x.is_complex(), x.ndim, x.nelement(), x.stride(), x.T.stride()
y.expand_as(x), x.reshape_as(x.T), x.view_as(x), x.T.view_as(x)
n.index_select(0, u[:1]), n.narrow(1, 1, 2), n.select(1, 2), n.unbind(1), n.unflatten(1, (1, -1)), n.transpose(0, 1), n.t(), n.repeat_interleave(2)
x.new_ones(2), x.new_full((2,), 3), x.new_tensor([1, 2]), x.new_empty(2).shape, n.new_zeros(1, 2)
x.fill_(3); x.zero_(); x
x.copy_(y); x
x.div_(2); x.sub_(1); x.neg_(); x.abs_(); x.square_(); x.sqrt_(); x.exp_(); x.round_(); x.relu_(); x.clamp_(0, 9); x
n.floor_divide_(2); n.remainder_(3); n.pow_(2); n
x.masked_fill_(x > 0, 5); x
n.scatter_(1, u[None], 5); n.scatter_add_(1, u[None], m); n
n.diagonal().fill_(9); n
torch.tensor([1, 2, 3], dtype=torch.int8) * 100
torch.tensor([1, 2, 3], dtype=torch.int16) + torch.tensor([200], dtype=torch.uint8)
x.to(torch.float64), x.to(n), x.to("cpu") is x
x.scatter_add(1, u[None], y), x.dim(), x.size(-1)
""".strip().splitlines()


def outcome(module: Any, line: str) -> str:
    """What a line gives, as it is printed: a value, or an error with its message."""
    names = {"torch": module, "F": module.nn.functional, "math": math, "T": module.tensor}
    exec(NAMES, names)
    *before, last = line.split(";")
    try:
        exec(";".join(before), names)
        value = eval(last, names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return repr(tuple(value) if isinstance(value, tuple) and not isinstance(value, module.Size) else value)


@pytest.mark.parametrize("line", LINES)
def test_a_line_gives_what_torch_gives(line: str) -> None:
    assert outcome(PAGE, line) == outcome(torch, line)


def test_every_function_and_method_is_tried() -> None:
    """A name that is added without a line is found here."""
    text = "\n".join(LINES)
    made_at_random = {"Generator", "manual_seed", "rand", "randn", "randint", "randperm"}
    not_torchs = {"NotInThePage", "dtype", "Tensor", "Size", "device", *made_at_random}
    functions = {
        name
        for name, value in vars(PAGE).items()
        if callable(value) and not name.startswith("_") and not isinstance(value, PAGE.dtype)
        if getattr(value, "__module__", PAGE.__name__) == PAGE.__name__
    } - not_torchs
    methods = {name for name in vars(PAGE.Tensor) if not name.startswith("_")}
    inside = {name for name in vars(PAGE.nn.functional) if not name.startswith("_")}
    assert len(functions) > 80
    assert len(methods) > 100
    assert sorted(name for name in functions if not re.search(rf"torch\.{name}\(", text)) == []
    assert sorted(name for name in methods if not re.search(rf"\.{name}\b", text)) == []
    assert sorted(name for name in inside if not re.search(rf"F\.{name}\(", text)) == []
    assert [name for name in methods if not hasattr(torch.Tensor, name)] == []


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda: PAGE.svd, "torch.svd"),
        (lambda: PAGE.nn.Conv2d, "torch.nn.Conv2d"),
        (lambda: PAGE.nn.functional.gelu, "torch.nn.functional.gelu"),
        (lambda: PAGE.ones(2).fft, "Tensor.fft"),
        (lambda: PAGE.ones(2).backward(), "Tensor.backward"),
        (lambda: PAGE.ones(2, requires_grad=True), "requires_grad=True"),
        (lambda: PAGE.zeros(2, dtype=PAGE.float16), "torch.float16"),
    ],
)
def test_what_is_missing_says_so(use: Any, name: str) -> None:
    with pytest.raises(PAGE.NotInThePage) as caught:
        use()
    assert str(caught.value) == f"`{name}` is not in the page's torch; in the notebook it works"


def test_random_numbers_have_their_shape_and_their_seed() -> None:
    """The numbers are Python's, not torch's."""
    PAGE.manual_seed(3)
    first = [PAGE.rand(2, 3), PAGE.randn(4), PAGE.randint(-2, 5, (50,)), PAGE.randperm(9)]
    PAGE.manual_seed(3)
    again = [PAGE.rand(2, 3), PAGE.randn(4), PAGE.randint(-2, 5, (50,)), PAGE.randperm(9)]
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert [tuple(part.shape) for part in first] == [(2, 3), (4,), (50,), (9,)]
    assert set(first[2].tolist()) == set(range(-2, 5))
    assert sorted(first[3].tolist()) == list(range(9))
    generator = PAGE.Generator().manual_seed(3)
    assert PAGE.rand(2, 3, generator=generator).tolist() == first[0].tolist()


# ------------------------------------------------------------------------------------- any shape, any index

KINDS = ["float32", "float64", "int64", "int32", "uint8", "bool"]
NUMBERS = st.sampled_from([-3, -2, -1, 0, 1, 2, 3, 0.5, -1.25, 2.75])


@st.composite
def shapes(draw: Any, most: int = 4) -> tuple[int, ...]:
    return tuple(draw(st.lists(st.integers(0, 4), max_size=most)))


@st.composite
def pairs(draw: Any, shape: Any = None, kinds: Any = KINDS) -> tuple[Any, Any]:
    """A tensor of torch, and the page's with the same numbers."""
    size = draw(shapes()) if shape is None else shape
    count = math.prod(size)
    numbers = draw(st.lists(NUMBERS, min_size=count, max_size=count))
    kind = draw(st.sampled_from(kinds))
    numbers = [abs(number) for number in numbers] if kind == "uint8" else numbers
    real = torch.tensor(numbers, dtype=torch.float64).to(getattr(torch, kind)).reshape(size)
    page = PAGE.tensor(numbers, dtype=PAGE.float64).to(getattr(PAGE, kind)).reshape(size)
    return real, page


def plain(value: Any) -> Any:
    """Everything that a result says: dtype, shape and numbers."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        numbers = value.flatten().tolist()
        rounded = [
            float(f"{number:.5g}") + 0.0 if isinstance(number, float) else number for number in numbers
        ]
        return str(value.dtype), tuple(value.shape), [str(number) for number in rounded]
    return [plain(part) for part in value] if isinstance(value, (tuple, list)) else value


def same(function: Any, *both: tuple[Any, Any]) -> None:
    """The function of torch's tensors and of the page's give the same, or both raise the same kind of error."""
    results = []
    for module, number in ((torch, 0), (PAGE, 1)):
        try:
            results.append(plain(function(module, *(pair[number] for pair in both))))
        except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError) as error:
            assert not isinstance(error, PAGE.NotInThePage), error
            results.append(type(error).__name__)
    assert results[1] == results[0]


BINARY = "add sub mul div floor_divide remainder maximum minimum eq ne lt le gt ge isclose".split()
SINGLE = "abs sqrt exp log tanh sigmoid reciprocal neg square sign floor ceil trunc relu round isfinite logical_not".split()
REDUCING = "sum prod mean amax amin all any count_nonzero argmax argmin".split()


@settings(max_examples=EXAMPLES, deadline=None)
@given(name=st.sampled_from(BINARY), first=pairs(), second=pairs(), form=st.integers(0, 3))
def test_two_tensors_are_combined_as_torch_does(name: str, first: Any, second: Any, form: int) -> None:
    """Broadcasting, promoted dtypes, and numbers in place of tensors."""
    if name == "isclose" and first[0].dtype != second[0].dtype:
        return
    if form == 1:
        second = (2, 2)
    if form == 2 and name != "isclose":
        second = (0.5, 0.5)
    if name in ("maximum", "minimum", "isclose") and not hasattr(second[0], "dtype"):
        return
    same(lambda module, a, b: getattr(module, name)(a, b), first, second)


@settings(max_examples=EXAMPLES, deadline=None)
@given(name=st.sampled_from(SINGLE), given_pair=pairs())
def test_a_function_of_one_tensor_is_torchs(name: str, given_pair: Any) -> None:
    real = given_pair[0]
    if real.dtype is torch.bool and name not in ("isfinite", "logical_not", "sign", "square", "exp", "sqrt"):
        return
    same(lambda module, a: getattr(module, name)(a), given_pair)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    name=st.sampled_from(REDUCING),
    given_pair=pairs(),
    dim=st.one_of(
        st.none(), st.integers(-3, 3), st.lists(st.integers(-3, 3), min_size=1, max_size=2).map(tuple)
    ),
    keepdim=st.booleans(),
)
def test_a_reduction_is_torchs(name: str, given_pair: Any, dim: Any, keepdim: bool) -> None:
    if given_pair[0].numel() == 0 and name in ("amax", "amin", "argmax", "argmin"):
        return
    if name == "count_nonzero":
        same(lambda module, a: module.count_nonzero(a, dim), given_pair)
    elif dim is None:
        same(lambda module, a: getattr(module, name)(a), given_pair)
    elif name in ("argmax", "argmin", "prod") and isinstance(dim, tuple):
        return
    else:
        same(lambda module, a: getattr(module, name)(a, dim, keepdim), given_pair)


INDEX = st.one_of(
    st.integers(-4, 4),
    st.slices(4).filter(lambda part: part.step is None or part.step > 0),
    st.none(),
    st.just(...),
    st.lists(st.integers(-3, 3), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=2, max_size=4).map(lambda values: ("mask", values)),
)


def index_for(module: Any, index: Any) -> Any:
    made = []
    for part in index:
        if isinstance(part, tuple):
            made.append(module.tensor(part[1]))
        else:
            made.append(module.tensor(part) if isinstance(part, list) else part)
    return tuple(made)


@settings(max_examples=EXAMPLES, deadline=None)
@given(given_pair=pairs(), index=st.lists(INDEX, max_size=4))
def test_an_index_takes_what_torch_takes(given_pair: Any, index: Any) -> None:
    if index.count(...) > 1:
        return
    same(lambda module, a: a[index_for(module, index)], given_pair)


@settings(max_examples=EXAMPLES, deadline=None)
@given(given_pair=pairs(), index=st.lists(INDEX, max_size=4), value=st.one_of(NUMBERS, pairs()))
def test_an_index_writes_where_torch_writes(given_pair: Any, index: Any, value: Any) -> None:
    if index.count(...) > 1 or any(
        isinstance(part, list) and len({n % 4 for n in part}) < len(part) for part in index
    ):
        return  # torch does not say which of two numbers stays

    def written(module: Any, a: Any, b: Any) -> Any:
        a = a.clone()
        a[index_for(module, index)] = b
        return a

    real = given_pair[0]
    both = value if isinstance(value, tuple) else (value, value)
    if real.dtype is torch.uint8 and not hasattr(both[0], "dtype") and both[0] < 0:
        return
    if real.dtype is torch.uint8 and hasattr(both[0], "dtype") and (both[0] < 0).any():
        return
    same(written, given_pair, both)


@settings(max_examples=EXAMPLES, deadline=None)
@given(given_pair=pairs(), data=st.data())
def test_shapes_change_as_torch_changes_them(given_pair: Any, data: Any) -> None:
    """Also errors: sizes that do not fit and axes that are not there."""
    axis = st.integers(-4, 4)
    sizes = st.lists(st.integers(-1, 4), max_size=4).map(tuple)
    name = data.draw(
        st.sampled_from(
            "reshape permute transpose flip unsqueeze squeeze flatten movedim expand repeat roll unfold cumsum sort narrow chunk".split()
        )
    )
    if name in ("sort", "cumsum") and given_pair[0].dim() == 0:
        return
    arguments = {
        "reshape": lambda: (data.draw(sizes),),
        "permute": lambda: (data.draw(st.permutations(range(given_pair[0].dim()))),),
        "transpose": lambda: (data.draw(axis), data.draw(axis)),
        "flip": lambda: (data.draw(st.lists(st.integers(-2, 2), min_size=1, max_size=2, unique_by=abs)),),
        "flatten": lambda: (data.draw(st.integers(0, 3)), data.draw(st.integers(-2, 3))),
        "movedim": lambda: (data.draw(axis), data.draw(axis)),
        "expand": lambda: (data.draw(sizes),),
        "repeat": lambda: (data.draw(st.lists(st.integers(0, 2), max_size=5).map(tuple)),),
        "roll": lambda: (data.draw(axis), data.draw(st.integers(0, 2))),
        "unfold": lambda: (data.draw(axis), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))),
        "narrow": lambda: (data.draw(st.integers(0, 2)), 0, data.draw(st.integers(0, 2))),
        "chunk": lambda: (data.draw(st.integers(1, 3)), data.draw(st.integers(0, 2))),
    }.get(name, lambda: (data.draw(axis),))()
    if name == "narrow":
        size = given_pair[0].shape[arguments[0]] if arguments[0] < given_pair[0].dim() else 0
        arguments = (arguments[0], 0, min(size, arguments[2]))
    if name == "sort":
        same(lambda module, a: a.sort(*arguments).values, given_pair)
    else:
        same(lambda module, a: getattr(a, name)(*arguments), given_pair)


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_tensors_are_joined_and_multiplied_as_torch_does(data: Any) -> None:
    kind = data.draw(st.sampled_from(["float32", "float64", "int64"]))
    small = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
    first, second = (data.draw(pairs(data.draw(small), [kind])) for _ in range(2))
    dim = data.draw(st.integers(-3, 3))
    same(lambda module, a, b: module.cat([a, b], dim), first, second)
    same(lambda module, a, b: module.stack([a, b], dim), first, second)
    same(lambda module, a, b: module.stack([a, a * 2], dim), first, second)
    same(lambda module, a, b: a @ b, first, second)
    same(lambda module, a, b: module.where(a > 0, a, b), first, second)
    square = data.draw(pairs((3, 2, 2), [kind]))
    same(lambda module, a: module.einsum("oab,cab->oc", a, a.flip(0)), square)


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_layers_arithmetic_is_torchs(data: Any) -> None:
    """Convolutions, poolings, unfold, fold and padding, with settings that fit and settings that do not."""
    draw = data.draw
    side, size = st.integers(2, 6), st.integers(1, 3)
    groups, kernel = draw(st.integers(1, 2)), (draw(size), draw(size))
    channels, outs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    x = draw(pairs((draw(st.integers(1, 2)), channels, draw(side), draw(side)), ["float64"]))
    w = draw(pairs((outs, channels // groups, *kernel), ["float64"]))
    bias = draw(pairs((outs,), ["float64"]))
    stride, padding, dilation = (draw(size), draw(size)), draw(st.integers(0, 2)), draw(st.integers(1, 2))
    same(
        lambda module, x, w, bias: module.nn.functional.conv2d(x, w, bias, stride, padding, dilation, groups),
        x, w, bias,
    )  # fmt: skip
    back = draw(pairs((channels, outs, *kernel), ["float64"]))
    same(lambda module, x, w: module.nn.functional.conv_transpose2d(x, w, None, stride, padding), x, back)
    for name, options in (
        ("max_pool2d", {"dilation": dilation, "return_indices": True}),
        ("avg_pool2d", {"count_include_pad": False}),
    ):
        same(
            lambda module, x, name=name, options=options: getattr(module.nn.functional, name)(
                x, kernel, stride, min(padding, min(kernel) // 2), **options
            ),
            x,
        )
    same(lambda module, x: module.nn.functional.unfold(x, kernel, dilation, padding, stride), x)
    size = tuple(x[0].shape[2:])
    same(
        lambda module, x: module.nn.functional.fold(
            module.nn.functional.unfold(x, kernel, dilation, padding, stride),
            size,
            kernel,
            dilation,
            padding,
            stride,
        ),
        x,
    )
    sides = draw(st.lists(st.integers(-1, 2), min_size=4, max_size=4))
    mode = draw(st.sampled_from(["constant", "replicate", "reflect", "circular"]))
    if mode in ("constant", "replicate") or (min(sides) >= 0 and max(sides) < min(size)):
        same(lambda module, x: module.nn.functional.pad(x, sides, mode), x)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    numbers=st.lists(
        st.one_of(NUMBERS, st.floats(width=32), st.integers(-(10**6), 10**6).map(float)),
        min_size=1,
        max_size=24,
    ),
    kind=st.sampled_from(["float32", "float64"]),
    columns=st.integers(1, 12),
)
def test_a_tensor_is_printed_as_torch_prints_it(numbers: list[float], kind: str, columns: int) -> None:
    numbers = numbers[: len(numbers) // columns * columns] or numbers[:1]
    shape = (-1, columns) if len(numbers) % columns == 0 else (-1,)
    real = torch.tensor(numbers, dtype=getattr(torch, kind)).reshape(shape)
    page = PAGE.tensor(numbers, dtype=getattr(PAGE, kind)).reshape(shape)
    assert repr(page) == repr(real)
