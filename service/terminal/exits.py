"""How a command ends: its exit codes, and what is printed when it does not succeed."""

import sys
from typing import TYPE_CHECKING, Final

from service.terminal.consoles import error_console

if TYPE_CHECKING:
    from cyfra import Problem  # with httpx, which `cyfra --help` need not load

OK: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
UNREACHABLE: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count

EXPLAINED: Final = (
    "Exit codes: 0 done · 1 the training failed or was cancelled, or the work broke off · 2 wrong usage, or the "
    "service refused the request · 3 the service cannot be reached, or cannot answer just now · 130 Ctrl-C."
)


class CommandFailed(Exception):
    """Ends the command with `code`; `message` goes to stderr."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def print(self) -> None:
        """Print the message."""
        error_console().print(self.message, style="red", markup=False, soft_wrap=True)


class Refused(CommandFailed):
    """The service answered with a problem (RFC 9457)."""

    def __init__(self, problem: "Problem") -> None:
        super().__init__(REFUSED if problem.status < 500 else UNREACHABLE, problem.detail or problem.title)
        self.problem = problem

    def print(self) -> None:
        """Print title, detail and each wrong field."""
        console = error_console()
        title = f"{self.problem.title} ({self.problem.status})"
        console.print(title, style="bold red", markup=False, soft_wrap=True)
        if self.message:
            console.print(self.message, markup=False, soft_wrap=True)
        for fault in self.problem.errors:
            where = f"{fault.pointer}: " if fault.pointer else ""  # an empty pointer is the whole body
            console.print(f"  {where}{fault.detail}", markup=False, soft_wrap=True)


class Unreachable(CommandFailed):
    """Nobody answers at the service's address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            UNREACHABLE,
            f"No service at {url} ({reason}). Start one with `cyfra up`, or say where it is: --url or CYFRA_URL.",
        )


def flush_quietly() -> None:
    """Flush stdout; a reader that went away (`cyfra trainings | head -1`) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # or the interpreter tries again at exit, and complains
