r"""Learning a kernel by gradient descent, and the exact theory of how it goes.

Given an image `X` and the output `Y` that an unknown kernel made of it, gradient descent on the squared error

.. math:: L(w) = \sum_{i,j} \bigl( (X \star w)_{ij} - Y_{ij} \bigr)^2

finds the kernel.  Each output pixel is the inner product of one window of `X` with `w`.  Write the windows as
the rows of a matrix :math:`P` (with a bias, add a column of ones): then
:math:`L(w) = \lVert P w - y \rVert^2` is a quadratic, and everything about the run can be computed before the
run [1]_:

.. math:: L(w) = L_{\min} + e^\top A\, e, \qquad A = P^\top P, \qquad e = w - w^*, \qquad
          e \leftarrow (I - 2\,\mathrm{lr}\,A)\, e .

Along an eigenvector of :math:`A` with eigenvalue :math:`\lambda`, one step multiplies the error by
:math:`1 - 2\,\mathrm{lr}\,\lambda`.  So the run diverges above the *critical* rate
:math:`1/\lambda_{\max}`, is quickest at :math:`1/(\lambda_{\min} + \lambda_{\max})`, and never moves
along a direction with :math:`\lambda = 0`: there the image has nothing to teach.

Momentum :math:`\beta` (heavy ball [2]_, as in :class:`torch.optim.SGD`) steps by
:math:`v \leftarrow \beta v + \nabla L`, :math:`w \leftarrow w - \mathrm{lr}\, v`.

References
----------
.. [1] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in Neural Networks: Tricks of
   the Trade, 1998.  https://doi.org/10.1007/3-540-49430-8_2
.. [2] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
   Mathematics and Mathematical Physics 4 (5), 1964.  https://doi.org/10.1016/0041-5553(64)90137-5
"""

from __future__ import annotations

from convbook.learning.descent import KernelFit, learn_kernel
from convbook.learning.least_squares import KernelSolution, least_squares_kernel
from convbook.learning.theory import LearningTheory, learning_theory

__all__ = [
    "KernelFit",
    "KernelSolution",
    "LearningTheory",
    "learn_kernel",
    "learning_theory",
    "least_squares_kernel",
]
