"""Submit a training once, although the service may go away in that very moment."""

import uuid
from collections.abc import Callable, Mapping, Sequence

import httpx

from cyfra import Facts, trainings
from cyfra.connection import PAUSES_SECONDS
from cyfra.following import path_of
from service.terminal.client import Client, failure_of, told, troubles_told
from service.terminal.exits import CommandFailed


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
    with troubles_told(client.url):
        return trainings.submit(
            client.connection,
            spec,
            pauses_seconds=pauses_seconds,
            lost_sight=lambda trouble: lost_sight(failure_of(trouble, client.url)),
        )


def rerun(
    client: Client,
    training_id: str,
    *,
    pauses_seconds: Sequence[float] = PAUSES_SECONDS,
    lost_sight: Callable[[CommandFailed], None] = lambda _trouble: None,
) -> httpx.Response:
    """Submit a training once more and return the service's answer; asked again as `submit` does."""
    with troubles_told(client.url):
        return client.connection.post(
            f"{path_of(training_id)}/rerun",
            headers={"Idempotency-Key": str(uuid.uuid4())},
            pauses_seconds=pauses_seconds,
            lost_sight=lambda trouble: lost_sight(failure_of(trouble, client.url)),
        )


def submitted(response: httpx.Response) -> Facts:
    """Return the training of the answer."""
    return told(Facts, response)
