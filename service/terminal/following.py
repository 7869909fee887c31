"""Look at a training until it has come to its end."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from service.terminal.client import Client
from service.terminal.exits import CommandFailed, Refused, Unreachable
from service.terminal.shapes import Training

TERMINAL_STATES: Final = frozenset({"succeeded", "failed", "cancelled"})
LOOK_SECONDS: Final = 0.5
HOLD_SECONDS: Final = 1  # the service answers earlier when the training has ended
PATIENCE_SECONDS: Final = 30.0


def follow(
    client: Client,
    training_id: str,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    lost_sight: Callable[[CommandFailed], None] = lambda _trouble: None,
) -> Iterator[Training]:
    """Yield the training at every look, about one a second, the last time in its terminal state.

    A service that cannot be reached, or cannot answer, for less than `patience_seconds` is waited for;
    `lost_sight` is called once each time that begins.
    """
    lost_since: float | None = None
    while True:
        looked_at = time.monotonic()
        try:
            training = client.training(training_id, wait_seconds=HOLD_SECONDS)
        except (Unreachable, Refused) as trouble:
            if not _may_pass(trouble) or (lost_since is not None and looked_at - lost_since > patience_seconds):
                raise
            if lost_since is None:
                lost_since = looked_at
                lost_sight(trouble)
        else:
            lost_since = None
            yield training
            if training["state"] in TERMINAL_STATES:
                return
        time.sleep(max(0.0, looked_at + LOOK_SECONDS - time.monotonic()))


def _may_pass(trouble: CommandFailed) -> bool:
    return isinstance(trouble, Unreachable) or (
        isinstance(trouble, Refused) and trouble.problem.get("status", 0) >= 500
    )
