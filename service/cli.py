"""The `cyfra` command: what it can do, and how it ends. What each command does is in `service.terminal`."""

import io
import sys
from collections.abc import Callable
from typing import Final

import typer

from service.terminal import asking, batching, comparing, pruning, repeating, running, training
from service.terminal.datasets import datasets
from service.terminal.exits import EXPLAINED, INTERRUPTED, OK, CommandFailed, flush_quietly

app = typer.Typer(
    name="cyfra",
    help=f"Cyfra trains image classifiers, and answers what is on an image.\n\n{EXPLAINED}",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

Commands = tuple[Callable[..., None], ...]

RUN: Final[Commands] = (running.up, running.api, running.worker, running.migrate, pruning.prune, running.demo)
ASK: Final[Commands] = (
    *(training.train, asking.trainings, asking.show, asking.cancel, asking.report, comparing.compare),
    *(repeating.receipt, repeating.rerun, repeating.rerun_difference),
    *(asking.predict, asking.digits, batching.batch, asking.networks, asking.models),
)

for command in RUN:
    app.command(rich_help_panel="The service")(command)
for command in ASK:
    app.command(rich_help_panel="Asking a service")(command)
app.add_typer(datasets, name="datasets", rich_help_panel="Asking a service")


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        app(arguments, prog_name="cyfra")
    except CommandFailed as failure:
        failure.print()
        return failure.code
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else OK
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        flush_quietly()
    return OK


def main() -> None:
    """Run the command that the arguments name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter gets a ?
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
