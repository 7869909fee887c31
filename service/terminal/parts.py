"""The service's two parts as child processes, and what they write."""

import os
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Final

from service.children import Part
from service.supervising import Supervisor
from service.terminal.client import Client
from service.terminal.consoles import console
from service.terminal.exits import FAILED, CommandFailed

START_SECONDS: Final = 90.0
MOST_QUICK_DEATHS: Final = 3
LOOK_SECONDS: Final = 0.1
COLOURS: Final = {"api": "blue", "worker": "magenta"}

# A service of one's own must meet nobody's database or broker, whatever the environment says.
NOT_PASSED_ON: Final = frozenset({"CYFRA_DATABASE_URL", "CYFRA_BROKER_URL", "CYFRA_QUEUE_NAME", "CYFRA_HOME"})


def service_parts(host: str, port: int, workers: int, environment: Mapping[str, str]) -> list[Part]:
    """Return the API and one worker; `environment` is all of theirs."""
    # -P: a folder named `worker` or `service` where the user stands must not come before ours.
    cyfra = (sys.executable, "-P", "-m", "service.cli")
    address = ("--host", host, "--port", str(port), "--workers", str(workers))
    at_once = {**environment, "PYTHONUNBUFFERED": "1"}
    return [Part("api", (*cyfra, "api", *address), at_once), Part("worker", (*cyfra, "worker"), at_once)]


def environment_apart(home: Path) -> dict[str, str]:
    """Return the environment of a service that has its database and its broker in `home`, and shares them with nobody."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}  # passed on, not read
    return {**kept, "CYFRA_HOME": str(home)}


class Printer:
    """Prints what the parts write, each line behind the part's name. A terminal that went away is no trouble."""

    def __init__(self) -> None:
        self._console = console()
        self._lock = Lock()

    def heard(self, part: str, line: str) -> None:
        """Print a part's line as it is."""
        self._print(part, COLOURS.get(part, ""), line)

    def said(self, text: str) -> None:
        """Print a sentence of ours."""
        self._print("cyfra", "bold green", text)

    def _print(self, name: str, colour: str, line: str) -> None:
        with self._console.capture() as captured:
            self._console.print(f"{name:<6} │ ", style=colour, end="")
        with self._lock, suppress(OSError, ValueError):
            # One write, and past the console's buffer: a signal in its middle would make the console print it again.
            self._console.file.write(f"{captured.get()}{line}\n")
            self._console.file.flush()


class Recorder:
    """Keeps the last lines of the parts, to show them when something went wrong."""

    def __init__(self, kept_lines: int = 60) -> None:
        self._lines: deque[str] = deque(maxlen=kept_lines)

    def heard(self, part: str, line: str) -> None:
        """Keep a part's line."""
        self._lines.append(f"{part:<6} │ {line}")

    def said(self, text: str) -> None:
        """Keep a sentence of the supervisor."""
        self._lines.append(f"cyfra  │ {text}")

    def lines(self) -> list[str]:
        """Return what was kept."""
        return list(self._lines)


def wait_until_live(client: Client, supervisor: Supervisor, *, within_seconds: float = START_SECONDS) -> None:
    """Return once the API answers; raise CommandFailed if it does not come up."""
    deadline = monotonic() + within_seconds
    while not supervisor.is_stopping and not client.is_live():
        if supervisor.quick_deaths("api") >= MOST_QUICK_DEATHS:
            raise CommandFailed(FAILED, "The API does not start: what it wrote is above. Everything is stopped.")
        if monotonic() > deadline:
            raise CommandFailed(FAILED, f"The API does not answer after {within_seconds:.0f} s. Everything is stopped.")
        sleep(LOOK_SECONDS)
