"""How long everything is kept."""

from dataclasses import dataclass, replace
from typing import Final, Self

from service.settings import Settings

HOUR: Final = 3600.0
DAY: Final = 86_400.0


@dataclass(frozen=True)
class Rules:
    """What is older than so many seconds may go, if nothing else keeps it. None: it is kept for ever."""

    trainings_seconds: float | None  # since they ended
    checkpoints_seconds: float  # unfinished ones; those of trainings that have ended may go at once
    answers_seconds: float
    workers_seconds: float  # since they were seen
    imports_seconds: float  # data sets since they were refused or failed
    batches_seconds: float | None  # since they ended
    artefacts_seconds: float  # those that nothing points to
    leftovers_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the rules of a service."""
        days = settings.keep_trainings_days
        return cls(
            trainings_seconds=None if days is None else days * DAY,
            checkpoints_seconds=settings.keep_checkpoint_hours * HOUR,
            answers_seconds=settings.idempotency_hours * HOUR,
            workers_seconds=settings.keep_worker_hours * HOUR,
            imports_seconds=settings.keep_import_hours * HOUR,
            batches_seconds=None if settings.keep_batch_days is None else settings.keep_batch_days * DAY,
            artefacts_seconds=settings.keep_artefact_hours * HOUR,
            leftovers_seconds=settings.keep_leftover_hours * HOUR,
        )

    def with_trainings_of(self, days: int) -> Self:
        """Return the same rules, but trainings are kept for `days` after they ended."""
        return replace(self, trainings_seconds=days * DAY)
