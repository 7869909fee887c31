"""Trainings as JSON: what a client submits, and what it reads."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from service.edge.strictness import Strict
from service.errors import unknown
from service.networks.schemas import Network
from service.trainings.presets import TRAININGS, overridden
from service.trainings.recipes import Recipe

LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$")]
LabelValue = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,255}$")]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]


class Validation(Strict):
    """What the figures `val_loss` and `val_accuracy` are measured on."""

    source: Annotated[Literal["train", "test", "none"], Field(alias="from")] = "train"
    """`train` keeps a stratified share of the training images aside; `test` looks at the test set, and the report says so."""
    fraction: Annotated[float, Field(ge=0.001, le=0.5)] = 0.1
    """The share of the training images that is kept aside."""


class TrainingRequest(Strict):
    """A training to be done: a preset, a preset with some fields overridden, or at least a data set and a network."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"preset": "quickstart"},
                {"preset": "quickstart", "recipe": {"epochs": 3}, "seed": 7, "register_as": "mine"},
                {
                    "dataset": "mnist-5k",
                    "network": {
                        "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]
                    },
                    "recipe": {"epochs": 5, "optimizer": {"name": "adam", "learning_rate": 0.003}},
                },
            ]
        }
    )

    preset: str | None = None
    """`quickstart`, `lecture-mnist` or `lecture-cifar10`. Every other field overrides it."""
    dataset: Annotated[str, Field(max_length=100)] | None = None
    """The name of a data set."""
    network: Network | None = None
    """The name of a network, or `{"layers": […]}`."""
    recipe: Recipe = Recipe()
    validation: Validation = Validation()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """Data order, augmentation and initial weights follow from it."""
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=32, default_factory=dict)]
    """Keys and values to find the training by."""
    register_as: ModelName | None = None
    """The name of the model that gets a new version when the training succeeds."""
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    """The highest goes first, before all fairness; everybody may lower it, who may raise it is a setting."""

    @model_validator(mode="before")
    @classmethod
    def _lay_over_the_preset(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        if isinstance(data, dict) and isinstance(data.get("preset"), str) and data["preset"] in TRAININGS:
            return overridden(TRAININGS[data["preset"]], data)
        return data

    @field_validator("preset")
    @classmethod
    def _is_known(cls, preset: str | None) -> str | None:
        if preset is not None and preset not in TRAININGS:
            raise PydanticCustomError("value_error", "{advice}", {"advice": unknown(preset, TRAININGS, "preset")})
        return preset

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        missing = [name for name in ("dataset", "network") if getattr(self, name) is None]
        if missing:
            advice = f'Give {" and ".join(missing)}, or a preset such as {{"preset": "quickstart"}}'
            raise PydanticCustomError("value_error", "{advice}", {"advice": advice})
        return self


class Progress(BaseModel):
    """Where a running training stands."""

    activity: str | None = Field(description="What it does: loading data, training, evaluating, exporting …")
    epoch: int = Field(description="Epochs finished")
    epochs: int
    step: int = Field(description="Steps done in the current epoch")
    steps: int = Field(description="Steps an epoch has")
    eta_seconds: float | None
    loss: float | None
    accuracy: float | None


class Metrics(BaseModel):
    """What a training that succeeded achieved on the test set."""

    test_accuracy: float
    test_loss: float
    parameters: int


class Failure(BaseModel):
    """Why a training failed."""

    type: str = Field(
        description="worker-lost, out-of-memory, time-limit, diverged, data-unavailable, invalid, internal"
    )
    detail: str


class Change(BaseModel):
    """One change of state."""

    at: datetime
    state: str
    attempt: int
    reason: str | None
    resumes_after_epoch: int | None = Field(
        description="Of `running`: the attempt goes on after this epoch, those beyond are computed anew; null until known"
    )


class RegisteredAs(BaseModel):
    """A model version that came out of the training."""

    name: str
    version: int


class TrainingReply(BaseModel):
    """A training."""

    id: str
    state: Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
    owner: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    attempt: int
    compute_seconds: float = Field(description="What it has cost so far: the seconds of all attempts that have ended")
    preset: str | None
    dataset: str
    network: str | None
    register_as: str | None
    priority: int = Field(description="The highest goes first")
    rerun_of: str | None = Field(description="The training that it repeats")
    labels: dict[str, str]
    spec: dict[str, Any] = Field(description="Everything needed to repeat it")
    queue_position: int | None = Field(
        description="1 is next. Forecast from whose turn it will be; null unless queued, or while over 5,000 wait"
    )
    starts_in_seconds: int | None = Field(
        description="When its turn will come, as far as the pace of earlier trainings tells; null when nobody knows"
    )
    ends_in_seconds: int | None = Field(description="When a queued training will have ended, told likewise")
    poll_after_seconds: int | None = Field(
        description="When it makes sense to ask again; null when nothing will change"
    )
    progress: Progress
    metrics: Metrics | None
    error: Failure | None
    changes: list[Change]
    models: list[RegisteredAs]
    links: dict[str, str]


class TrainingPage(BaseModel):
    """Some trainings, newest first."""

    trainings: list[TrainingReply]
    next: str | None = Field(description="The address of the next page; null on the last")


class PresetReply(BaseModel):
    """A training that has a name: submit `{"preset": NAME}`, and any other field to override it."""

    name: str
    dataset: str
    network: str
    recipe: dict[str, Any] = Field(description="The fields that differ from their defaults")
    validation: dict[str, Any]
    seed: int


class PresetList(BaseModel):
    """All trainings that have a name."""

    presets: list[PresetReply]
