"""Server-sent events of a training: what happened, as it happens, over one connection."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx

from cyfra.connection import Connection, may_pass
from cyfra.facts import ENDED, Progress
from cyfra.following import path_of
from cyfra.problems import NotCyfra, Problem, Unreachable
from cyfra.reading import read

SILENCE_SECONDS: Final = 45.0  # the service says something every 15 s, if only that it is there
RECONNECT_SECONDS: Final = 1.0
LONGEST_RECONNECT_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class StateEvent:
    """The training has come to another state."""

    state: str
    attempt: int = 0
    at: datetime | None = None
    reason: str | None = None
    resumes_after_epoch: int | None = None
    """Of a running one: it goes on after this epoch; those beyond, if any were told, are void and come anew."""


@dataclass(frozen=True)
class EpochEvent:
    """An epoch is over."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None
    attempt: int = 0
    """The attempt that computed it."""


@dataclass(frozen=True)
class ProgressEvent:
    """Some steps more are done."""

    progress: Progress


Event = StateEvent | EpochEvent | ProgressEvent


@dataclass(frozen=True)
class Message:
    """One message of an event stream."""

    kind: str
    data: str


class EventStream:
    """Reads an event stream (WHATWG HTML, 9.2), and knows how to go on after a break."""

    def __init__(self) -> None:
        self.last_id: str | None = None
        """The last id that the stream has named."""
        self.retry_seconds = RECONNECT_SECONDS
        """How long to wait before the connection is made again."""

    def messages(self, lines: Iterable[str]) -> Iterator[Message]:
        """Return the messages in the lines (without line ends) of one connection; one that is cut off is none."""
        kind, data, last_id = "message", list[str](), self.last_id
        for line in lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                self.last_id = last_id
                if data:
                    yield Message(kind, "\n".join(data))
                kind, data = "message", []
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                last_id = value
            elif name == "retry" and value.isascii() and value.isdigit():
                self.retry_seconds = min(int(value) / 1000, LONGEST_RECONNECT_SECONDS)


def event_of(message: Message) -> Event | None:
    """Return what a message tells; None for a kind that this client does not know."""
    try:
        data = json.loads(message.data)
    except ValueError as error:
        raise NotCyfra(f"The event {message.kind!r} is not JSON: {message.data[:100]!r}") from error
    if message.kind == "state":
        return read(StateEvent, data)
    if message.kind == "epoch":
        return read(EpochEvent, data)
    if message.kind == "progress":
        return ProgressEvent(read(Progress, data))
    return None


def events(connection: Connection, training_id: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Event]:
    """Yield every event of a training from its beginning, the last one being the state in which it ended.

    A connection that breaks is made again, and goes on after the last event that came (`Last-Event-ID`): no state and no epoch
    is left out or told twice. Epochs that a lost worker has to compute anew are told anew, with their attempt.

    Raises:
        Problem: If the service refuses.
        Unreachable: If it has been out of reach for longer than `patience_seconds`.
    """
    stream = EventStream()
    heard_at = time.monotonic()
    while True:
        pause = 0.0
        headers = {"Accept": "text/event-stream"}
        if stream.last_id is not None:
            headers["Last-Event-ID"] = stream.last_id
        try:
            with connection.streaming(f"{path_of(training_id)}/events", headers, SILENCE_SECONDS) as response:
                if response.status_code == httpx.codes.NO_CONTENT:  # nothing is left to tell
                    return
                for message in stream.messages(response.iter_lines()):
                    heard_at = time.monotonic()
                    event = event_of(message)
                    if event is not None:
                        yield event
                    if isinstance(event, StateEvent) and event.state in ENDED:
                        return
        except (Unreachable, Problem) as trouble:
            if not may_pass(trouble) or time.monotonic() - heard_at > patience_seconds:
                raise
            pause = getattr(trouble, "retry_after_seconds", None) or 0.0
        time.sleep(max(stream.retry_seconds, min(pause, LONGEST_RECONNECT_SECONDS)))
