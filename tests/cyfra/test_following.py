"""Waiting for a training: long polls, patience, and how it ends."""

import io
import time

import pytest

import cyfra
from cyfra.bars import EpochLines, TerminalBar, card
from cyfra.facts import Facts
from cyfra.following import follow
from cyfra.reading import read
from cyfra.training import Training
from tests.cyfra.conftest import Answer, answering, breaking, connection_to

QUEUED = {
    "id": "t1",
    "state": "queued",
    "created_at": "2025-11-22T12:00:00Z",
    "dataset": "mnist-5k",
    "queue_position": 3,
}
PROGRESS = {
    "activity": "training",
    "epoch": 1,
    "epochs": 2,
    "step": 5,
    "steps": 10,
    "eta_seconds": 65,
    "accuracy": 0.91,
    "loss": 0.25,
}
RUNNING = QUEUED | {"state": "running", "started_at": "2025-11-22T12:00:01Z", "progress": PROGRESS}
SUCCEEDED = RUNNING | {
    "state": "succeeded",
    "finished_at": "2025-11-22T12:00:31Z",
    "metrics": {"test_accuracy": 0.981, "test_loss": 0.06, "parameters": 29514},
}
FAILED = RUNNING | {"state": "failed", "error": {"type": "diverged", "detail": "The loss became <NaN>."}}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause was; none takes any time."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


def held(body: object, etag: str) -> Answer:
    return answering(200, body, ETag=etag, Preference_Applied="wait=20", Retry_After="5")


def test_each_look_waits_for_news_and_no_answer_is_sent_twice(slept: list[float]) -> None:
    connection, requests = connection_to(
        held(QUEUED, '"1"'), answering(304, ETag='"1"', Preference_Applied="wait=20"), held(SUCCEEDED, '"2"')
    )

    states = [facts.state for facts in follow(connection, "t1")]

    assert states == ["queued", "queued", "succeeded"]
    assert [request.headers.get("If-None-Match") for request in requests] == [None, '"1"', '"1"']
    assert {request.headers["Prefer"] for request in requests} == {"wait=20"}
    assert max(slept) <= 0.5


def test_a_service_that_does_not_hold_answers_back_is_asked_as_seldom_as_it_says(slept: list[float]) -> None:
    connection, _ = connection_to(answering(200, QUEUED, Retry_After="5"), answering(200, SUCCEEDED))

    list(follow(connection, "t1"))

    assert slept == [pytest.approx(5, abs=0.5)]


def test_a_service_that_is_away_for_a_moment_is_waited_for(slept: list[float]) -> None:
    said: list[Exception] = []
    connection, _ = connection_to(breaking, answering(502), held(RUNNING, '"1"'), breaking, held(SUCCEEDED, '"2"'))

    states = [facts.state for facts in follow(connection, "t1", lost_sight=said.append)]

    assert states == ["running", "succeeded"]
    assert len(said) == 2


def test_a_service_that_stays_away_is_given_up(slept: list[float]) -> None:
    connection, _ = connection_to(*[breaking] * 9)

    with pytest.raises(cyfra.Unreachable):
        list(follow(connection, "t1", patience_seconds=0))


def test_a_refusal_ends_the_waiting_at_once(slept: list[float]) -> None:
    connection, requests = connection_to(answering(404, {"detail": "There is no training 't1'."}))

    with pytest.raises(cyfra.NotFound, match="There is no training 't1'"):
        list(follow(connection, "t1"))

    assert len(requests) == 1


def waiting(*answers: Answer) -> Training:
    connection, _ = connection_to(*answers)
    return Training(connection, read(Facts, QUEUED))


def test_a_training_that_failed_says_why(slept: list[float]) -> None:
    with pytest.raises(cyfra.TrainingEnded, match=r"Training t1 failed: diverged\. The loss became <NaN>") as caught:
        waiting(held(FAILED, '"1"')).wait(bar=False)

    assert (caught.value.state, caught.value.reason) == ("failed", "diverged")


def test_a_training_that_takes_longer_than_one_wants_to_wait_goes_on() -> None:
    began = time.monotonic()

    with pytest.raises(cyfra.WaitedTooLong, match=r"is running after 0\.2 s, and goes on"):
        waiting(held(RUNNING, '"1"'), answering(304)).wait(timeout=0.2, bar=False)

    assert time.monotonic() - began < 5


def test_lines_are_written_where_there_is_no_terminal() -> None:
    written = io.StringIO()

    with EpochLines(written) as lines:
        for each in (QUEUED, QUEUED, RUNNING, RUNNING, SUCCEEDED):
            lines.show(read(Facts, each))

    assert written.getvalue().splitlines() == [
        "queued, 2 before it",
        "epoch 1/2 is over  epoch 2/2  accuracy 91.00 %  loss 0.2500  1:05 left",
        "succeeded  test accuracy 98.10 %  test loss 0.0600",
    ]


def test_a_bar_is_drawn_over_itself_on_a_terminal() -> None:
    written = io.StringIO()

    with TerminalBar(written) as bar:
        bar.show(read(Facts, RUNNING))
        bar.show(read(Facts, SUCCEEDED))

    assert "\rtraining     ━━━━━━━━━━━━━━━━━━──────  75 %  epoch 2/2" in written.getvalue()
    assert written.getvalue().endswith("\n")


def test_a_card_escapes_what_a_service_says() -> None:
    shown = card(read(Facts, FAILED | {"network": "<script>"}))

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "&lt;NaN&gt;" in shown
