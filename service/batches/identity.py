"""Which batch an id means."""

from service.errors import UnknownBatch
from service.trainings.identity import is_id, new_id

__all__ = ["is_id", "new_id", "unknown"]


def unknown(batch_id: str) -> UnknownBatch:
    """Return the error for an id that no batch has."""
    return UnknownBatch(f"There is no batch {batch_id[:50]!r}. They are listed at /v1/batch-predictions.")
