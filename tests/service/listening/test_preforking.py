"""The processes of the API are forks of their parent."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until

Api = tuple[subprocess.Popen[bytes], int]


def is_live(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=30) as reply:
        return bool(reply.status == 200)


def processes(parent: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(parent.pid).children()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says how much a process shares")
def test_what_was_imported_is_shared(api: Api) -> None:
    parent, _ = api

    for process in processes(parent):
        memory = process.memory_full_info()
        assert memory.uss < 0.6 * memory.rss, "of its own it has what it wrote to"


def test_a_process_that_was_killed_is_replaced(api: Api) -> None:
    parent, port = api
    lost, kept = processes(parent)

    lost.kill()

    wait_until(lambda: {*processes(parent)} - {lost, kept} and len(processes(parent)) == 2, 30, "another process")
    kept.suspend()  # so that it is the new one that answers
    try:
        assert is_live(port)
    finally:
        kept.resume()


def test_one_that_is_told_to_stop_as_it_starts_stops(tmp_path: Path, command: list[str]) -> None:
    with subprocess.Popen(command, env=os.environ | {"CYFRA_HOME": str(tmp_path)}, stderr=subprocess.DEVNULL) as api:
        wait_until(lambda: len(processes(api)) == 2, 60, "both processes")
        started = processes(api)

        api.send_signal(signal.SIGTERM)

        assert api.wait(timeout=30) == 0
        assert not any(process.is_running() for process in started)
