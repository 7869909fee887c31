"""What a comparison says, in words."""

from typing import Final

from service.comparisons.significance import LIKELY_REAL_BELOW
from service.records import Training

LONGEST_NAME: Final = 40


def name_of(training: Training) -> str:
    """Return what a training is called among others: its preset or network, and the beginning of its id."""
    name = training.preset or training.network or "own network"
    return f"{name[:LONGEST_NAME]} {training.id[:8]}"


def finding(names: tuple[str, str], only_right: tuple[int, int], p_value: float, pairs: int) -> str:
    """Say who got more right than the other, and whether that can be chance; `p_value` is corrected for so many `pairs`."""
    if only_right == (0, 0):
        return f"{names[0]} and {names[1]} got the same images right."
    better = 0 if only_right[0] >= only_right[1] else 1
    counts = (
        f"{names[better]} got {only_right[better]:,} right that {names[1 - better]} got wrong, "
        f"{names[1 - better]} got {only_right[1 - better]:,} right that {names[better]} got wrong"
    )
    judgement = "unlikely to be chance" if p_value < LIKELY_REAL_BELOW else "the difference can be chance"
    correction = f", corrected for {pairs} pairs after Holm" if pairs > 1 else ""
    return f"{counts}: {judgement} ({probability(p_value)}{correction})."


def probability(p_value: float) -> str:
    """Return `p = 0.013`, `p < 0.001`."""
    return f"p = {p_value:.2g}" if p_value >= 0.001 else "p < 0.001"
