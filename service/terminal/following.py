"""Look at a training until it has come to its end."""

from collections.abc import Callable, Iterator
from typing import Final

from cyfra import Facts, following
from cyfra.following import PATIENCE_SECONDS
from service.terminal.client import Client, failure_of, troubles_told
from service.terminal.exits import CommandFailed

HOLD_SECONDS: Final = 1  # the service answers earlier when there is news


def follow(
    client: Client,
    training_id: str,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    lost_sight: Callable[[CommandFailed], None] = lambda _trouble: None,
) -> Iterator[Facts]:
    """Yield the training at every look, about one a second, the last time in its terminal state.

    A service that cannot be reached, or cannot answer, for less than `patience_seconds` is waited for;
    `lost_sight` is called once each time that begins.
    """
    with troubles_told(client.url):
        yield from following.follow(
            client.connection,
            training_id,
            hold_seconds=HOLD_SECONDS,
            patience_seconds=patience_seconds,
            lost_sight=lambda trouble: lost_sight(failure_of(trouble, client.url)),
        )
