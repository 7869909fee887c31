"""Remove what nobody needs any more, while the service runs: in short transactions, each of which leaves everything whole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from service.database import Database
from service.retention import imports, leftovers, queries
from service.retention.leftovers import Leftover
from service.retention.queries import Doomed
from service.retention.rules import Rules

MOST_ROWS: Final = 200  # in one transaction
MOST_BYTES: Final = 32 << 20


@dataclass(frozen=True)
class Removed:
    """How many of one kind were removed, or would be, and the bytes that they held."""

    what: str
    count: int
    size: int


@dataclass(frozen=True)
class Kind:
    """One kind of row: how those that may go are found, and how some of them are removed."""

    what: str
    find: Callable[[Session, Rules], list[Doomed]]
    remove: Callable[[Session, Rules, Sequence[Any]], Sequence[Any]]


ROWS: Final = (
    Kind("answers", queries.find_answers, queries.remove_answers),
    Kind("workers", queries.find_workers, queries.remove_workers),
    Kind("checkpoints", queries.find_checkpoints, queries.remove_checkpoints),
    Kind("imports", imports.find_imports, imports.remove_imports),
    Kind("uploads", imports.find_uploads, imports.remove_uploads),
    Kind("trainings", queries.find_trainings, queries.remove_trainings),
    Kind("batches", queries.find_batches, queries.remove_batches),
    Kind("batch inputs", queries.find_batch_inputs, queries.remove_batch_inputs),
    Kind("artefacts", queries.find_artefacts, queries.remove_artefacts),  # last: trainings point to them
)
LEFTOVERS: Final = "leftovers"


def measure(database: Database, home: Path, rules: Rules) -> list[Removed]:
    """Return what would be removed; nothing is."""
    found = _files(database, home, rules)
    measured = [Removed(LEFTOVERS, len(found), sum(each.size for each in found))]
    with database.reading() as session:
        for kind in ROWS:
            doomed = kind.find(session, rules)
            measured.append(Removed(kind.what, len(doomed), sum(each.size for each in doomed)))
    return measured


def prune(database: Database, home: Path, rules: Rules) -> Iterator[Removed]:
    """Remove it, and say so after each kind. Files go first: they need no room to be removed, rows need a little."""
    gone = [each for each in _files(database, home, rules) if leftovers.remove(each)]
    yield Removed(LEFTOVERS, len(gone), sum(each.size for each in gone))
    for kind in ROWS:
        yield _remove(database, rules, kind)


def _files(database: Database, home: Path, rules: Rules) -> list[Leftover]:
    with database.reading() as session:
        wanted = imports.contents(session)
    seconds = rules.leftovers_seconds
    return [*leftovers.find(home, seconds), *leftovers.find_copies(home, seconds, wanted)]


def count_trainings(database: Database, rules: Rules) -> int:
    """Return how many trainings have ended long enough ago to go."""
    with database.reading() as session:
        return len(queries.find_trainings(session, rules))


def _remove(database: Database, rules: Rules, kind: Kind) -> Removed:
    with database.reading() as session:
        doomed = kind.find(session, rules)
    count = size = 0
    for batch in _batches(doomed):
        sizes = {each.key: each.size for each in batch}
        with database.transaction() as session:
            removed = kind.remove(session, rules, list(sizes))
        count += len(removed)
        size += sum(sizes[key] for key in removed)
    return Removed(kind.what, count, size)


def _batches(doomed: Sequence[Doomed]) -> Iterator[list[Doomed]]:
    """Give a few at a time, so that nobody waits long for a lock: one alone if it is large."""
    batch: list[Doomed] = []
    for each in doomed:
        if batch and (len(batch) == MOST_ROWS or sum(one.size for one in batch) + each.size > MOST_BYTES):
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch
