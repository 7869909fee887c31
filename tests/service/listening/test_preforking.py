"""The processes of the API are forks of their parent."""

import signal
import sys
from pathlib import Path

import pytest

from tests.apis import Api, started_api
from tests.waiting import wait_until


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says how much a process shares")
def test_what_was_imported_is_shared(api: Api) -> None:
    for process in api.processes():
        memory = process.memory_full_info()
        assert memory.uss < 0.6 * memory.rss, "of its own it has what it wrote to"


def test_a_process_that_was_killed_is_replaced(api: Api) -> None:
    lost, kept = api.processes()

    lost.kill()

    wait_until(lambda: {*api.processes()} - {lost, kept} and len(api.processes()) == 2, 30, "another process")
    kept.suspend()  # so that it is the new one that answers
    try:
        assert api.is_live()
    finally:
        kept.resume()


def test_one_that_is_told_to_stop_as_it_starts_stops(tmp_path: Path) -> None:
    with started_api(tmp_path) as api:
        wait_until(lambda: len(api.processes()) == 2, 60, "both processes")
        started = api.processes()

        api.parent.send_signal(signal.SIGTERM)

        assert api.parent.wait(timeout=30) == 0
        assert not any(process.is_running() for process in started)
