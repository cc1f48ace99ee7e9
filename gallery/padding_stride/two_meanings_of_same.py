"""
On an even size, SAME and padding=1 place their windows one pixel apart
=======================================================================

At stride 2 on an even size, TensorFlow's SAME pads the end only, and torch's ``padding=1`` pads both sides.
The outputs have one shape and different numbers.
"""

# %%
# A row of eight pixels, numbered, and a kernel that copies the middle of its window: each output is the
# number of the pixel on which its window is centered.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, pad, same_padding

row = torch.arange(8.0)[None, None, None]
center = torch.tensor([[[[0.0, 1, 0]]]])
asymmetric = same_padding((1, 3), stride=(1, 2), input_size=(1, 8))
ours = conv2d(row, center, stride=(1, 2), padding=(0, 1))[0, 0]
theirs = conv2d(row, center, stride=(1, 2), padding=asymmetric)[0, 0]
print("torch, padding=1:", ours.tolist(), "  SAME:", theirs.tolist())
assert asymmetric == ((0, 0), (0, 1))
assert ours.tolist() == [[0, 2, 4, 6]]
assert theirs.tolist() == [[1, 3, 5, 7]]

# %%
# With an odd size both agree, and at stride 1 too. So a wrong setting stays unnoticed until an image has an
# even size.
assert same_padding((1, 3), stride=(1, 2), input_size=(1, 7)) == ((0, 0), (1, 1))

# %%
# The padded rows, with the second window framed. At the right, the pixels on which the windows are
# centered.
fig, axes = drawing.panels(
    2,
    2,
    size=(2.3, 6.8),
    column_widths=[10, 4],
    alt="Two padded rows of eight numbered pixels. Padding 1 on both sides: windows centered on pixels 0, "
    "2, 4, 6. Padding at the end alone: windows are centered on pixels 1, 3, 5, 7.",
)
for place, sides, out, name in (
    (0, ((0, 0), (1, 1)), ours, "torch: padding=1"),
    (2, asymmetric, theirs, "SAME: padding at the end"),
):
    drawing.grid(
        pad(row, sides)[0, 0],
        ax=axes[place],
        role="input",
        padding=sides,
        window=((0, 2), (1, 3)),
        title=name,
    )
    # Pixel 0 is drawn at the same place in both pictures.
    axes[place].set_xlim(-0.56 - (1 - sides[1][0]), 9.56 - (1 - sides[1][0]))
    drawing.grid(out, ax=axes[place + 1], role="output", marked=[(0, 1)], title="centers")
plt.show()
