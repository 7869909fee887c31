"""Train what the lecture trained, through the HTTP API, and put the figures into docs/lecture.md.

    make reproduce-lecture
    make reproduce-lecture ARGS="--rows mnist-3,mnist-50 --home var/lecture"

A run that was interrupted goes on where it was, if it has the same --home. Each row is written as it ends.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cyfra import Facts
from scripts.lecture import page
from scripts.lecture.deck import ON_A_CPU, ROWS
from scripts.lecture.repeating import Wanted, repeat
from scripts.lecture.serving import Service, service_at
from service.terminal.client import Client
from service.terminal.consoles import console
from service.terminal.exits import OK, CommandFailed
from service.terminal.progress import watcher_for

PAGE: Final = Path(__file__).parents[2] / "docs" / "lecture.md"


def main() -> int:
    """Run the rows that the command line names; return the exit code."""
    asked = arguments()
    wanted = [Wanted(ROWS[name], asked.seed, asked.epochs, asked.dataset) for name in asked.rows]
    try:
        with service(asked) as found_at:
            for each in wanted:
                outcome = repeat(found_at.client, each, lambda training: shown(found_at, training))
                console().print(page.line_of(each.row, outcome), end="", markup=False, soft_wrap=True)
                if not each.is_try:
                    page.write(asked.page, {each.row.name: outcome})
    except CommandFailed as failure:
        failure.print()
        return failure.code
    tried = any(each.is_try for each in wanted)
    console().print("A try: nothing was written." if tried else f"Written to {asked.page}.", soft_wrap=True)
    return OK


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m scripts.lecture", description="The lecture's trainings once more.")
    parser.add_argument("--rows", type=row_names, default=list(ON_A_CPU), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="where the state is kept, to go on later; else it is removed")
    parser.add_argument(
        "--url", help="a service that runs already, one with a GPU for instance, instead of one of its own"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="the page that holds the table")
    parser.add_argument("--epochs", type=int, help="a try: so many epochs of each row; nothing is written")
    parser.add_argument("--dataset", help="a try on another data set; nothing is written")
    return parser.parse_args()


def row_names(text: str) -> list[str]:
    """Return the names of rows in `text`, with commas between."""
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in ROWS]:
        raise argparse.ArgumentTypeError(f"no such row: {', '.join(unknown)}. The deck has {', '.join(ROWS)}")
    return names


@contextmanager
def service(asked: argparse.Namespace) -> Iterator[Service]:
    """Give the service that was asked for."""
    if asked.url is not None:
        with Client(asked.url) as client:
            yield Service(client)
    elif asked.home is not None:
        with service_at(asked.home.resolve()) as own:
            yield own
    else:
        with (
            TemporaryDirectory(prefix="cyfra-lecture-", ignore_cleanup_errors=True) as folder,
            service_at(Path(folder)) as own,
        ):
            yield own


def shown(service: Service, training: Facts) -> Facts:
    """Show how a training goes, until it has ended."""
    console().print(f"\n{training.preset}, {training.progress.epochs} epochs: training {training.id}", markup=False)
    return watcher_for(console(), service.client).show(service.follow(training.id))


if __name__ == "__main__":
    sys.exit(main())
