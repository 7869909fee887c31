"""The two places to print to. Made anew each time, so that a redirected `sys.stdout` is respected."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> "Console":
    """Return a console on stdout: what was asked for goes here."""
    from rich.console import Console  # noqa: PLC0415 - 50 ms that `cyfra worker` need not spend

    return Console(file=sys.stdout, highlight=False)


def error_console() -> "Console":
    """Return a console on stderr: what went wrong, and what is going on, goes here."""
    from rich.console import Console  # noqa: PLC0415

    return Console(file=sys.stderr, highlight=False)
