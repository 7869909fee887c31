"""`cyfra prune`: remove what nobody needs any more."""

import json
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal.asking import print_text
from service.terminal.consoles import console, error_console
from service.terminal.exits import FAILED, UNREACHABLE, CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from service.database import Database
    from service.retention.operations import Removed
    from service.retention.rules import Rules
    from service.retention.space import Space

# ruff: noqa: PLC0415 - imported where they are needed: `cyfra --help` needs no database

KINDS = {
    "leftovers": "files left by killed processes",
    "imports": "data sets that were refused or failed",
    "uploads": "what was sent for data sets that nobody has",
    "answers": "answers to requests with a key",
    "workers": "workers that are gone",
    "checkpoints": "checkpoints nobody goes on from",
    "trainings": "trainings that ended long ago, with reports",
    "batches": "batches of predictions that ended long ago",
    "batch inputs": "pictures that came for no batch",
    "artefacts": "stored models that nothing points to",
}


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    trainings_older_than: Annotated[
        int | None,
        typer.Option(min=0, max=36_500, metavar="DAYS", help="Also trainings that ended so long ago; models stay."),
    ] = None,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Also write the database file anew; nobody can write to it meanwhile.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before trainings are removed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Remove what nobody needs any more. The service may run meanwhile; docs/retention.md says what is kept how long."""
    from service.database import Database
    from service.retention import operations, space
    from service.retention.rules import Rules
    from service.terminal.starting import read_settings, require_ready

    settings = read_settings()
    require_ready(settings)
    rules = Rules.of(settings)
    with closing(Database(settings.resolved_database_url)) as database, _said_plainly(database):
        if trainings_older_than is not None:
            rules = rules.with_trainings_of(trainings_older_than)
            if not dry_run and not yes and sys.stdin.isatty():
                _ask(operations.count_trainings(database, rules), trainings_older_than)
        if dry_run:
            removed = operations.measure(database, settings.home, rules)
        else:
            removed = _prune(database, settings.home, rules, vacuum)
        held = space.held(database)
    if as_json:
        _print_json(removed, held, dry_run)
    else:
        console().print(_table(removed, dry_run))
        console().print(_summary(removed, held, dry_run), markup=False, soft_wrap=True)


@contextmanager
def _said_plainly(database: "Database") -> "Iterator[None]":
    from sqlalchemy.exc import SQLAlchemyError

    from service.errors import StorageFull
    from service.terminal.starting import unusable

    try:
        yield
    except StorageFull as full:
        raise CommandFailed(UNREACHABLE, full.detail) from full
    except SQLAlchemyError as error:
        raise unusable(database, error) from error


def _ask(count: int, days: int) -> None:
    """Let a person at a terminal decide; raise CommandFailed for a no."""
    if count == 0:
        return
    what = f"This removes {count} training(s) that ended more than {days} days ago, with their reports. Go on?"
    if not typer.confirm(what, err=True):
        raise CommandFailed(FAILED, "Nothing was removed.")


def _prune(database: "Database", home: Path, rules: "Rules", vacuum: bool) -> "list[Removed]":
    """Remove, and give the room back to the disk; what was removed before some trouble is printed with it."""
    from service.retention import operations, space

    removed: list[Removed] = []
    try:
        space.shorten_log(database)  # on a full disk, this may be the room that a removal needs
        removed.extend(operations.prune(database, home, rules))
        space.give_back(database)
        if vacuum:
            space.vacuum(database)
    except BaseException:
        error_console().print(_table(removed, dry_run=False))
        raise
    return removed


def _table(removed: "Sequence[Removed]", dry_run: bool) -> "Table":
    from rich.table import Table

    from cyfra.wording import NOTHING, count
    from service.terminal.wording import volume

    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("what")
    table.add_column("would be removed" if dry_run else "removed", justify="right")
    table.add_column("size", justify="right")
    for each in removed:
        table.add_row(KINDS[each.what], count(each.count), volume(each.size) if each.count else NOTHING)
    return table


def _summary(removed: "Sequence[Removed]", held: "Space", dry_run: bool) -> str:
    from service.terminal.wording import volume

    total = volume(sum(each.size for each in removed))
    said = f"{total} would be removed." if dry_run else f"{total} removed."
    said += f" The database holds {volume(held.size)} on its disk"
    if not held.empty:
        return f"{said}."
    said += f", {volume(held.empty)} of it empty: new rows go there"
    return f"{said}." if dry_run else f"{said}; `cyfra prune --vacuum` gives that back to the disk."


def _print_json(removed: "Sequence[Removed]", held: "Space", dry_run: bool) -> None:
    answer = {
        "dry_run": dry_run,
        "removed": [{"what": each.what, "count": each.count, "bytes": each.size} for each in removed],
        "database": {"bytes": held.size, "empty_bytes": held.empty},
    }
    print_text(json.dumps(answer))
