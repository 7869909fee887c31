"""What the machine can do at best: products of large float32 matrices, by NumPy's BLAS.

python -m bench.rivals.matrix_products; its "images" are 10**9 floating-point operations each
"""

import numpy as np

from bench.rivals.rounds import answer

SIDE, TIMES = 3072, 5

rng = np.random.default_rng(1)
a, b = (rng.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))


def products() -> None:
    """Multiply some times."""
    for _ in range(TIMES):
        np.matmul(a, b)


answer(products, 2e-9 * SIDE**3 * TIMES)
