"""`/v1/batch-predictions`: a file for what is done with batches, one for what came out of them."""

from service.batches.endpoints.batches import router as reading
from service.batches.endpoints.outcomes import router as outcomes
from service.batches.endpoints.submitting import router as submitting

reading.include_router(outcomes)

__all__ = ["reading", "submitting"]
