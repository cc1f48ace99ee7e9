"""
The gradients of copied rows come home and are added
====================================================

Two processes share an image. Rows at the seam are copied forward to the neighbor; backward, the gradients of
the copies return and are added. Without that, the gradient at the seam is too small.
"""

# %%
# All weights are 1 and the loss is the sum of the outputs, so the gradient of a pixel counts the windows that
# contain it: 9 inside of the image.
import tempfile

import matplotlib.pyplot as plt
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from convbook import conv2d, drawing, needed_input
from convbook.distributed import conv2d_rows, shares

ones = torch.ones(1, 1, 3, 3)


def worker(rank, folder):
    """Hold four rows of eight, convolve with the neighbor's help, and keep the gradient."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    own = torch.ones(1, 1, 4, 8, requires_grad=True)
    conv2d_rows(own, ones, padding=1, input_rows=8).sum().backward()
    torch.save(own.grad, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


# %%
# The processes are forked, which Linux and macOS can do; a longer program is started by ``torchrun``.
with tempfile.TemporaryDirectory() as folder:
    mp.start_processes(worker, (folder,), nprocs=2, start_method="fork")
    exchanged = torch.cat([torch.load(f"{folder}/{rank}.pt") for rank in (0, 1)], dim=2)[0, 0]

whole = torch.ones(1, 1, 8, 8, requires_grad=True)
conv2d(whole, ones, padding=1).sum().backward()
print("equal to one process:", torch.equal(exchanged, whole.grad[0, 0]))
assert torch.equal(exchanged, whole.grad[0, 0])

# %%
# The control keeps only what each process computes from its own outputs for its own rows.
kept = []
for run in shares(8, 2):
    piece = needed_input(run, 8, 3, padding=1)
    rows = torch.ones(1, 1, piece.stop - piece.start, 8, requires_grad=True)
    conv2d(rows, ones, padding=((piece.before, piece.after), (1, 1))).sum().backward()
    kept.append(rows.grad[0, 0, run[0] - piece.start : run[1] - piece.start])
alone = torch.cat(kept)
assert alone[3, 4] == alone[4, 4] == 6
assert exchanged[3, 4] == exchanged[4, 4] == 9

fig, axes = drawing.panels(
    1,
    2,
    size=(3.6, 6.8),
    alt="Two 8×8 grids of window counts. Left, without the copies' gradients: rows 3 and 4 hold 6 inside. "
    "Right, with them: 9 everywhere inside, 6 along the edges, 4 in the corners.",
)
drawing.grid(
    alone, ax=axes[0], limits=(0, 12), cmap="Blues", fmt=".0f", title="Copies' gradients lost: 6 at the seam"
)
drawing.grid(
    exchanged, ax=axes[1], limits=(0, 12), cmap="Blues", fmt=".0f", title="Added at home: 9 at the seam"
)
plt.show()
