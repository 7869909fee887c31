"""Submit a training once, although the service may go away in that very moment."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

import httpx

from service.terminal.client import Client, decoded
from service.terminal.exits import CommandFailed, Refused, Unreachable
from service.terminal.shapes import Training

PAUSES_SECONDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)  # together longer than the API takes to start
STILL_IN_FLIGHT: Final = "/problems/still-in-flight"
PASSING_STATUSES: Final = frozenset({502, 503, 504})  # 502 and 504 come from a proxy whose service is away


def submit(
    client: Client,
    spec: Mapping[str, object],
    *,
    pauses_seconds: Sequence[float] = PAUSES_SECONDS,
    lost_sight: Callable[[CommandFailed], None] = lambda _trouble: None,
) -> httpx.Response:
    """Submit a training and return the service's answer.

    A service that breaks off, cannot be reached, or cannot answer just now is asked again after each of `pauses_seconds`. The
    request carries the same Idempotency-Key each time: whatever became of the first one, there is one training in the end.
    `lost_sight` is called once, when that begins.
    """
    key = str(uuid.uuid4())
    for tried, pause in enumerate(pauses_seconds):
        try:
            return client.submit(spec, key)
        except (Unreachable, Refused) as trouble:
            if not _may_pass(trouble):
                raise
            if tried == 0:
                lost_sight(trouble)
        time.sleep(pause)
    return client.submit(spec, key)


def submitted(response: httpx.Response) -> Training:
    """Return the training of the answer."""
    return cast("Training", decoded(response))


def _may_pass(trouble: Unreachable | Refused) -> bool:
    if isinstance(trouble, Unreachable):
        return True
    return trouble.problem.get("type") == STILL_IN_FLIGHT or trouble.problem.get("status") in PASSING_STATUSES
