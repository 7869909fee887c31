"""Events of a training: read as the standard says, and gone on with after a break."""

import json

import httpx
import pytest

import cyfra
from cyfra.events import EventStream, Message, event_of, events
from tests.cyfra.conftest import Answer, answering, breaking, connection_to

EPOCH = {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": None, "learning_rate": 0.001, "seconds": 1.5}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def streaming(*lines: str) -> Answer:
    """Return what answers with an event stream that ends after its lines."""
    text = "\n".join(lines) + "\n"
    return lambda _request: httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


def event(kind: str, data: object, id: str | None = None) -> str:  # noqa: A002
    named = [] if id is None else [f"id: {id}"]
    return "\n".join([f"event: {kind}", *named, f"data: {json.dumps(data)}", ""])


def test_messages_are_read_as_the_standard_says() -> None:
    lines = [
        ": a comment",
        "",
        "event: a",
        "id: 7",
        "data: one",
        "data:two",
        "retry: 2500",
        "",
        "data:  three",
        "",
        "id: 8",
        "data: cut off",
    ]

    stream = EventStream()

    assert list(stream.messages(lines)) == [Message("a", "one\ntwo"), Message("message", " three")]
    assert stream.last_id == "7"
    assert stream.retry_seconds == 2.5


def test_a_stream_that_breaks_goes_on_after_the_last_event() -> None:
    connection, requests = connection_to(
        streaming(event("state", {"state": "running", "attempt": 1}, "1"), event("epoch", EPOCH, "2")),
        breaking,
        streaming(event("progress", {"epoch": 1, "epochs": 2}), event("state", {"state": "succeeded"}, "3")),
    )

    told = list(events(connection, "t1"))

    assert told == [
        cyfra.StateEvent("running", 1),
        cyfra.EpochEvent(1, 0.5, 0.8, learning_rate=0.001, seconds=1.5),
        cyfra.ProgressEvent(cyfra.Progress(epoch=1, epochs=2)),
        cyfra.StateEvent("succeeded"),
    ]
    assert [request.headers.get("Last-Event-ID") for request in requests] == [None, "2", "2"]
    assert str(requests[0].url) == "http://cyfra/v1/trainings/t1/events"


def test_a_training_of_which_nothing_is_left_to_tell_ends_the_stream() -> None:
    connection, _ = connection_to(answering(204))

    assert list(events(connection, "t1")) == []


def test_a_refusal_is_told() -> None:
    connection, _ = connection_to(answering(404, {"detail": "There is no training 't1'."}))

    with pytest.raises(cyfra.NotFound, match="no training 't1'"):
        list(events(connection, "t1"))


def test_a_service_that_stays_away_is_given_up() -> None:
    connection, _ = connection_to(*[breaking] * 9)

    with pytest.raises(cyfra.Unreachable):
        list(events(connection, "t1", patience_seconds=0))


def test_events_of_a_kind_that_is_not_known_are_passed_over() -> None:
    assert event_of(Message("weather", "{}")) is None
