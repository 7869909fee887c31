"""Look at a training until it has ended: long polls that cost the service next to nothing while there is no news."""

import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import httpx

from cyfra.connection import Connection, LostSight, decoded
from cyfra.facts import Facts
from cyfra.problems import Problem, Unreachable, retry_after
from cyfra.reading import read

HOLD_SECONDS: Final = 20  # how long the service may hold back an answer that holds no news
LEAST_PAUSE_SECONDS: Final = 0.5  # between two looks, however fast the news come
MOST_PAUSE_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 30.0


def path_of(training_id: str) -> str:
    """Return the address of a training."""
    return f"/v1/trainings/{quote(training_id, safe='')}"


def follow(
    connection: Connection,
    training_id: str,
    *,
    hold_seconds: int = HOLD_SECONDS,
    patience_seconds: float = PATIENCE_SECONDS,
    lost_sight: LostSight = lambda _trouble: None,
    deadline: float | None = None,
) -> Iterator[Facts]:
    """Yield the training at every look, the very same object while there is no news; the last time when it has ended.

    Each look asks with `If-None-Match` and `Prefer: wait`: the service answers as soon as anything has changed, or after
    `hold_seconds`. One that does not hold answers back is asked again after as many seconds as it says (`Retry-After`).

    Args:
        connection: Where the service is.
        training_id: Which training.
        hold_seconds: How long the service may hold an answer back.
        patience_seconds: How long to wait for a service that cannot be reached, or cannot answer.
        lost_sight: Called once each time that begins.
        deadline: The `time.monotonic()` after which nothing is yielded any more.

    Raises:
        Problem: If the service refuses.
        Unreachable: If it has been out of reach for longer than `patience_seconds`.
    """
    lost_since: float | None = None
    etag: str | None = None
    facts: Facts | None = None
    while deadline is None or time.monotonic() < deadline:
        looked_at = time.monotonic()
        held = hold_seconds if deadline is None else max(1, min(hold_seconds, int(deadline - looked_at)))
        pause = LEAST_PAUSE_SECONDS
        try:
            response = _look(connection, training_id, etag, held)
        except (Unreachable, Problem) as trouble:
            if not _is_away(trouble) or (lost_since is not None and looked_at - lost_since > patience_seconds):
                raise
            if lost_since is None:
                lost_since = looked_at
                lost_sight(trouble)
        else:
            lost_since = None
            if facts is None or response.status_code != httpx.codes.NOT_MODIFIED:
                etag = response.headers.get("ETag")
                facts = read(Facts, decoded(response))
            yield facts
            if facts.has_ended:
                return
            if "Preference-Applied" not in response.headers:
                pause = max(pause, min(retry_after(response) or 0.0, MOST_PAUSE_SECONDS))
        _sleep_until(looked_at + pause, deadline)


def _look(connection: Connection, training_id: str, etag: str | None, hold_seconds: int) -> httpx.Response:
    headers = {"Prefer": f"wait={hold_seconds}"} | ({} if etag is None else {"If-None-Match": etag})
    return connection.get(path_of(training_id), headers=headers, pauses_seconds=())


def _is_away(trouble: Unreachable | Problem) -> bool:
    return isinstance(trouble, Unreachable) or trouble.status >= 500 or trouble.status == httpx.codes.TOO_MANY_REQUESTS


def _sleep_until(moment: float, deadline: float | None) -> None:
    until = moment if deadline is None else min(moment, deadline)
    time.sleep(max(0.0, until - time.monotonic()))
