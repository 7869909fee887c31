"""The supervisor, on small real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from service.children import Part, described_exit
from service.supervising import Supervisor
from tests.waiting import wait_until

FOREVER = "import signal; print('up', flush=True); signal.pause()"
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
while True:
    signal.pause()
"""


class Notes:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.sentences: list[str] = []

    def heard(self, part: str, line: str) -> None:
        self.lines.append((part, line))

    def said(self, text: str) -> None:
        self.sentences.append(text)


def python(name: str, code: str) -> Part:
    return Part(name, (sys.executable, "-c", textwrap.dedent(code)))


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


BEFORE: set[int] = set()
"""What this process had started before the test: other tests' helpers are not the supervisor's."""


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if child.pid not in BEFORE]


@pytest.fixture(autouse=True)
def _only_this_tests_processes() -> Iterator[None]:
    BEFORE.update(child.pid for child in psutil.Process().children(recursive=True))
    yield
    BEFORE.clear()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def supervise(notes: Notes) -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def start(*parts: Part, **times: float) -> Supervisor:
        supervisor = Supervisor(parts, notes, **{"first_pause_seconds": 0.01, **times})
        made.append(supervisor)
        supervisor.start()
        return supervisor

    yield start
    for supervisor in made:
        supervisor.kill()
        supervisor.join()


def test_what_the_parts_write_is_passed_on_line_by_line(supervise, notes):
    code = """
        import signal, sys
        print("one", flush=True)
        print("two", file=sys.stderr, flush=True)
        print("tail", end="", flush=True)
        signal.pause()
    """
    supervisor = supervise(python("api", code))

    wait_until(lambda: {("api", "one"), ("api", "two")} <= set(notes.lines))
    supervisor.close()

    assert ("api", "tail") in notes.lines


def test_close_stops_every_part_and_leaves_no_process(supervise, notes):
    supervisor = supervise(python("api", FOREVER), python("worker", FOREVER))
    wait_until(lambda: len(notes.lines) == 2)
    assert len(children()) == 3  # two parts and the watchdog

    supervisor.close()

    assert children() == []
    assert notes.sentences == []


def test_a_part_that_dies_is_started_again_and_said_so(supervise, notes):
    supervise(python("api", FOREVER), python("worker", FOREVER))
    wait_until(lambda: len(notes.lines) == 2)
    worker = next(child for child in children() if FOREVER in child.cmdline())

    worker.kill()

    wait_until(lambda: len(notes.lines) == 3)
    assert "ended by itself (killed by SIGKILL); it is started again" in notes.sentences[0]


def test_a_part_that_dies_again_and_again_is_given_longer_and_longer_pauses(supervise, notes):
    supervisor = supervise(python("api", "raise SystemExit(3)"), longest_pause_seconds=0.03)

    wait_until(lambda: supervisor.quick_deaths("api") >= 4)

    pauses = [sentence.rsplit(" in ", 1)[1] for sentence in notes.sentences[:4]]
    assert pauses == ["0.01 s.", "0.02 s.", "0.03 s.", "0.03 s."]
    assert "exit status 3" in notes.sentences[0]


def test_deaths_are_forgotten_once_a_part_ran_steadily(supervise, notes):
    supervisor = supervise(python("api", "pass"), steady_seconds=0.0)

    wait_until(lambda: len(notes.sentences) >= 3)

    assert supervisor.quick_deaths("api") == 1


def test_a_part_that_cannot_be_started_is_tried_again(supervise, notes):
    supervisor = supervise(Part("api", ("/no/such/program",)))

    wait_until(lambda: supervisor.quick_deaths("api") >= 2)

    assert "could not be started" in notes.sentences[0]


def test_a_part_that_does_not_stop_is_killed_after_the_patience(supervise, notes):
    supervisor = supervise(python("worker", DEAF), patience_seconds=0.2)
    wait_until(lambda: len(notes.lines) == 1)

    supervisor.close()

    assert children() == []
    assert notes.sentences == ["The worker did not stop: it is killed."]


def test_kill_does_not_wait_for_the_patience(supervise, notes):
    supervisor = supervise(python("worker", DEAF), patience_seconds=60)
    wait_until(lambda: len(notes.lines) == 1)

    supervisor.stop()
    supervisor.kill()
    started = time.monotonic()
    supervisor.join()

    assert time.monotonic() - started < 5
    assert children() == []


def test_what_a_dead_part_leaves_behind_is_ended_before_it_is_started_again(supervise, notes):
    parent = """
        import subprocess, sys, signal
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print(child.pid, flush=True)
        signal.pause()
    """
    supervise(python("worker", parent))
    wait_until(lambda: len(notes.lines) == 1)
    orphan = int(notes.lines[0][1])
    leader = next(child for child in children() if any(c.pid == orphan for c in child.children()))

    leader.kill()

    wait_until(lambda: not lives(orphan))
    wait_until(lambda: len(notes.lines) == 2)


PARENT = """
import sys
from service.children import Part
from service.supervising import Supervisor
from service.terminal.parts import Printer
from service.terminal.signals import StopAsked, stop_signals

part = Part("worker", (sys.executable, "-c", "import os, signal; print(os.getpid(), flush=True); signal.pause()"))
deaf = Part("api", (sys.executable, "-c", "import os, signal; signal.signal(15, signal.SIG_IGN)\\n"
                    "print(os.getpid(), flush=True)\\nwhile True: signal.pause()"))
supervisor = Supervisor([part] + [deaf] * ("deaf" in sys.argv), Printer(), patience_seconds=float(sys.argv[1]))
try:
    with stop_signals(first=supervisor.stop, second=supervisor.kill):
        try:
            supervisor.start()
            supervisor.join()
        except StopAsked:
            print("asked", flush=True)
        finally:
            supervisor.close()
except StopAsked:
    pass
"""


class Parent:
    """A process with a supervisor in it."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def started(self, count: int) -> list[int]:
        """Wait for the parts and return every process below the parent."""
        for _ in range(count):
            self.read()
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rpartition("│ ")[2].strip()


@pytest.fixture
def parent() -> Iterator[Callable[..., Parent]]:
    made: list[Parent] = []

    def start(*arguments: str) -> Parent:
        made.append(Parent(*arguments))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_stops_everything(parent, number):
    it = parent("30")
    below = it.started(1)
    assert len(below) == 2

    it.process.send_signal(number)

    assert it.process.wait(10) == 0
    assert not [pid for pid in below if lives(pid)]


def test_a_second_signal_kills_at_once(parent):
    it = parent("60", "deaf")
    below = it.started(2)
    it.process.send_signal(signal.SIGINT)
    assert it.read() == "asked"

    it.process.send_signal(signal.SIGINT)

    assert it.process.wait(10) == 0
    assert not [pid for pid in below if lives(pid)]


def test_the_death_of_the_parent_ends_its_children(parent):
    it = parent("0.3", "deaf")
    below = it.started(2)
    assert len(below) == 3

    it.process.kill()
    it.process.wait()

    wait_until(lambda: not [pid for pid in below if lives(pid)])


def test_exits_are_said_in_words():
    assert described_exit(3) == "exit status 3"
    assert described_exit(-signal.SIGKILL) == "killed by SIGKILL"
    assert described_exit(-250) == "killed by signal 250"
