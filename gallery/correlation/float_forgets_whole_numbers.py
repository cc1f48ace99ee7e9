"""
float32 loses whole numbers from 2²⁴ on, integers do not
========================================================

From 2²⁴ on, about 16.8 million, float32 cannot hold both of two neighboring whole numbers. A correlation that
converts integers to float32 returns wrong sums there and raises no error.
"""

# %%
# The image is a pair n, n + 1, the kernel is [−1, 1]; the right output is 1 for every n.
# :func:`convbook.corr2d` keeps the data type that came in.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing

powers = range(20, 31)
answers = {"int64": [], "float64": [], "float32": []}
for power in powers:
    pair = torch.tensor([[2**power, 2**power + 1]])
    for name, dtype in (("int64", torch.int64), ("float64", torch.float64), ("float32", torch.float32)):
        K = torch.tensor([[-1, 1]], dtype=dtype)
        answers[name].append(corr2d(pair.to(dtype), K).item())

assert answers["int64"] == answers["float64"] == [1] * len(powers)
assert answers["float32"] == [1] * 4 + [0] * 7

# %%
# float64 has the same limit at 2⁵³. int64 is exact up to 2⁶³ − 1.
fig, (ax,) = drawing.panels(
    size=(2.9, 6.8),
    alt="The difference of n + 1 and n against n from 2²⁰ to 2³⁰. With int64 and float64 it is 1 "
    "throughout; with float32 it drops to 0 at 2²⁴.",
)
drawing.curves(
    powers,
    {"int64, float64": answers["int64"], "float32": answers["float32"]},
    ax=ax,
    markers=True,
    title="From 2²⁴ on, float32 cannot count",
    xlabel="n is 2 to the power of",
    ylabel="(n + 1) − n",
    ylimits=(-0.15, 1.15),
)
ax.set_yticks([0, 1])
plt.show()
