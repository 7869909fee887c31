"""One training: what it is now, and everything that one can ask about it."""

import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from cyfra.advice import Advice
from cyfra.bars import NoBar, bar_for, card, figures
from cyfra.confusion import ConfusionMatrix
from cyfra.connection import Connection, decoded
from cyfra.events import Event, events
from cyfra.facts import Change, Facts, Metrics, ModelVersion, Progress, Reason
from cyfra.following import follow, path_of
from cyfra.histories import Curves, History
from cyfra.layers import Activations, Filters
from cyfra.misclassified import Misclassified
from cyfra.networks import NetworkSummary, summary_of
from cyfra.predictions import Explanation
from cyfra.problems import TrainingEnded, WaitedTooLong
from cyfra.reading import read
from cyfra.receipts import Receipt, RerunDifference
from cyfra.reports import Report

Split = Literal["train", "test"]


class Training:
    """A training. Its facts are those of the last time the service was asked: `refresh()` and `wait()` ask anew.

    Nouns are fetched when they are named (`training.report`, `training.curves`), verbs do something (`training.cancel()`).
    """

    def __init__(self, connection: Connection, facts: Facts) -> None:
        self._connection = connection
        self.facts = facts

    @property
    def id(self) -> str:
        """What the service calls it."""
        return self.facts.id

    @property
    def state(self) -> str:
        """`queued`, `running`, `cancelling`, `succeeded`, `failed` or `cancelled`."""
        return self.facts.state

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.facts.has_ended

    @property
    def dataset(self) -> str:
        """The data set's name."""
        return self.facts.dataset

    @property
    def created_at(self) -> datetime:
        """When it was submitted."""
        return self.facts.created_at

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self.facts.progress

    @property
    def metrics(self) -> Metrics | None:
        """Test accuracy, test loss and parameters, once it has succeeded."""
        return self.facts.metrics

    @property
    def error(self) -> Reason | None:
        """Why it failed."""
        return self.facts.error

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of its state."""
        return self.facts.changes

    @property
    def models(self) -> tuple[ModelVersion, ...]:
        """The models that came out of it."""
        return self.facts.models

    def refresh(self) -> "Training":
        """Ask the service how it is now."""
        self.facts = read(Facts, self._connection.json(self._path))
        return self

    def wait(self, timeout: float | None = None, *, bar: bool = True) -> "Training":
        """Wait until it has succeeded, with a live bar in a notebook or on a terminal.

        Args:
            timeout: How many seconds to wait; for ever if not given.
            bar: Whether to show how it goes.

        Raises:
            TrainingEnded: If it failed or was cancelled.
            WaitedTooLong: If it goes on after `timeout` seconds. It is not cancelled by that.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with bar_for(sys.stderr) if bar else NoBar() as shown:
            for facts in follow(self._connection, self.id, deadline=deadline):
                self.facts = facts
                shown.show(facts)
        if not self.has_ended:
            raise WaitedTooLong(
                f"Training {self.id} is {self.state} after {timeout:g} s, and goes on: wait() again, or cancel() it."
            )
        if self.state != "succeeded":
            reason = None if self.error is None else self.error.type
            raise TrainingEnded(f"Training {self.id} {self.facts.ending}", state=self.state, reason=reason)
        return self

    def events(self) -> Iterator[Event]:
        """Yield what happens as it happens: changes of state, finished epochs, steps. It ends when the training has ended.

        A connection that breaks is made again, and no state and no epoch is left out or told twice. Epochs that a lost worker
        has to compute anew are told anew, with their attempt.
        """
        return events(self._connection, self.id)

    def cancel(self) -> "Training":
        """Ask for its end. Saying it twice does no harm."""
        self.facts = read(Facts, decoded(self._connection.post(f"{self._path}/cancel")))
        return self

    def rerun(self) -> "Training":
        """Submit the same specification with the same seed once more; `wait()` for its end, then look at its `difference`.

        Raises:
            Conflict: If this one did not succeed, or its data set is not the same any more.
        """
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = self._connection.post(f"{self._path}/rerun", headers=headers)
        return Training(self._connection, read(Facts, decoded(answer)))

    def delete(self) -> None:
        """Delete it, with its report; models that came out of it stay. Raise Conflict while it runs."""
        self._connection.delete(self._path)

    @property
    def report(self) -> Report:
        """What the test set said; raise Conflict while there is no report yet."""
        return read(Report, self._connection.json(f"{self._path}/report.json"), _connection=self._connection)

    @property
    def receipt(self) -> Receipt:
        """What it was made with, and the hash of its weights; raise Conflict if it has no receipt."""
        return read(Receipt, self._connection.json(f"{self._path}/receipt.json"))

    @property
    def difference(self) -> RerunDifference:
        """How this rerun differs from the training that it repeats; raise NotFound if it repeats none."""
        return read(RerunDifference, self._connection.json(f"{self._path}/rerun.json"))

    @property
    def confusion_matrix(self) -> ConfusionMatrix:
        """What was taken for what; raise Conflict while there is no report yet."""
        answer = self._connection.json(f"{self._path}/confusion-matrix.json")
        return read(ConfusionMatrix, answer, _connection=self._connection)

    @property
    def history(self) -> History:
        """The figures of every epoch so far."""
        return read(History, self._connection.json(f"{self._path}/history.json"))

    @property
    def curves(self) -> Curves:
        """Accuracy and loss over the epochs so far, as a picture."""
        return read(Curves, self._connection.json(f"{self._path}/history.json"), _connection=self._connection)

    @property
    def misclassified(self) -> Misclassified:
        """The test images that it got wrong."""
        return Misclassified(self.id, {}, self._connection)

    @property
    def network(self) -> NetworkSummary:
        """Its network layer by layer."""
        return summary_of(self._connection.json(f"{self._path}/network.json"))

    @property
    def advice(self) -> Advice:
        """What its curves say in plain words, and what to try next."""
        return read(Advice, self._connection.json(f"{self._path}/advice.json"))

    def explain(self, index: int, split: Split = "test") -> Explanation:
        """Say why it answers as it does on a picture of its data set, by its index (`mistake.index`)."""
        path = f"{self._path}/explanations/{quote(split, safe='')}/{index}.json"
        return read(Explanation, self._connection.json(path))

    def activations(self, index: int, layer: str | None = None, split: Split = "test") -> Activations:
        """Return what a layer (the first one if not named) makes of a picture of its data set."""
        path = f"{self._path}/activations/{quote(split, safe='')}/{index}.json"
        return read(Activations, self._connection.json(path, {} if layer is None else {"layer": layer}))

    @property
    def filters(self) -> Filters:
        """What its first layer looks for."""
        return read(Filters, self._connection.json(f"{self._path}/filters.json"))

    def download(self, path: str | Path) -> Path:
        """Write the trained network to a file: `.keras`, or `.onnx` for any ONNX runtime."""
        path = Path(path)
        path.write_bytes(self._connection.content(f"{self._path}/model{path.suffix or '.keras'}"))
        return path

    @property
    def _path(self) -> str:
        return path_of(self.id)

    def __repr__(self) -> str:
        """Return what it is, and how far."""
        said = "  ".join(part for part in (self.facts.state_text, figures(self.facts)) if part)
        return f"<Training {self.id} on {self.dataset}: {said}>"

    def _repr_html_(self) -> str:
        return card(self.facts)
