"""How long a claim takes with 100,000 queued trainings, beside a claim that sorts what waits.

A claim is measured against the query that one would write first: group what waits and what runs by owner, sort, take the
first. Both on the same rows, in turns.


    make bench-claiming
"""

import statistics
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from sqlalchemy import case, func, insert, select

from service import migrating
from service.database import Database
from service.records import Owner, Training, TrainingState
from service.records.clock import now
from service.trainings import waiting
from tests import requirements
from worker import claims

ROWS = 100_000
CLAIMS = 200
PLAIN = 15
OWNERS = (1, 1_000, 100_000)


def main() -> None:
    """Measure on both databases with one owner, a thousand, and a hundred thousand."""
    table = Table("database", "owners", "claim p50 ms", "p99 ms", "plain query p50 ms", "ratio", "place asked p50 ms")
    for kind in ("sqlite", "postgresql"):
        for owners in OWNERS:
            with ExitStack() as stack:
                folder = Path(stack.enter_context(TemporaryDirectory()))
                url = f"sqlite:///{folder / 'cyfra.sqlite3'}"
                if kind == "postgresql":
                    url = stack.enter_context(requirements.postgresql_database())
                database = Database(url)
                stack.callback(database.close)
                migrating.migrate(database)
                fill(database, owners)
                table.add_row(kind, f"{owners:,}", *measured(database))
    Console().print(table)


def fill(database: Database, owners: int) -> None:
    """Queue the rows, and give each owner the row that submitting would have left."""
    names = [f"owner-{number:06d}" for number in range(owners)]
    with database.transaction() as session:
        rows = [
            {"id": uuid.uuid4().hex[:16], "owner": names[number % owners], "spec": {}, "dataset": "mnist-5k"}
            for number in range(ROWS)
        ]
        session.execute(insert(Training), rows)
        created = session.scalars(select(now())).one()
        session.execute(
            insert(Owner),
            [
                {"name": name, "running": 0, "usage": -1e9, "next_priority": 0, "next_created_at": created}
                for name in names
            ],
        )
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def measured(database: Database) -> tuple[str, ...]:
    """Return the figures of one database as the table's cells."""
    taken = [timed(lambda: claims.claim(database, "bench", 60)) for _ in range(CLAIMS)]
    plain = [timed(lambda: plain_query(database)) for _ in range(PLAIN)]
    asked = [timed(lambda: places(database)) for _ in range(PLAIN)]
    p50, p99 = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    beside = statistics.median(plain)
    return (
        *(f"{figure:.2f}" for figure in (p50, p99, beside)),
        f"{beside / p50:.0f}x",
        f"{statistics.median(asked):.1f}",
    )


def plain_query(database: Database) -> None:
    """Find whose turn it is by grouping and sorting everything that waits."""
    running = func.sum(case((Training.state == TrainingState.RUNNING, 1), else_=0))
    oldest = func.min(case((Training.state == TrainingState.QUEUED, Training.created_at)))
    with database.reading() as session:
        session.execute(
            select(Training.owner)
            .where(Training.state.in_([TrainingState.QUEUED, TrainingState.RUNNING]))
            .group_by(Training.owner)
            .order_by(running, oldest)
            .limit(1)
        ).one()


def places(database: Database) -> None:
    """Ask for the forecast, as a reader of a queued training does."""
    with database.reading() as session:
        waiting.turns(session)


def timed(act: Callable[[], object]) -> float:
    """Return how many milliseconds it took."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
