"""The terminal's way to a service: the Python client's connection, with every trouble a `CommandFailed`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx

from cyfra import BadAddress, ConfusionMatrix, Facts, History, NotCyfra, Page, Predictions, Problem, Sample
from cyfra import Unreachable as NobodyAnswers
from cyfra.connection import Connection, Query, decoded
from cyfra.following import path_of
from cyfra.pages import ask, pages_of
from cyfra.predictions import Normalize, predictions_of, send
from cyfra.reading import read, read_all
from service.terminal.exits import REFUSED, UNREACHABLE, CommandFailed, Refused, Unreachable

T = TypeVar("T")


class Client:
    """Speaks to one service, and never asks twice: a person at a terminal does that. `transport` is the seam for tests."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        """Prepare to speak to the service at `url`; nothing is sent yet."""
        with troubles_told(url):
            self.connection = Connection(url, pauses_seconds=(), transport=transport)
        self.url = self.connection.url

    def __enter__(self) -> Self:
        """Return the client; the block's end closes its connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.connection.close()

    def is_live(self) -> bool:
        """Whether the service answers at all."""
        return self.connection.is_live()

    def get(self, path: str, query: Query | None = None) -> httpx.Response:
        """GET `path`."""
        with troubles_told(self.url):
            return self.connection.get(path, query)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """POST a JSON body, or none."""
        with troubles_told(self.url):
            return self.connection.post(path, body)

    def predict(
        self, files: Sequence[Path], model: str | None, top: int | None, normalize: Normalize | None = None
    ) -> httpx.Response:
        """Ask what is on the images in `files`."""
        pictures = [(file.name, file.read_bytes()) for file in files]
        with troubles_told(self.url):
            return send(self.connection, pictures, model=model, top=top, normalize=normalize)

    def read_digits(self, files: Sequence[Path], model: str | None) -> httpx.Response:
        """Ask for all digits on the images in `files`."""
        pictures = [(file.name, file.read_bytes()) for file in files]
        with troubles_told(self.url):
            return ask(self.connection, pictures, model=model)

    def training(self, training_id: str) -> Facts:
        """Return one training."""
        return told(Facts, self.get(path_of(training_id)))

    def has_trainings(self) -> bool:
        """Whether there is any training, of whatever state."""
        return bool(all_told(Facts, self.get("/v1/trainings", {"limit": 1}), "trainings"))

    def history(self, training_id: str) -> History:
        """Return the finished epochs of a training."""
        return told(History, self.get(f"{path_of(training_id)}/history.json"))

    def confusion_matrix(self, training_id: str) -> ConfusionMatrix:
        """Return the confusion matrix of a training that succeeded."""
        answer = self.get(f"{path_of(training_id)}/confusion-matrix.json")
        return told(ConfusionMatrix, answer, _connection=self.connection)

    def samples(self, dataset: str, *, count: int) -> Sequence[Sample]:
        """Return some test pictures of a data set, as many of each class as can be."""
        answer = self.get(f"/v1/datasets/{dataset}/samples", {"split": "test", "count": count})
        return all_told(Sample, answer, "samples", _connection=self.connection)


def told(kind: type[T], answer: httpx.Response, **own: object) -> T:
    """Return what an answer tells."""
    with troubles_told(str(answer.request.url)):
        return read(kind, decoded(answer), **own)


def all_told(kind: type[T], answer: httpx.Response, key: str, **own: object) -> Sequence[T]:
    """Return what an answer tells in the list under `key`."""
    with troubles_told(str(answer.request.url)):
        return read_all(kind, decoded(answer), key, **own)


def predicted(answer: httpx.Response) -> Predictions:
    """Return the answer to one image or to several."""
    with troubles_told(str(answer.request.url)):
        return predictions_of(answer)


def pages_read(answer: httpx.Response) -> Sequence[Page]:
    """Return what was read on one image or on several."""
    with troubles_told(str(answer.request.url)):
        return pages_of(answer)


@contextmanager
def troubles_told(url: str) -> Iterator[None]:
    """Make a trouble with the service at `url` the failure of the command."""
    try:
        yield
    except (Problem, NobodyAnswers, NotCyfra, BadAddress) as trouble:
        raise failure_of(trouble, url) from trouble


def failure_of(trouble: Problem | NobodyAnswers | NotCyfra | BadAddress, url: str) -> CommandFailed:
    """Return how a command ends because of a trouble with the service at `url`."""
    if isinstance(trouble, Problem):
        return Refused(trouble)
    if isinstance(trouble, NobodyAnswers):
        return Unreachable(url, trouble.reason)
    return CommandFailed(REFUSED if isinstance(trouble, BadAddress) else UNREACHABLE, str(trouble))
