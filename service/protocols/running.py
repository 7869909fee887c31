"""One prediction of any protocol: the engine found and run off the event loop, and counted."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from service.edge.resources import Resources
from service.inference.engine import Engine
from service.protocols.tensors import Images


@dataclass(frozen=True)
class Answered:
    """Who answered, and what: `(n, classes)` probabilities, the same that `/predict` gives."""

    engine: Engine
    probabilities: NDArray[np.float32]


async def run(resources: Resources, name: str, version: str | None, read: Callable[[Engine], Images]) -> Answered:
    """Answer the images that `read` finds in the request, once it knows what the model expects.

    Raise UnknownModel, UnknownVersion, NoModelYet, and whatever `read` raises.
    """

    engine = await resources.engines.ready(name, version)
    began = perf_counter()
    images = await resources.preparing.take(lambda: read(engine))
    answers = await resources.batches.answers(engine, images)
    resources.metrics.predicted(engine.name, perf_counter() - began)
    return Answered(engine, answers.probabilities)
