"""From probabilities to answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.images.expectation import Normalize
from service.images.showing import as_data_url, as_picture, as_png
from service.inference.engine import Answers, Engine
from service.inference.naming import digit_of, rounded
from service.inference.pictures import Sent
from service.predictions.schemas import Prediction, ServedModel

Digits = Literal["one", "many"]


@dataclass(frozen=True)
class Wanted:
    """What an answer is to tell: the `top` most probable classes (None: all), all or no probabilities, what was seen; and
    whether a picture is laid out as in MNIST before, and holds one digit or many.
    """

    top: int | None = None
    probabilities: bool = True
    seen: bool = False
    normalize: Normalize = "auto"
    digits: Digits = "one"


def named(engine: Engine, answers: Answers, sent: Sequence[Sent], wanted: Wanted) -> list[Prediction]:
    """Return what is on each picture: `answers` are those to the n that were sent."""
    likeness = [None] * len(sent) if answers.likeness is None else answers.likeness.tolist()
    rows = zip(answers.probabilities, likeness, sent, strict=True)
    return [_named(engine, row, like, wanted, one) for row, like, one in rows]


def show(predictions: Sequence[Prediction], images: NDArray[np.float32]) -> None:
    """Add to each prediction what the network saw: images `(n, height, width, channels)` in 0..1."""
    for prediction, image in zip(predictions, images, strict=True):
        prediction.seen = as_data_url(as_png(as_picture(image)))


def _named(engine: Engine, row: NDArray[np.float32], likeness: float | None, wanted: Wanted, sent: Sent) -> Prediction:
    best = int(np.argmax(row))
    label = engine.classes[best]
    return Prediction(
        digit=digit_of(label, handwriting=engine.expects.handwriting),
        label=label,
        confidence=rounded(row[best]),
        verdict=engine.verdict(float(row[best]), likeness),
        probabilities=probabilities_of(engine, row, wanted.top) if wanted.probabilities else None,
        model=ServedModel(name=engine.name, version=engine.version),
        filename=sent.filename,
    )


def probabilities_of(engine: Engine, row: NDArray[np.float32], top: int | None) -> dict[str, float]:
    """Return those of every class, or of the `top` most probable ones, best first."""
    order = range(len(row)) if top is None else np.argsort(-row, kind="stable")[:top]
    return {engine.classes[index]: rounded(row[index]) for index in order}
