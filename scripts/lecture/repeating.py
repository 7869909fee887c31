"""One training of the deck, through the HTTP API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cyfra import Facts
from cyfra.following import path_of
from cyfra.receipts import Receipt
from cyfra.reports import Report
from scripts.lecture.deck import DeckRow
from scripts.lecture.page import Outcome
from service.terminal.client import Client, told, troubles_told
from service.terminal.exits import FAILED, CommandFailed
from service.terminal.submitting import submitted

MOST_TRIES: Final = 20
FAILURES: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True)
class Wanted:
    """A row to train; `epochs` and `dataset` are others than the deck's in a try, None otherwise."""

    row: DeckRow
    seed: int
    epochs: int | None = None
    dataset: str | None = None

    @property
    def is_try(self) -> bool:
        """Whether its figures say nothing about the deck's."""
        return self.epochs is not None or self.dataset is not None

    @property
    def spec(self) -> dict[str, object]:
        """The body to send."""
        spec: dict[str, object] = {
            "preset": self.row.preset,
            "recipe": {"epochs": self.epochs or self.row.epochs},
            "seed": self.seed,
            "labels": {"lecture": self.row.name},
            "register_as": f"lecture-{self.row.name}",
        }
        return spec if self.dataset is None else {**spec, "dataset": self.dataset}

    @property
    def key(self) -> str:
        """The same for the same training: a run that was interrupted finds what it has submitted before."""
        parts = ("lecture", self.row.name, f"seed-{self.seed}", self.epochs or self.row.epochs, self.dataset or "deck")
        return ":".join(str(part) for part in parts)


def find_or_submit(client: Client, wanted: Wanted) -> Facts:
    """Return the training that was submitted for this before, or else a new one; one that went wrong is left alone."""
    for number in range(MOST_TRIES):
        key = {"Idempotency-Key": f"{wanted.key}:{number}"}
        with troubles_told(client.url):
            answer = client.connection.post("/v1/trainings", wanted.spec, headers=key)
        training = client.training(submitted(answer).id)  # an answer given again tells of the moment of the first
        if training.state not in FAILURES:
            return training
    raise CommandFailed(FAILED, f"{wanted.row.title} went wrong {MOST_TRIES} times: {training.ending}")


def repeat(client: Client, wanted: Wanted, show: Callable[[Facts], Facts]) -> Outcome:
    """Train a row to its end, and return what came of it; raise CommandFailed if it does not succeed."""
    last = show(find_or_submit(client, wanted))
    if last.state != "succeeded":
        raise CommandFailed(FAILED, f"{wanted.row.title}: training {last.id} {last.ending}")
    return outcome_of(client, last.id)


def outcome_of(client: Client, training_id: str) -> Outcome:
    """Return the figures of a training that has succeeded, from its report and its receipt."""
    facts, path = client.training(training_id), path_of(training_id)
    report = told(Report, client.get(f"{path}/report.json"), _connection=client.connection)
    receipt = told(Receipt, client.get(f"{path}/receipt.json"))
    interval, hardware = report.confidence_interval, receipt.made_with.hardware
    assert interval is not None, "every report since the first version has one"
    return Outcome(
        accuracy=report.test_accuracy,
        low=interval.low,
        high=interval.high,
        loss=report.test_loss,
        wrong=report.misclassified_count,
        test_count=report.test_count,
        seconds=facts.compute_seconds,
        seed=receipt.seed,
        hardware=", ".join(hardware.gpus) or cores_of(hardware.cpu, hardware.cores),
        attempts=len(receipt.attempts),
    )


def cores_of(cpu: str, cores: int) -> str:
    """Return `2 cores of AMD EPYC`."""
    return f"{cores} core{'' if cores == 1 else 's'} of {cpu or 'a CPU without a name'}"
