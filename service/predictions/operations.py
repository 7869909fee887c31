"""From pictures to answers: prepare, run, name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.images.decoding import Limits
from service.images.showing import as_data_url, as_picture, as_png
from service.inference.engine import Engine
from service.inference.naming import digit_of, rounded
from service.inference.pictures import Sent, prepared
from service.predictions.schemas import Prediction, Predictions, ServedModel


@dataclass(frozen=True)
class Wanted:
    """What an answer is to tell: the `top` most probable classes (None: all), all or no probabilities, what was seen."""

    top: int | None = None
    probabilities: bool = True
    seen: bool = False


def predict(engine: Engine, sent: Sequence[Sent], wanted: Wanted, limits: Limits) -> Predictions:
    """Return what is on each picture; raise what is wrong with the first that cannot be read."""
    images = np.stack([prepared(one, number, engine.expects, limits) for number, one in enumerate(sent, start=1)])
    probabilities = engine.probabilities(images)
    found = [_named(engine, row, wanted, one) for row, one in zip(probabilities, sent, strict=True)]
    if wanted.seen:
        for prediction, image in zip(found, images, strict=True):
            prediction.seen = as_data_url(as_png(as_picture(image)))
    return Predictions(predictions=found)


def _named(engine: Engine, row: NDArray[np.float32], wanted: Wanted, sent: Sent) -> Prediction:
    best = int(np.argmax(row))
    label = engine.classes[best]
    return Prediction(
        digit=digit_of(label, handwriting=engine.expects.handwriting),
        label=label,
        confidence=rounded(row[best]),
        probabilities=_probabilities(engine, row, wanted.top) if wanted.probabilities else None,
        model=ServedModel(name=engine.name, version=engine.version),
        filename=sent.filename,
    )


def _probabilities(engine: Engine, row: NDArray[np.float32], top: int | None) -> dict[str, float]:
    order = range(len(row)) if top is None else np.argsort(-row, kind="stable")[:top]
    return {engine.classes[index]: rounded(row[index]) for index in order}
