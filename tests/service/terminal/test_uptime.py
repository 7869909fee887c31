"""`cyfra up` and `cyfra demo`, the real ones, from outside."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from service.terminal.starting import free_port, require_free
from tests.waiting import wait_until

CYFRA = (sys.executable, "-m", "service.cli")


class Command:
    """A running command: its process, and every process below it."""

    def __init__(self, home: Path, *arguments: str) -> None:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("CYFRA_")}
        self.log = home / "log"
        home.mkdir()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*CYFRA, *arguments],
                env={**settings, "CYFRA_HOME": str(home), "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def has_said(self, text: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return text in self.log.read_text()

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def none_lives(processes: list[psutil.Process]) -> bool:
    return not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    made: list[Command] = []

    def start(*arguments: str) -> Command:
        made.append(Command(tmp_path / f"home-{len(made)}", *arguments))
        return made[-1]

    yield start
    for command in made:
        command.process.kill()
        command.process.wait()


def test_up_starts_the_quickstart_on_an_empty_database_and_stops_all_of_itself(start):
    port = free_port("127.0.0.1")
    command = start("up", "--port", str(port))
    wait_until(lambda: command.has_said("the quickstart was submitted"), 90)
    below = command.below()
    trainings = httpx.get(f"http://127.0.0.1:{port}/v1/trainings").json()["trainings"]

    command.process.send_signal(signal.SIGTERM)

    assert command.process.wait(60) == 0
    assert [training["preset"] for training in trainings] == ["quickstart"]
    assert none_lives(below)
    require_free("127.0.0.1", port)


@pytest.mark.long
def test_the_demo_goes_its_whole_way(start):
    command = start("demo")

    assert command.process.wait(300) == 0, command.log.read_text()

    said = command.log.read_text()
    for text in ("[8/8]", "epoch 1/", "macro avg", "predicted class", "$ curl -s -F file=@", '"digit": 7'):
        assert text in said


def test_an_interrupted_demo_leaves_nothing(start):
    command = start("demo")
    wait_until(lambda: command.has_said("[2/8]"), 60)
    folder = command.log.read_text().partition("removed at the end: ")[2].split()[0]
    below = command.below()

    command.process.send_signal(signal.SIGINT)

    assert command.process.wait(30) == 130
    assert "everything is stopped" in command.log.read_text()
    assert none_lives(below)
    assert not Path(folder).exists()


def test_a_port_is_free_or_taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(Exception, match="something listens there already"):
            require_free("127.0.0.1", listener.getsockname()[1])
