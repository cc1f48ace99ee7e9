"""
Correlation is largest where the image looks like the kernel
============================================================

Use a picture of a 5 as the kernel, and the output has its peak where a 5 stands, even in noise. Subtract the
kernel's mean first, or bright places win.
"""

# %%
# Six digits in a row under noise whose standard deviation is half the step from black to white; the kernel
# is a clean 5.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing
from convbook.images import digit, noise

digits = (1, 4, 7, 5, 0, 2)
clean = torch.cat([digit(which) for which in digits], dim=1)
K = digit(5)
K = K - K.mean()


def noisy(seed):
    return clean + noise(clean.shape, 0.5, generator=torch.Generator().manual_seed(seed))


X = noisy(0)
Y = corr2d(X, K)

# %%
# The peak is where the kernel lies wholly on the fourth digit. One draw of the noise proves little, so here
# are forty.
place = 10 * digits.index(5)
found = sum(int(corr2d(noisy(seed), K).argmax()) == place for seed in range(40))
print(f"the 5 is found in {found} of 40 draws of the noise")
assert found == 40

# %%
# The runner-up is the 0, which shares most of its outline with the 5.
fig, axes = drawing.panels(
    2,
    1,
    size=(4.0, 6.8),
    row_heights=(1, 1.3),
    alt="Above, the digits 1 4 7 5 0 2 in noise, hard to read. Below, the response of a kernel that is a 5, "
    "against its column: the highest peak stands at column 30, where the 5 begins; the 0 beside it comes "
    "second.",
)
drawing.image(X, limits=(-1, 2), ax=axes[0], title="1 4 7 5 0 2 in noise")
drawing.curves(
    range(Y.shape[1]),
    {"response": Y[0]},
    ax=axes[1],
    title="The response is largest on the 5",
    xlabel="column of the kernel's left end",
    ylabel="response",
)
axes[1].plot(place, Y[0, place], marker="o", color=drawing.LINES[1])
axes[1].annotate("5", (place, Y[0, place].item()), (7, -4), textcoords="offset points", color=drawing.INK)
plt.show()
