"""
Two printed losses predict all the others
=========================================

Two losses of a run, together with the image, determine every other loss of gradient descent on a kernel, to
the last printed digit. The first weights and the kernel are not needed.
"""

# %%
# Two of the five learners' notes (:doc:`/chapters/learners_notes`) print the loss at steps 2, 4, 6, 8 and 10,
# from different first weights.
import matplotlib.pyplot as plt

from convbook import drawing, learning_theory
from convbook.images import edge_image

printed = {"run A": [7.530, 1.927, 0.595, 0.211, 0.081], "run B": [16.123, 5.411, 2.016, 0.792, 0.319]}

# %%
# A loss is :math:`30a^2 \cdot 0.64^i + 6b^2 \cdot 0.4096^i` before update :math:`i`: two unknown numbers, so
# two losses (the first and the second, before updates 1 and 3) determine them.
theory = learning_theory(edge_image(), (1, 2))
predicted = {}
for name, losses in printed.items():
    energies = theory.energies_from_losses([1, 3], losses[:2], lr=0.03)
    predicted[name] = theory.predicted_losses(energies, lr=0.03, steps=12)
    print(name, [f"{loss:.3f}" for loss in predicted[name][5:10:2]], "predicted;", losses[2:], "printed")
    assert [round(loss, 3) for loss in predicted[name][1:10:2].tolist()] == losses

# %%
# The curves are computed from the two filled points; the open ones were never used.
fig, (ax,) = drawing.panels(
    1,
    1,
    size=(3.8, 6.8),
    alt=(
        "Loss against step on a logarithmic scale. Two smooth predicted curves fall from about 15 and 30 "
        "to below 0.1 and 0.3; the ten printed losses all lie on them, the first two of each used, the "
        "other three not."
    ),
)
drawing.curves(
    range(12),
    {f"{name}, predicted": losses for name, losses in predicted.items()},
    ax=ax,
    yscale="log",
    title="The open points were not used to draw the curves",
    xlabel="updates made before",
    ylabel="loss",
)
for color, losses in zip(drawing.LINES, printed.values(), strict=False):
    ax.plot([1, 3], losses[:2], "o", color=color, markersize=8)
    ax.plot([5, 7, 9], losses[2:], "o", color=color, markersize=8, fillstyle="none", markeredgewidth=1.6)
plt.show()
