"""
A 1×1 kernel before the 5×5 saves nine tenths
=============================================

The cost of a large kernel grows with its input channels. A 1×1 layer first mixes 192 channels down to a
few, and the 5×5 kernel works on those. At 16 channels the two together take a tenth of the multiply–adds.
"""

# %%
# The 5×5 branch of GoogLeNet's first Inception block: 28×28 pixels, 192 channels in, 32 out.
import matplotlib.pyplot as plt

from convbook import cost, drawing


def branch(reduced_to):
    reduce = cost(28, 1, 192, reduced_to, bias=False)
    then = cost(28, 5, reduced_to, 32, padding=2, bias=False)
    return reduce.multiply_adds + then.multiply_adds


direct = cost(28, 5, 192, 32, padding=2, bias=False).multiply_adds
print(f"direct {direct:,}; reduced to 16 channels {branch(16):,}: {direct / branch(16):.1f} times less")
assert direct == 120_422_400
assert round(direct / branch(16), 1) == 9.7

# %%
# The cost is a straight line in the number of channels left, and it crosses the direct cost at 155. From
# 155 on the reduction costs more than it saves.
break_even = min(r for r in range(1, 193) if branch(r) > direct)
assert break_even == 155

# %%
# Below the dashed line the reduction saves. What it loses is rank: r channels hold r mixtures of the 192.
channels = range(1, 193)
fig, (ax,) = drawing.panels(
    size=(3.2, 6.8),
    alt="Million multiply–adds against the channels that the 1×1 layer leaves. A straight line rises "
    "from 1 to 149. It crosses the dashed line of the direct 5×5 branch, 120, at 155 channels. A "
    "mark at 16 channels stands at 12.",
)
drawing.curves(
    channels,
    {"1×1, then 5×5": [branch(r) / 1e6 for r in channels], "5×5 alone": [direct / 1e6] * 192},
    ax=ax,
    xlabel="channels left by the 1×1 layer",
    ylabel="million multiply–adds",
    title="From 120 to 12 million with 16 channels in between",
)
ax.plot([16], [branch(16) / 1e6], "o", color=drawing.LINES[0])
ax.annotate(
    "16 channels: 12", (16, branch(16) / 1e6), xytext=(8, -4), textcoords="offset points", color=drawing.INK
)
plt.show()
