"""Advice as JSON."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class AdviceItem(BaseModel):
    """What one rule found."""

    model_config = ConfigDict(serialize_by_alias=True)

    rule: str = Field(description="Its name in docs/advice.md")
    severity: str = Field(description="info or warning")
    finding: str
    figures: dict[str, float | int | str] = Field(description="What says so")
    change: str = Field(alias="try", description="One change to try, in words")
    patch: dict[str, Any] | None = Field(
        description="The same as JSON, to be laid over the training's `spec`; null where words must do"
    )


class AdviceReply(BaseModel):
    """What the figures of a training say so far; nothing, when nothing stands out."""

    training: str
    state: str
    epochs: int = Field(description="That were looked at")
    advice: list[AdviceItem]
