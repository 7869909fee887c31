"""The watcher: what it hears, what it asks, and that nothing of it is left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from service import migrating
from service.app import create_app
from service.database import Database
from service.edge.stopping import Stopping
from service.live import sources
from service.live.facts import BEGINNING, ChangeOfState, EpochFigures, Facts
from service.live.parts import MOST_EVENTS
from service.live.streaming import Viewer
from service.live.watching import Watched, Watcher
from service.metrics.process import ProcessMetrics
from service.records import TrainingState
from service.settings import Settings
from service.trainings.schemas import Progress
from tests.faults.clusters import Cluster, cluster
from tests.service.live.serving import Server, served
from tests.service.live.working import claimed, ended, epoch_ended, stepped
from tests.waiting import wait_until
from worker import claims

LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"


def facts(epochs: int, version: int = 1) -> Facts:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    progress = Progress(
        activity="training", epoch=epochs, epochs=9, step=0, steps=9, eta_seconds=None, loss=None, accuracy=None
    )
    change = ChangeOfState(1, at, TrainingState.RUNNING, 1, "claimed", 0)
    figures = [EpochFigures(number, 0.5, 0.5, None, None, 0.1, 1.0) for number in range(1, epochs + 1)]
    return Facts(version, TrainingState.RUNNING, 1, None, progress, [change], figures)


def test_who_reads_slowly_is_sent_every_epoch_and_the_newest_progress_alone() -> None:
    async def read() -> list[bytes]:
        watched = Watched()
        watched.take(facts(1))
        stream = Viewer(watched, BEGINNING, 60, ProcessMetrics()).stream()
        chunks = [await anext(stream) for _ in range(2)]
        for number in range(2, 2_001):
            watched.take(facts(number, version=number))
        while b"event: progress" not in chunks[-1] or len(chunks) == 2:
            chunks.append(await anext(stream))
        await stream.aclose()
        return chunks[2:]

    chunks = asyncio.run(read())

    text = b"".join(chunks).decode()
    assert [f'"epoch":{number},"attempt"' in text for number in range(2, 2_001)] == [True] * 1_999
    assert text.count("event: progress") == 1
    assert '"epoch":2000,"epochs":9' in text
    assert all(chunk.count(b"event: ") <= MOST_EVENTS for chunk in chunks)


def test_fifty_long_polls_cost_the_database_nothing_until_the_training_ends(
    settings: Settings, database: Database
) -> None:
    statements: list[str] = []
    with served(settings) as server:
        training_id = server.submit()
        claim = claimed(database)
        polls = [Poll(server, training_id) for _ in range(50)]
        watcher = server.watcher
        wait_until(lambda: [one.watchers for one in watcher._watched.values()] == [50], what="fifty that wait")
        engine = server.app.state.resources.database.engine
        wait_until(lambda: engine.pool.checkedout() == 0, what="a server that reads nothing")
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        viewer = server.watch(training_id)
        viewer.wait_for("progress")
        statements.clear()

        for number in range(1, 4):
            stepped(database, claim, number)
            viewer.wait_for("progress", step=number)
        read = len(statements)
        ended(database, claim, TrainingState.SUCCEEDED)
        for poll in polls:
            assert poll.state() == "succeeded"

        assert read <= 3 * 8, "one look at each of three steps, for all of them together"


class Poll(threading.Thread):
    """A long poll in a thread of its own."""

    def __init__(self, server: Server, training_id: str, **headers: str) -> None:
        super().__init__(daemon=True)
        self._address = f"{server.url}/v1/trainings/{training_id}"
        self._headers = {"Prefer": "wait=30", **headers}
        self.start()

    def run(self) -> None:
        """Ask."""
        self.reply = httpx.get(self._address, headers=self._headers, timeout=60)

    def state(self) -> str:
        """Return the state that was answered."""
        self.join(timeout=60)
        assert self.reply.status_code == 200
        return str(self.reply.json()["state"])


def test_a_long_poll_with_an_etag_ends_at_any_change_of_the_training_and_of_its_turn(
    server: Server, database: Database
) -> None:
    first, second = server.submit(), server.submit()
    etag = httpx.get(f"{server.url}/v1/trainings/{second}").headers["etag"]
    poll = Poll(server, second, **{"If-None-Match": etag})
    wait_until(lambda: server.watcher._watched, what="one that waits")

    claim = claimed(database)

    assert claim.training_id == first
    assert poll.state() == "queued"
    assert poll.reply.json()["queue_position"] == 1
    poll = Poll(server, first, **{"If-None-Match": httpx.get(f"{server.url}/v1/trainings/{first}").headers["etag"]})
    wait_until(lambda: server.watcher._watched, what="one that waits")
    stepped(database, claim, 5)
    assert poll.state() == "running"


def test_a_lease_that_is_renewed_is_no_news(server: Server, database: Database) -> None:
    training_id = server.submit()
    claim = claimed(database)
    viewer = server.watch(training_id)
    viewer.wait_for("progress")

    claims.renew(database, claim, 60)
    stepped(database, claim, 9)
    viewer.wait_for("progress", step=9)

    assert len(viewer.named("progress")) == 2


def test_streams_end_at_once_when_the_process_is_told_to_stop_and_others_take_over(
    settings: Settings, database: Database
) -> None:
    with served(settings) as first, served(settings) as second:
        training_id = first.submit()
        viewers = [first.watch(training_id) for _ in range(3)]
        for viewer in viewers:
            viewer.wait_for("progress")

        first.loop.call_soon_threadsafe(first.app.state.stopping.tell)

        for viewer in viewers:
            viewer.wait_for_end()
        assert first.watch(training_id).wait_for_end()[-1].name == "progress", "told what is known, and let go"
        claimed(database)
        again = second.watch(training_id, viewers[0].named("state")[-1].id)
        again.wait_for("state", state="running")
        assert len(again.named("state")) == 1


def test_an_application_that_closes_leaves_no_thread_task_or_connection_behind(
    settings: Settings, database: Database
) -> None:
    before = set(threading.enumerate())
    for _ in range(3):
        with served(settings) as server:
            training_id = server.submit()
            viewer = server.watch(training_id)
            viewer.wait_for("progress")
            httpx.post(f"{server.url}/v1/trainings/{training_id}/cancel")
            viewer.wait_for_end()
        with TestClient(create_app(settings)) as client:
            assert client.get(f"/v1/trainings/{training_id}/events").text.count("event: state") == 2

    wait_until(lambda: not set(threading.enumerate()) - before, what=f"no thread but {before}")
    if not database.is_sqlite:
        with psycopg.connect(settings.resolved_database_url) as connection:
            found = connection.execute(LISTENERS, [sources.APPLICATION]).fetchone()
        assert found == (0,)


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Watcher]:
    watcher = Watcher(database)
    async with watcher.open(Stopping()):
        yield watcher


def test_the_watcher_ends_some_time_after_the_last_who_watches(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.live.watching.LINGER_SECONDS", 0.05)
    training_id = server.submit()

    async def watch() -> None:
        async with opened(database) as watcher:
            async with watcher.watching(training_id) as watched:
                assert watched.facts is not None
                assert len(watcher._tasks) == 2
            async with asyncio.timeout(20):
                while watcher._tasks:
                    await asyncio.sleep(0.01)
            async with watcher.watching(training_id):
                assert len(watcher._tasks) == 2

    asyncio.run(watch())


@pytest.fixture
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Settings, Database]]:
    """A PostgreSQL of the test's own, migrated."""
    with cluster() as postgresql:
        settings = Settings(home=tmp_path_factory.mktemp("restarted"), database_url=postgresql.url)
        database = Database(settings.resolved_database_url)
        migrating.migrate(database)
        yield postgresql, settings, database
        database.close()


def test_a_database_that_is_restarted_cuts_no_stream_and_what_happened_meanwhile_is_told(
    restarted: tuple[Cluster, Settings, Database],
) -> None:
    postgresql, settings, database = restarted
    with served(settings) as server:
        training_id = server.submit()
        claim = claimed(database)
        viewer = server.watch(training_id)
        viewer.wait_for("progress")

        postgresql.stop("fast")
        refused = httpx.get(server.address(training_id), timeout=60)
        postgresql.start()
        epoch_ended(database, claim, 1)
        viewer.wait_for("epoch", epoch=1)
        epoch_ended(database, claim, 2)
        viewer.wait_for("epoch", epoch=2)
        ended(database, claim, TrainingState.SUCCEEDED)

        assert viewer.wait_for_end()[-1].data["state"] == "succeeded"
        assert refused.status_code in {200, 503}
