"""Receipts and reruns in words."""

import json
from collections.abc import Iterator

from service.receipts.schemas import (
    AttemptReply,
    Figures,
    MadeWith,
    PredictionsDifference,
    ReceiptReply,
    RerunReply,
    WeightsDifference,
)
from service.receipts.surroundings import HASH_SHOWN


def finding(weights: WeightsDifference, predictions: PredictionsDifference | None) -> str:
    """Return how a rerun that succeeded differs, in a sentence."""
    answers = ""
    if predictions is not None:
        answers = f" {predictions.changed:,} of {predictions.test_count:,} predictions changed."
    if weights.bit_equal:
        return f"The weights are bit-equal to the original's.{answers}"
    if weights.bit_equal is None:
        return f"Whether the weights are the original's is not known. {weights.unknown}{answers}"
    many = "" if weights.arrays is None else f" in {weights.differing:,} of {weights.arrays:,} arrays"
    where = "" if weights.array is None else f" ({weights.array})"
    far = "" if weights.largest_difference is None else f", by {weights.largest_difference:.3g} at most{where}"
    return f"The weights differ from the original's{many}{far}.{answers}"


def receipt(found: ReceiptReply) -> str:
    """Return a receipt as text."""
    weights = found.weights
    lines = [
        f"Receipt of training {found.training}" + (f", a rerun of {found.rerun_of}" if found.rerun_of else ""),
        "",
        f"data set   {found.dataset.name}, SHA-256 {found.dataset.sha256 or 'not known'}",
        f"seed       {found.seed}",
        f"weights    SHA-256 {weights.sha256} over {len(weights.arrays):,} arrays",
    ]
    for attempt in found.attempts:
        lines += ["", *_attempt(attempt)]
    lines += ["", "How the weights are hashed:", f"  {weights.hashed}", ""]
    lines += [f"  {one.sha256[:HASH_SHOWN]}  {one.name} {one.dtype} {tuple(one.shape)}" for one in weights.arrays]
    return "\n".join([*lines, "", "Specification:", json.dumps(found.spec, indent=2, ensure_ascii=False), ""])


def _attempt(attempt: AttemptReply) -> Iterator[str]:
    begun = "from the beginning"
    if (attempt.after_epoch, attempt.after_step) != (0, 0):
        begun = f"after {attempt.after_epoch:,} epochs and {attempt.after_step:,} steps"
    effect = "" if attempt.shaped_weights else "; nothing of it is in the weights"
    yield f"attempt {attempt.attempt}  {attempt.began_at:%Y-%m-%d %H:%M:%S} UTC, {begun}{effect}"
    for name, value in made_with(attempt.made_with):
        yield f"           {name.lower()}: {value}"


def made_with(made: MadeWith) -> Iterator[tuple[str, str]]:
    """Yield what a training was made with, a name and a value each."""
    hardware = made.hardware
    yield "Versions", ", ".join(f"{name} {version}" for name, version in made.versions.items())
    yield "Code", f"SHA-256 {made.code_sha256}"
    instructions = f" ({' '.join(hardware.instructions)})" if hardware.instructions else ""
    yield (
        "Hardware",
        f"{hardware.cpu}{instructions}, {hardware.cores:,} cores, GPU: {', '.join(hardware.gpus) or 'none'}",
    )
    settings = [f"{name}={value}" for name, value in made.environment.items()]
    yield "Settings", ", ".join([f"{made.threads:,} threads", made.precision, *settings])


def rerun(found: RerunReply) -> str:
    """Return how a rerun went as text."""
    lines = [f"Training {found.training}, a rerun of {found.rerun_of}: {found.state}", "", found.finding]
    if found.metrics is not None:
        lines += [
            f"test accuracy {_figures(found.metrics.test_accuracy)}",
            f"test loss {_figures(found.metrics.test_loss)}",
        ]
    if found.reasons:
        lines += ["", "Why that may be:", *(f"- {reason}" for reason in found.reasons)]
    if found.differences:
        lines += ["", "What is not the same (original, rerun):"]
        lines += [
            f"- {one.what}: {one.original or 'none'}, {one.rerun or 'none'}{'' if one.matters else ' (no matter)'}"
            for one in found.differences
        ]
    return "\n".join([*lines, ""])


def _figures(figures: Figures) -> str:
    original, again = ("not known" if one is None else f"{one:.6g}" for one in (figures.original, figures.rerun))
    return f"{original} (original), {again} (rerun)"
