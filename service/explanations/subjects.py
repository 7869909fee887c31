"""What is explained: a network, opened, and an image as that network sees it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from service.database import Database
from service.errors import UnknownSample
from service.explanations.graphs import Graph, Graphs
from service.explanations.occlusion import Answer
from service.images.decoding import Limits
from service.images.expectation import scale
from service.images.sets.opening import LabelledSet
from service.inference.engine import Engine
from service.inference.pictures import Sent, prepared
from service.models import queries as models
from service.predictions.schemas import ServedModel
from service.reports import operations as reports
from service.reports import queries as reports_queries
from service.sets.opening import open_trained_on
from service.settings import Settings
from service.trainings import operations as trainings

# Of a program that draws differently, another version: what a browser has kept is then asked for again.
_VERSION: Final = version("cyfra")


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network. `answer` gives its probabilities; `model` is None for the network of a training, `engine` too."""

    onnx_sha256: str
    classes: Sequence[str]
    handwriting: bool
    graph: Graph
    answer: Answer
    model: ServedModel | None
    engine: Engine | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """A network and an image, `(height, width, channels)` float32 in 0..1; `true` is its class where that is known."""

    network: Network
    image: NDArray[np.float32]
    true: str | None


@dataclass(frozen=True)
class Trained:
    """What a training that succeeded has left to explain with."""

    training_id: str
    dataset: str
    dataset_sha256: str | None
    onnx_sha256: str
    classes: tuple[str, ...]


def find_trained(session: Session, training_id: str) -> Trained:
    """Return what a training has left; raise UnknownTraining, NoReportYet."""
    training = trainings.find(session, training_id)
    sha256 = reports.artefact_sha256(session, training_id, "onnx")
    return Trained(
        training_id,
        training.dataset,
        training.dataset_sha256,
        sha256,
        tuple(reports_queries.class_names(session, training_id)),
    )


def etag(*parts: object) -> str:
    """Return an entity tag for what follows from `parts` alone."""
    return f'"{hashlib.sha256(repr((_VERSION, *parts)).encode(errors="replace")).hexdigest()[:32]}"'


def open_graph(database: Database, graphs: Graphs, onnx_sha256: str) -> Graph:
    """Return the opened network of an artefact."""

    def content() -> bytes:
        with database.reading() as session:
            return models.artefact_content(session, onnx_sha256)

    return graphs.open(onnx_sha256, content)


def open_data(database: Database, settings: Settings, trained: Trained) -> LabelledSet:
    """Return the data set that a training was on; raise DatasetUnavailable."""
    with database.reading() as session:
        return open_trained_on(session, settings, trained.dataset, trained.dataset_sha256)


def require_sample(data: LabelledSet, split: str, index: int) -> None:
    """Raise UnknownSample unless the data set has the image."""
    counts = {"train": len(data.y_train), "test": len(data.y_test)}
    if split not in counts:
        raise UnknownSample(f"Received the split {split[:50]!r}; {data.name} has train and test.")
    if not 0 <= index < counts[split]:
        raise UnknownSample(
            f"Received the index {str(index)[:50]}; {data.name} has 0 to {counts[split] - 1} in {split}."
        )


def of_sample(trained: Trained, graph: Graph, data: LabelledSet, split: str, index: int) -> Subject:
    """Return a picture of a data set as the network of a training sees it."""
    images, labels = (data.x_train, data.y_train) if split == "train" else (data.x_test, data.y_test)
    network = Network(trained.onnx_sha256, trained.classes, data.handwriting, graph, graph.probabilities, None)
    return Subject(network, scale(images[index]), trained.classes[int(labels[index])])


def of_picture(engine: Engine, graph: Graph, picture: Sent, limits: Limits) -> Subject:
    """Return a picture that came in as the model sees it; raise what is wrong with it."""
    model = ServedModel(name=engine.name, version=engine.version)
    network = Network(
        engine.onnx_sha256, engine.classes, engine.expects.handwriting, graph, engine.probabilities, model, engine
    )
    return Subject(network, prepared(picture, 1, engine.expects, limits), None)
