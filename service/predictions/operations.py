"""From picture bytes to answers: decode, normalise, run, name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.errors import CyfraError, Unprocessable
from service.images.decoding import Limits, decode
from service.images.expectation import prepare
from service.images.showing import as_data_url, as_picture, as_png
from service.predictions.engines import Engine
from service.predictions.schemas import Prediction, Predictions, ServedModel


@dataclass(frozen=True)
class Picture:
    """Bytes that came in, and the name they had."""

    content: bytes
    filename: str | None


def predict(
    engine: Engine, pictures: Sequence[Picture], top: int | None, limits: Limits, *, show_seen: bool = False
) -> Predictions:
    """Return what is on each picture; raise what is wrong with the first that cannot be read."""
    images = np.stack([_prepared(engine, picture, limits, number) for number, picture in enumerate(pictures, start=1)])
    probabilities = engine.probabilities(images)
    found = [_named(engine, row, top, picture) for row, picture in zip(probabilities, pictures, strict=True)]
    if show_seen:
        for prediction, image in zip(found, images, strict=True):
            prediction.seen = as_data_url(as_png(as_picture(image)))
    return Predictions(predictions=found)


def _prepared(engine: Engine, picture: Picture, limits: Limits, number: int) -> NDArray[np.float32]:
    try:
        return prepare(decode(picture.content, limits), engine.expects)
    except Unprocessable as error:
        if picture.filename is None:
            raise
        raise _naming(error, picture.filename, number) from error


def _naming(error: Unprocessable, filename: str, number: int) -> CyfraError:
    return type(error)(f"Image {number} ({filename[:100]!r}): {error.detail}")


def _named(engine: Engine, row: NDArray[np.float32], top: int | None, picture: Picture) -> Prediction:
    order = range(len(row)) if top is None else np.argsort(-row, kind="stable")[:top]
    best = int(np.argmax(row))
    label = engine.classes[best]
    return Prediction(
        digit=int(label) if engine.expects.handwriting and label.isdigit() else None,
        label=label,
        confidence=_rounded(row[best]),
        probabilities={engine.classes[index]: _rounded(row[index]) for index in order},
        model=ServedModel(name=engine.name, version=engine.version),
        filename=picture.filename,
    )


def _rounded(probability: np.float32) -> float:
    return round(float(probability), 6)
