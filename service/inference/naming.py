"""How an answer is written, wherever it is given."""

import numpy as np


def digit_of(label: str, *, handwriting: bool) -> int | None:
    """Return the digit that a class of handwritten digits stands for; None for any other class."""
    return int(label) if handwriting and label.isascii() and label.isdigit() else None


def rounded(probability: float | np.float32) -> float:
    """Return a probability with six digits: a float32 has no more to say."""
    return round(float(probability), 6)
