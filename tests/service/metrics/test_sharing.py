"""Several processes, one scrape: the real `cyfra api --workers 2`, and the folder that its processes share."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from service import migrating
from service.database import Database
from service.metrics.folders import PREFIX, VARIABLE, shared_folder
from service.metrics.sharing import AllProcesses
from service.terminal.starting import free_port
from tests.service.metrics.test_scraping import Samples, samples, value
from tests.waiting import wait_until

HOLD = """
import pathlib, sys
from service.metrics.folders import VARIABLE, shared_folder

with shared_folder(pathlib.Path(sys.argv[1])) as variables:
    print(variables[VARIABLE], flush=True)
    sys.stdin.read()
"""


@contextmanager
def parent(home: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that holds a shared folder until it is killed."""
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_lives_as_long_as_its_parent_and_what_a_killed_one_left_is_removed(tmp_path: Path) -> None:
    with parent(tmp_path) as (_, living), parent(tmp_path) as (killed, left):
        killed.kill()
        killed.wait()
        assert left.is_dir()

        with shared_folder(tmp_path) as variables:
            ours = Path(variables[VARIABLE])
            assert ours.is_dir()
            assert living.is_dir()
            assert not left.exists()

    assert not ours.exists()


WATCHED = """
import sys
from service.metrics.process import ProcessMetrics

metrics = ProcessMetrics()
metrics.viewers(+3)
metrics.told({"state": 2})
print("counted", flush=True)
sys.stdin.read()
"""


def test_viewers_of_a_process_that_was_killed_are_not_counted_and_what_it_sent_is(tmp_path: Path) -> None:
    def found() -> dict[str, float]:
        samples = [sample for metric in AllProcesses(tmp_path).collect() for sample in metric.samples]
        return {f"{one.name} {one.labels.get('event', '')}".strip(): one.value for one in samples}

    command = [sys.executable, "-c", WATCHED]
    environment = os.environ | {VARIABLE: str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        alive = found()
        process.kill()
        process.wait()

    assert alive["cyfra_viewers"] == 3
    assert found().get("cyfra_viewers", 0) == 0
    assert found()["cyfra_events_sent_total state"] == alive["cyfra_events_sent_total state"] == 2


@contextmanager
def api_with_two_processes(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    database = Database(f"sqlite:///{home / 'cyfra.sqlite3'}")
    migrating.migrate(database)
    database.close()
    port, log = free_port("127.0.0.1"), home / "log"
    environment = {name: found for name, found in os.environ.items() if not name.startswith("CYFRA_")}
    environment |= {"CYFRA_HOME": str(home), "CYFRA_LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "service.cli", "api", "--workers", "2", "--access-log", "--port", str(port)]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            wait_until(lambda: log.read_text().count("Application startup complete") == 2, 90, "two processes")
            yield process, f"http://127.0.0.1:{port}", log
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_whichever_process_is_scraped_answers_for_all_of_them(tmp_path: Path) -> None:
    sent = 0

    with api_with_two_processes(tmp_path) as (process, url, log):

        def both_have_answered() -> bool:
            nonlocal sent
            with ThreadPoolExecutor(8) as pool:
                replies = list(pool.map(lambda _: httpx.get(f"{url}/livez"), range(16)))
            sent += len(replies)
            assert all(reply.status_code == 200 for reply in replies)
            return len({line["process"] for line in answered(log, "/livez")}) == 2

        wait_until(both_have_answered, 60, "an answer from each process")
        scrapes = [samples(httpx.get(f"{url}/metrics").text) for _ in range(6)]
        folder = shared_by(psutil.Process(process.pid).children()[-1])
        assert folder.is_dir()
        process.terminate()

        assert process.wait(30) == 0
    assert [livez(found) for found in scrapes] == [sent] * 6
    assert all(value(found, "cyfra_database_up") == 1 for found in scrapes)
    assert not folder.exists()


def shared_by(process: psutil.Process) -> Path:
    """Return the folder with what a process shares with the others, of which it has mapped some files."""
    return next(Path(one.path).parent for one in process.memory_maps() if PREFIX in one.path)


def livez(found: Samples) -> float | None:
    return value(found, "cyfra_requests_seconds_count", method="GET", route="/livez", status="2xx")


def answered(log: Path, path: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line.get("path") == path]
