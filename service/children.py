"""One child process: started in a session of its own, its output read as it comes, ended with all that it started."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from service.watchdog import kill_group

READ_BYTES: Final = 65_536


@dataclass(frozen=True)
class Part:
    """What is to run: a name for people, the command, and its environment (None: the parent's)."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None


class Child:
    """A running part. Its process id is also its process group: the session of its own makes it the leader.

    A session of its own also means that Ctrl-C at the terminal reaches the parent alone, which then stops its children
    in good order.
    """

    def __init__(self, part: Part) -> None:
        """Start it. Raise OSError if there is no such program."""
        self.part = part
        self._unfinished_line = b""
        self._process = subprocess.Popen(  # noqa: S603 - the command is ours
            part.command,
            env=part.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    @property
    def group(self) -> int:
        """The process group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs, else its exit status: negative for the signal that ended it."""
        return self._process.poll()

    def read_lines(self) -> list[str] | None:
        """Return the lines written since the last call; None once nothing more can come."""
        try:
            read = os.read(self.output, READ_BYTES)
        except BlockingIOError:
            return []
        if not read:
            return None
        *lines, self._unfinished_line = (self._unfinished_line + read).split(b"\n")
        if len(self._unfinished_line) > READ_BYTES:
            lines, self._unfinished_line = [*lines, self._unfinished_line], b""
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the leader."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to the whole group."""
        kill_group(self.group)

    def bury(self) -> list[str]:
        """After its end: kill what it left behind, close its output; return the last lines."""
        self.kill()
        self._process.wait()
        last: list[str] = []
        while lines := self.read_lines():
            last += lines
        if self._unfinished_line:
            last.append(self._unfinished_line.decode(errors="replace"))
        with suppress(OSError):
            assert self._process.stdout is not None
            self._process.stdout.close()
        return last


def described_exit(status: int) -> str:
    """Say in words how a process ended: `exit status 3`, `killed by SIGKILL`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
