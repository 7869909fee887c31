"""GET /v1/trainings/{id}/events, over a real socket: the server reads what other processes write."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from service.database import Database
from service.live.facts import Position
from service.records import TrainingState
from service.settings import Settings
from tests.service.live.serving import Server, Viewer, served
from tests.service.live.working import begun, claimed, ended, epoch_ended, stepped
from tests.waiting import wait_until
from worker import claims, rescuing


def told(viewer: Viewer) -> list[tuple[str, int]]:
    return [(one.data["state"], one.data["attempt"]) for one in viewer.named("state")]


def drawn(viewer: Viewer) -> dict[int, float]:
    """Return the curve that a client comes to: an epoch replaces what it had, and an attempt that goes on cuts off."""
    curve: dict[int, float] = {}
    for one in viewer.events:
        if one.name == "state" and one.data["resumes_after_epoch"] is not None:
            curve = {epoch: loss for epoch, loss in curve.items() if epoch <= one.data["resumes_after_epoch"]}
        if one.name == "epoch":
            curve[one.data["epoch"]] = one.data["loss"]
    return curve


def assert_ids_grow(viewer: Viewer) -> None:
    """Each id must belong to one event alone, and tell of a later place than the one before it."""
    ids = [one.id for one in viewer.events if one.id is not None]
    assert len(set(ids)) == len(ids)
    changes = [Position.parse(one).change for one in ids]
    assert all(before <= after for before, after in pairwise(changes))


def test_a_viewer_sees_everything_that_happens_to_a_training_and_then_the_stream_ends(
    server: Server, database: Database
) -> None:
    training_id = server.submit()
    viewer = server.watch(training_id)
    viewer.wait_for("state", state="queued")

    claim = claimed(database)
    viewer.wait_for("state", state="running")
    stepped(database, claim, 7)
    viewer.wait_for("progress", step=7)
    for number in (1, 2):
        epoch_ended(database, claim, number)
        viewer.wait_for("epoch", epoch=number)
    ended(database, claim, TrainingState.SUCCEEDED)

    events = viewer.wait_for_end()
    assert (viewer.status, events[-1].name, events[-1].data["state"]) == (200, "state", "succeeded")
    assert told(viewer) == [("queued", 0), ("running", 1), ("succeeded", 1)]
    assert viewer.headers is not None
    assert viewer.headers["content-type"].startswith("text/event-stream")
    assert viewer.headers["cache-control"] == "no-store"
    assert viewer.headers["x-accel-buffering"] == "no"
    assert viewer.retry is not None
    assert 1_000 <= viewer.retry <= 3_000
    assert_ids_grow(viewer)


def test_who_comes_late_is_told_everything_at_once_and_who_polls_reads_the_same(
    server: Server, database: Database
) -> None:
    training_id = server.submit()
    claim = claimed(database)
    for number in range(1, 6):
        epoch_ended(database, claim, number, loss=1 / number)
    stepped(database, claim, 3)

    viewer = server.watch(training_id)
    progress = viewer.wait_for("progress").data

    polled = httpx.get(f"{server.url}/v1/trainings/{training_id}").json()
    history = httpx.get(f"{server.url}{polled['links']['history']}").json()
    assert polled["links"]["events"] == f"/v1/trainings/{training_id}/events"
    assert progress == polled["progress"]
    assert [one.data for one in viewer.named("state")] == polled["changes"]
    assert [one.data for one in viewer.named("epoch")] == [{**epoch, "attempt": 1} for epoch in history["epochs"]]
    viewer.leave()


def test_a_viewer_goes_on_where_the_connection_was_cut_in_another_process_too(
    server: Server, settings: Settings, database: Database
) -> None:
    training_id = server.submit()
    first = server.watch(training_id)
    claim = claimed(database)
    epoch_ended(database, claim, 1)
    seen = first.wait_for("epoch", epoch=1).id
    first.leave()
    epoch_ended(database, claim, 2)

    with served(settings) as another:
        second = another.watch(training_id, seen)
        second.wait_for("epoch", epoch=2)
        ended(database, claim, TrainingState.SUCCEEDED)
        second.wait_for_end()

    assert told(second) == [("succeeded", 1)]
    assert [one.data["epoch"] for one in second.named("epoch")] == [2]


def test_epochs_that_a_lost_worker_wrote_beyond_the_checkpoint_are_taken_back_and_come_anew(
    server: Server, database: Database
) -> None:
    training_id = server.submit()
    claim = claimed(database)
    viewer = server.watch(training_id)
    for number in (1, 2, 3):
        epoch_ended(database, claim, number, loss=float(number))
    cut_off = viewer.wait_for("epoch", epoch=3).id
    assert rescuing.abandon(database, "worker-a", 3, rescuing.WORKER_LOST) == 1
    again = claimed(database, "worker-b")
    viewer.wait_for("state", state="running", attempt=2, resumes_after_epoch=None)
    begun(database, again, after_epoch=1)
    viewer.wait_for("state", state="running", attempt=2, resumes_after_epoch=1)
    for number in (2, 3, 4):
        epoch_ended(database, again, number, loss=10.0 * number)
    viewer.wait_for("epoch", epoch=4)
    late, resumed = server.watch(training_id), server.watch(training_id, cut_off)
    ended(database, again, TrainingState.SUCCEEDED)

    for one in (viewer, late, resumed):
        one.wait_for_end()
        assert_ids_grow(one)
    assert drawn(viewer) == drawn(late) == {1: 1.0, 2: 20.0, 3: 30.0, 4: 40.0}
    assert [(one.data["epoch"], one.data["attempt"]) for one in late.named("epoch")] == [(1, 1), (2, 2), (3, 2), (4, 2)]
    assert [one.data["epoch"] for one in resumed.named("epoch")] == [2, 3, 4]
    assert told(resumed) == [("queued", 1), ("running", 2), ("succeeded", 2)]


def test_wherever_a_connection_is_cut_nothing_is_missed_and_nothing_comes_twice(
    server: Server, database: Database
) -> None:
    training_id = server.submit()
    claim = claimed(database)
    epoch_ended(database, claim, 1)
    epoch_ended(database, claim, 2)
    claims.release(database, claim, "the worker was stopped")
    again = claimed(database)
    begun(database, again, after_epoch=2)
    epoch_ended(database, again, 3)
    ended(database, again, TrainingState.FAILED, "diverged")
    whole = [one for one in server.watch(training_id).wait_for_end() if one.id is not None]
    assert len(whole) == 8

    for cut_after in range(1, 9):
        rest = server.watch(training_id, whole[cut_after - 1].id)
        assert [one for one in rest.wait_for_end() if one.id is not None] == whole[cut_after:]
        assert rest.status == (200 if cut_after < 8 else 204)


def test_each_way_to_end_comes_as_an_event_within_about_a_second(server: Server, database: Database) -> None:
    queued, cancelled, lost = server.submit(), server.submit(), server.submit()
    server.cancel(queued)
    assert server.watch(queued).wait_for_end()[-1].data["state"] == "cancelled"

    claim = claimed(database)
    assert claim.training_id == cancelled
    viewer = server.watch(cancelled)
    viewer.wait_for("state", state="running")
    asked_at = time.monotonic()
    server.cancel(cancelled)
    asked = viewer.wait_for("state", state="cancelling")
    took = time.monotonic() - asked_at
    polled = httpx.get(f"{server.url}/v1/trainings/{cancelled}").json()
    assert asked.data["at"] == polled["cancel_requested_at"]
    assert took < 5, "about one on a machine that does nothing else"
    claims.release(database, claim, "the worker was stopped")
    assert viewer.wait_for_end()[-1].data["state"] == "cancelled"
    assert_ids_grow(viewer)

    claimed(database, "worker-b")
    viewer = server.watch(lost)
    viewer.wait_for("state", state="running")
    rescuing.abandon(database, "worker-b", 1, rescuing.WORKER_LOST)
    assert viewer.wait_for_end()[-1].data["state"] == "failed"


def test_a_training_that_is_over_is_told_once_and_then_event_source_is_told_to_stop(
    server: Server, database: Database
) -> None:
    training_id = server.submit()
    server.cancel(training_id)
    last = server.watch(training_id).wait_for_end()[-1]

    reply = httpx.get(server.address(training_id), headers={"Last-Event-ID": last.id or ""})

    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["cache-control"] == "no-store"


HOSTILE = [
    "",
    "0",
    "x" * 10_000,
    "1.-.0",
    "999999999.-.1",
    "-1.-.-1",
    "\uff11.-.\uff11",
    "99999999999999999999.0.0",
    "\xff",
]
FORGED = ["{change}", "{change}.0.2", "{change}.0.1.c"]


def test_an_id_that_is_none_of_ours_replays_everything(server: Server, database: Database) -> None:
    server.submit()
    training_id = server.submit()
    claimed(database)
    epoch_ended(database, claimed(database), 1)
    whole = server.watch(training_id)
    whole.wait_for("progress")
    change = str(Position.parse(whole.named("state")[-1].id).change)

    for last_event_id in [*HOSTILE, *FORGED]:
        viewer = server.watch(training_id, last_event_id.replace("{change}", change))
        viewer.wait_for("progress")
        assert viewer.events == whole.events, last_event_id[:100]


@pytest.mark.parametrize("training_id", ["0123456789abcdef", "x", "a" * 500, "%00", "%ff"])
def test_an_unknown_training_is_not_found(server: Server, training_id: str) -> None:
    reply = httpx.get(server.address(training_id))

    assert reply.status_code == 404
    assert reply.json()["type"] == "/problems/unknown-training"


def test_a_query_parameter_that_does_not_exist_is_refused(server: Server) -> None:
    assert httpx.get(f"{server.address(server.submit())}?since=3").status_code == 422


def test_a_training_that_is_deleted_ends_the_stream(server: Server) -> None:
    training_id = server.submit()
    viewers = [server.watch(training_id), server.watch(training_id)]
    for viewer in viewers:
        viewer.wait_for("progress")

    assert httpx.delete(f"{server.url}/v1/trainings/{training_id}").status_code == 204

    for viewer in viewers:
        viewer.wait_for_end()
    assert httpx.get(server.address(training_id)).status_code == 404


def test_no_more_are_taken_in_than_the_setting_says_and_who_leaves_makes_room(settings: Settings) -> None:
    with served(settings, max_viewers=2, ping_seconds=0.05) as server:
        training_id = server.submit()
        viewers = [server.watch(training_id) for _ in range(2)]
        for viewer in viewers:
            viewer.wait_for("progress")

        refused = httpx.get(server.address(training_id))
        viewers[0].leave()

        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/too-many-viewers"
        assert int(refused.headers["retry-after"]) > 0
        wait_until(lambda: "cyfra_viewers 1.0" in httpx.get(f"{server.url}/metrics").text, what="one viewer left")
        server.watch(training_id).wait_for("progress")
        metrics = httpx.get(f"{server.url}/metrics").text
        assert 'cyfra_events_sent_total{event="state"} 3.0' in metrics
        assert 'cyfra_events_sent_total{event="progress"} 3.0' in metrics


def test_fifty_viewers_cost_the_database_nothing_between_events_and_no_more_than_one_at_an_event(
    settings: Settings, database: Database
) -> None:
    statements: list[str] = []
    with served(settings, ping_seconds=0.2) as server:
        training_id = server.submit()
        claim = claimed(database)
        viewers = [server.watch(training_id) for _ in range(50)]
        for viewer in viewers:
            viewer.wait_for("progress")
        engine = server.app.state.resources.database.engine
        wait_until(lambda: engine.pool.checkedout() == 0, what="a server that reads nothing")
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

        pings = [len(viewer.named("comment")) for viewer in viewers]
        for viewer, before in zip(viewers, pings, strict=True):
            viewer.wait_for("comment", count=before + 3)
        idle = list(statements)
        epoch_ended(database, claim, 1)
        for viewer in viewers:
            viewer.wait_for("epoch")

        assert idle == []
        read = [one for one in statements if one.lstrip().upper().startswith("SELECT")]
        assert 3 <= len(read) <= 6, read


def test_the_example_in_the_documentation_follows_a_training_to_its_end(server: Server, database: Database) -> None:
    page = (Path(__file__).parents[3] / "docs" / "live.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0]
    training_id = server.submit()
    ended(database, claimed(database), TrainingState.SUCCEEDED)
    example: dict[str, Any] = {}

    exec(code, example)
    events = list(example["events"](server.address(training_id)))

    assert [(name, data["state"]) for name, data in events if name == "state"] == [
        ("state", "queued"),
        ("state", "running"),
        ("state", "succeeded"),
    ]
