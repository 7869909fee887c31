"""Server-sent events of a training: what happened, as it happens, over one connection."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cyfra.connection import Connection, may_pass
from cyfra.facts import ENDED, Progress
from cyfra.following import path_of
from cyfra.problems import NotCyfra, Problem, Unreachable
from cyfra.reading import read

SILENCE_SECONDS: Final = 45.0  # the service says something every 15 s, if only that it is there
RECONNECT_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class StateEvent:
    """The training has come to another state."""

    state: str
    attempt: int = 0
    at: datetime | None = None
    reason: str | None = None


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


@dataclass(frozen=True)
class ProgressEvent:
    """Some steps more are done."""

    progress: Progress


Event = StateEvent | EpochEvent | ProgressEvent


@dataclass(frozen=True)
class Message:
    """One message of an event stream (WHATWG HTML, 9.2): its kind, its data, and the id to go on after."""

    kind: str
    data: str
    id: str | None
    """The last id the stream has named so far."""


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """Return the messages of an event stream, given line by line without line ends."""
    kind, data, last_id = "message", list[str](), None
    for line in lines:
        if not line:
            if data:
                yield Message(kind, "\n".join(data), last_id)
            kind, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last_id = value


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
    is told twice or left out.

    Raises:
        Problem: If the service refuses.
        Unreachable: If it has been out of reach for longer than `patience_seconds`.
    """
    last_id: str | None = None
    heard_at = time.monotonic()
    while True:
        headers = {"Accept": "text/event-stream"} | ({} if last_id is None else {"Last-Event-ID": last_id})
        try:
            with connection.streaming(f"{path_of(training_id)}/events", headers, SILENCE_SECONDS) as response:
                if response.status_code == 204:
                    return
                heard_at = time.monotonic()
                for message in messages(response.iter_lines()):
                    heard_at = time.monotonic()
                    last_id = message.id or last_id
                    event = event_of(message)
                    if event is not None:
                        yield event
                    if isinstance(event, StateEvent) and event.state in ENDED:
                        return
        except (Unreachable, Problem) as trouble:
            if not may_pass(trouble) or time.monotonic() - heard_at > patience_seconds:
                raise
        time.sleep(RECONNECT_SECONDS)
