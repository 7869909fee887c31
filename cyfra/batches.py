"""Many pictures at once: a batch, its answers, and what its labels say."""

import json
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

import httpx

from cyfra.connection import Connection, Upload, decoded
from cyfra.facts import ModelVersion, Reason
from cyfra.pictures import Picture, file_of, files_of, is_one
from cyfra.predictions import Normalize
from cyfra.problems import TrainingEnded, WaitedTooLong
from cyfra.reading import read
from cyfra.wording import percent

PATH: Final = "/v1/batch-predictions"
HOLD_SECONDS: Final = 20
LEAST_PAUSE_SECONDS: Final = 0.2
ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch is."""

    total: int
    done: int
    unreadable: int
    labelled: int
    right: int
    eta_seconds: float | None = None


@dataclass(frozen=True)
class BatchFacts:
    """What the service says of a batch."""

    id: str
    state: str
    created_at: datetime
    model: ModelVersion
    progress: BatchProgress
    notes: tuple[str, ...]
    accuracy: float | None = None
    error: Reason | None = None


@dataclass(frozen=True)
class BatchAnswer:
    """What is on one picture of a batch: a label, or an error."""

    index: int
    name: str
    label: str | None = None
    confidence: float | None = None
    digit: int | None = None
    true: str | None = None
    error: Reason | None = None


class Batch:
    """A batch of predictions. Its facts are those of the last time the service was asked."""

    def __init__(self, connection: Connection, facts: BatchFacts) -> None:
        self._connection = connection
        self.facts = facts

    @property
    def id(self) -> str:
        """What the service calls it."""
        return self.facts.id

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.facts.state in ENDED

    def refresh(self, hold_seconds: int = 0) -> "Batch":
        """Ask the service how it is now; it answers when the batch has ended, or after `hold_seconds`."""
        answer = self._connection.get(self._path, headers={"Prefer": f"wait={hold_seconds}"})
        self.facts = read(BatchFacts, decoded(answer))
        return self

    def wait(self, timeout: float | None = None) -> "Batch":
        """Wait until every picture is answered.

        Raises:
            TrainingEnded: If it failed or was cancelled; `results()` has what was answered by then.
            WaitedTooLong: If it goes on after `timeout` seconds. It is not cancelled by that.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.has_ended:
            left = HOLD_SECONDS if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise WaitedTooLong(f"Batch {self.id} is {self.facts.state} after {timeout:g} s, and goes on.")
            self.refresh(max(1, min(HOLD_SECONDS, int(left))))
            time.sleep(0 if self.has_ended else LEAST_PAUSE_SECONDS)
        if self.facts.state != "succeeded":
            error = self.facts.error
            said = f"Batch {self.id} {self.facts.state}" + ("" if error is None else f": {error.detail}")
            raise TrainingEnded(said, state=self.facts.state, reason=None if error is None else error.type)
        return self

    def results(self) -> Iterator[BatchAnswer]:
        """Go through the answers, in the order of the pictures."""
        for line in self._connection.get(f"{self._path}/results.jsonl").text.splitlines():
            yield read(BatchAnswer, json.loads(line))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the answers to a file: CSV if its name ends so, else JSON lines."""
        file = Path(path)
        suffix = "csv" if file.suffix.lower() == ".csv" else "jsonl"
        file.write_bytes(self._connection.content(f"{self._path}/results.{suffix}"))
        return file

    @property
    def report(self) -> str:
        """What the labels say, as text; raise Conflict where there are none."""
        return self._connection.get(f"{self._path}/report.txt").text

    def cancel(self) -> "Batch":
        """Ask for its end; what was answered stays."""
        self.facts = read(BatchFacts, decoded(self._connection.post(f"{self._path}/cancel")))
        return self

    def delete(self) -> None:
        """Delete it with its results; it must have ended."""
        self._connection.delete(self._path)

    def __str__(self) -> str:
        """Return how it stands, in a line."""
        facts, progress = self.facts, self.facts.progress
        said = f"batch {facts.id}: {facts.state}, {progress.done:,} of {progress.total:,} pictures"
        said += f", {progress.unreadable:,} of them unreadable" if progress.unreadable else ""
        return said + ("" if facts.accuracy is None else f", {percent(facts.accuracy)} right")

    @property
    def _path(self) -> str:
        return f"{PATH}/{quote(self.id, safe='')}"


def submit(
    connection: Connection,
    pictures: Picture | Iterable[Picture],
    *,
    labels: str | os.PathLike[str] | bytes | BinaryIO | None,
    model: str | None,
    version: str | int | None,
    array: str | None,
    normalize: Normalize | None = None,
) -> Batch:
    """Send pictures (one file that holds many, or several files) once, however often it must be tried."""
    files = [file_of(pictures)] if is_one(pictures) else files_of(pictures)  # type: ignore[arg-type] # is_one tells
    uploads: list[Upload] = [("file", each) for each in files]
    if labels is not None:
        uploads.append(("labels", file_of(labels)))
    return Batch(connection, read(BatchFacts, decoded(send(connection, uploads, model, version, array, normalize))))


def send(
    connection: Connection,
    uploads: list[Upload],
    model: str | None,
    version: str | int | None,
    array: str | None,
    normalize: Normalize | None,
) -> httpx.Response:
    """Send the form and return the service's answer."""
    given = {"model": model, "version": version, "array": array, "normalize": normalize}
    query = {name: value for name, value in given.items() if value is not None}
    return connection.post(PATH, query=query, files=uploads, headers={"Idempotency-Key": str(uuid.uuid4())})
