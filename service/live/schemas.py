"""What events say. The third kind, `progress`, is the Progress of a training."""

from datetime import datetime

from pydantic import BaseModel, Field


class StateEvent(BaseModel):
    """`state`: a change of state."""

    state: str = Field(description="queued, running, cancelling, succeeded, failed or cancelled")
    attempt: int
    at: datetime
    reason: str | None
    resumes_after_epoch: int | None = Field(
        description="Of a running one: it goes on after this epoch, those beyond are void and come anew. Null until known; "
        "the event then comes a second time"
    )


class EpochEvent(BaseModel):
    """`epoch`: the figures of an epoch that ended."""

    epoch: int
    attempt: int = Field(description="The attempt that computed it")
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float
