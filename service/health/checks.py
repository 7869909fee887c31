"""What `/readyz` looks at. Each check says `ok`, or what is wrong in words that a person can act on."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service import migrating
from service.database import Database
from service.errors import CyfraError
from service.metrics import queries
from service.probing import NoAnswer, Probe
from service.queue import Doorbell
from service.records.presence import SEEN_SECONDS, workers_alive
from service.settings import Settings

OK: Final = "ok"
NEEDED: Final = ("database", "broker", "disk")
LONGEST_REASON: Final = 300


@dataclass(frozen=True)
class Work:
    """What waits, and who is there to do it."""

    waiting: queries.Waiting
    workers: int


@dataclass(frozen=True)
class Health:
    """What was found: by name of a check `ok` or words, and what should be looked at although the service is ready."""

    checks: dict[str, str]
    warnings: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Whether trainings are taken and pictures answered: it needs no worker for that."""
        return all(self.checks[name] == OK for name in NEEDED)


class Checks:
    """All checks, at once, none of them for longer than some seconds."""

    def __init__(self, settings: Settings, database: Database, doorbell: Doorbell) -> None:
        checks: dict[str, Callable[[], str]] = {
            "database": lambda: _database(database),
            "broker": lambda: _broker(doorbell),
            "disk": lambda: _disk(settings),
        }
        self._needed = {name: Probe(name, checks[name]) for name in NEEDED}
        self._work = Probe("work", lambda: _work(database))

    async def look(self) -> Health:
        """Look at everything."""
        needed = asyncio.gather(*(_said(probe) for probe in self._needed.values()))
        found, work = await asyncio.gather(needed, self._known_work())
        checks = dict(zip(self._needed, found, strict=True))
        if isinstance(work, str):
            return Health({**checks, "workers": work, "queue": work}, ())
        return Health({**checks, "workers": _workers(work), "queue": _queue(work)}, _warnings(work))

    async def _known_work(self) -> Work | str:
        try:
            return await self._work.answer()
        except SQLAlchemyError as error:
            return f"not known: {_shortened(error)}"
        except NoAnswer as error:
            return f"not known: {error}"


async def _said(probe: Probe[str]) -> str:
    try:
        return await probe.answer()
    except NoAnswer as error:
        return str(error)


def _database(database: Database) -> str:
    try:
        migrating.check_running(database)
        with database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"does not answer: {_shortened(error)}"
    except CyfraError as error:
        return error.detail
    return OK


def _broker(doorbell: Doorbell) -> str:
    failure = doorbell.broker_failure()
    return OK if failure is None else f"does not answer: {failure}"


def _disk(settings: Settings) -> str:
    home = settings.home.absolute()
    try:
        free = shutil.disk_usage(home if home.exists() else ".").free
    except OSError as error:
        return f"{home} cannot be read: {error.strerror}"
    least = settings.min_free_bytes
    if free >= least:
        return OK
    return f"make room (`cyfra prune` can): {home} has {free >> 20} MiB free, at least {least >> 20} MiB needed"


def _work(database: Database) -> Work:
    with database.reading() as session:
        return Work(queries.waiting(session), workers_alive(session))


def _workers(work: Work) -> str:
    return f"{work.workers} seen within {SEEN_SECONDS:.0f} s"


def _queue(work: Work) -> str:
    count = work.waiting.count
    if count == 0:
        return "nothing waits"
    return f"{_trainings(count)}, the oldest for {work.waiting.oldest_seconds:.0f} s"


def _warnings(work: Work) -> tuple[str, ...]:
    if work.waiting.count == 0 or work.workers > 0:
        return ()
    return (
        f"{_trainings(work.waiting.count)}, and no worker has been seen within {SEEN_SECONDS:.0f} s: "
        "start one with `cyfra worker`, or look why the one that should run does not reach the database.",
    )


def _trainings(count: int) -> str:
    return "1 training waits" if count == 1 else f"{count} trainings wait"


def _shortened(error: SQLAlchemyError) -> str:
    """Return the database's own words; SQLAlchemy's also hold the statement."""
    reason = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    words = " ".join(str(reason).partition("\nLINE ")[0].split())[
        :LONGEST_REASON
    ]  # PostgreSQL quotes the statement there
    return f"{type(reason).__name__}: {words}"
