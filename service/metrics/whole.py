"""What is true of the whole service: read from the database at a scrape, so that every process says the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from service.database import Database
from service.metrics import queries
from service.metrics.queries import Waiting
from service.records import TrainingState
from service.records.presence import workers_alive

COUNTERS: Final = {
    "epochs": "Epochs that were trained.",
    "lease_losses": "Claims that ended because their worker was lost.",
    "checkpoints": "Checkpoints that were stored.",
}
ENDED: Final = {
    "trainings_ended": "Trainings that have ended, by how.",
    "batches_ended": "Batches that have ended, by how.",
}


@dataclass(frozen=True, eq=False)  # a registry keeps collectors by their identity
class WholeService(Collector):
    """The figures of one moment."""

    states: dict[str, int]
    waiting: Waiting
    owners_waiting: int
    batches_waiting: int
    workers_alive: int
    counters: dict[tuple[str, str], int]

    @classmethod
    def read(cls, database: Database) -> "WholeService":
        """Read all of them from one state of the database."""
        with database.reading() as session:
            return cls(
                queries.states(session),
                queries.waiting(session),
                queries.owners_waiting(session),
                queries.batches_waiting(session),
                workers_alive(session),
                queries.counters(session),
            )

    def collect(self) -> Iterable[Metric]:
        """Name them."""
        yield _gauge("cyfra_database_up", "Whether the database answered this scrape.", 1)
        trainings = GaugeMetricFamily("cyfra_trainings", "Trainings by their state.", labels=["state"])
        for state, found in self.states.items():
            trainings.add_metric([state], found)
        yield trainings
        yield _gauge("cyfra_queue_depth", "Trainings that wait for a worker.", self.waiting.count)
        yield _gauge(
            "cyfra_queue_oldest_seconds",
            "Age of the oldest training that waits, 0 if none does.",
            self.waiting.oldest_seconds,
        )
        yield _gauge("cyfra_owners_waiting", "Owners with a training that waits.", self.owners_waiting)
        yield _gauge("cyfra_batches_waiting", "Batches of predictions that wait for a worker.", self.batches_waiting)
        yield _gauge("cyfra_workers_alive", "Workers seen within the last minute.", self.workers_alive)
        for name, meaning in COUNTERS.items():
            yield CounterMetricFamily(f"cyfra_{name}", meaning, value=self.counters.get((name, ""), 0))
        for name, meaning in ENDED.items():
            ended = CounterMetricFamily(f"cyfra_{name}", meaning, labels=["state"])
            for state in TrainingState:
                if state.is_terminal:
                    ended.add_metric([state.value], self.counters.get((name, state.value), 0))
            yield ended


class Unknown(Collector):
    """What is left to say while the database is away: that it is."""

    def collect(self) -> Iterable[Metric]:
        """Say so, and nothing that could be taken for a figure."""
        yield _gauge("cyfra_database_up", "Whether the database answered this scrape.", 0)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)
