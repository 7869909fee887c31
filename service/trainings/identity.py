"""What a training's id looks like."""

import secrets
from typing import Final

from service.errors import UnknownTraining

LENGTH: Final = 16


def new_id() -> str:
    """Return an id that no training has."""
    return secrets.token_hex(LENGTH // 2)


def is_id(text: object) -> bool:
    """Whether a training could be called so."""
    return isinstance(text, str) and len(text) == LENGTH and set(text) <= set("0123456789abcdef")


def unknown(training_id: str) -> UnknownTraining:
    """Return the error for an id that no training has."""
    return UnknownTraining(f"There is no training {training_id[:50]!r}. They are listed at /v1/trainings.")
