"""The only reader of the environment: every setting is a `CYFRA_*` variable with a default that works on one machine."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process. `Settings()` reads the environment; keyword arguments win over it (the tests use that)."""

    model_config = SettingsConfigDict(
        env_prefix="CYFRA_", extra="ignore", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    home: Path = Field(
        default=Path("var"), description="Where state lives: database, embedded broker, prepared data sets."
    )
    database_url: str | None = Field(default=None, description="SQLAlchemy URL. Default: SQLite in the home.")
    broker_url: str | None = Field(
        default=None, description="Celery broker URL, e.g. redis://… Default: files in the home."
    )
    datasets: Path | None = Field(default=None, description="A folder of data sets; it has priority over download.")
    keras_backend: Literal["tensorflow", "jax", "torch"] = Field(
        default="tensorflow", validation_alias=AliasChoices("keras_backend", "KERAS_BACKEND")
    )
    queue_name: str = Field(
        default="cyfra", pattern=r"^[a-z0-9_-]+$", description="The queue that the doorbell rings in."
    )

    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines for people (`text`), or one JSON object a line (`json`)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that are written: debug, info, warning or error."
    )

    allow_open: bool = Field(
        default=False, description="Listen on addresses other than loopback although there are no keys."
    )
    caller_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The request header in which a trusted proxy says who is calling. Default: everybody is anybody.",
    )
    priority_callers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Who may raise a training's priority, with commas between. Without a caller header all may.",
    )
    idempotency_hours: float = Field(
        default=24, gt=0, le=8760, description="How long an answer is given again for the same Idempotency-Key."
    )
    max_json_bytes: int = Field(default=1 << 20, gt=0, description="Largest body of a JSON request, bytes.")
    max_upload_bytes: int = Field(default=16 << 20, gt=0, description="Largest body of an upload, bytes.")
    max_held_bytes: int = Field(
        default=256 << 20, gt=0, description="Most bytes of bodies that one process of the API holds at a time."
    )
    max_dataset_bytes: int = Field(default=512 << 20, gt=0, description="Largest body of a data set, bytes.")
    max_dataset_files: int = Field(default=200_000, gt=0, description="Most files in the zip of a data set.")
    max_dataset_unpacked_bytes: int = Field(
        default=4 << 30, gt=0, description="Most that a data set may unpack to, and that its pixels may take, bytes."
    )
    dataset_side: int = Field(
        default=64,
        ge=8,
        le=512,
        description="Longest side that the pictures of a data set get unless a size is asked for.",
    )
    max_imports: int = Field(default=4, gt=0, description="Most data sets of one caller that are imported at a time.")
    max_images: int = Field(default=64, gt=0, description="Most images in one prediction request.")
    max_tensor_images: int = Field(
        default=1024, gt=0, description="Most images in one request of /v2, TensorFlow Serving's or MLflow's protocol."
    )
    decoding_threads: int = Field(
        default=2, gt=0, description="How many requests' pictures one process of the API decodes at a time."
    )
    max_waiting_pictures: int = Field(
        default=1024, gt=0, description="Most pictures that wait for the networks of one process of the API."
    )
    max_engine_bytes: int = Field(
        default=512 << 20,
        gt=0,
        description="Most memory that loaded models may take in one process of the API, roughly.",
    )
    max_batch_bytes: int = Field(default=512 << 20, gt=0, description="Largest body of a batch of predictions, bytes.")
    max_batch_images: int = Field(default=100_000, gt=0, description="Most pictures in a batch of predictions.")
    max_image_pixels: int = Field(default=50_000_000, gt=0, description="Largest image that is decoded, pixels.")
    max_layers: int = Field(default=200, gt=0, le=500, description="Deepest network that is trained, layers.")
    max_parameters: int = Field(default=50_000_000, gt=0, description="Largest network that is trained.")
    max_activation_bytes: int = Field(
        default=6 << 30, gt=0, description="Most memory that one batch's activations may take."
    )
    max_viewers: int = Field(
        default=500, gt=0, description="Most streams of events that one process of the API serves at a time."
    )
    ping_seconds: float = Field(
        default=15.0, gt=0, le=3600, description="A stream of events without news sends a comment this often."
    )
    max_training_flops: int = Field(
        default=10**17, gt=0, description="Most that one training may compute: 3 times FLOPs, images and epochs."
    )
    min_free_bytes: int = Field(
        default=256 << 20,
        ge=0,
        description="Less free disk than this: /readyz says no, and the embedded database takes no trainings.",
    )

    keep_trainings_days: int | None = Field(
        default=None,
        ge=0,
        le=36_500,
        description="`cyfra prune` removes trainings that ended so long ago, with their reports. Default: none.",
    )
    keep_batch_days: float | None = Field(
        default=30.0,
        ge=0,
        le=36_500,
        description="… and batches of predictions that ended so long ago, with their results.",
    )
    keep_checkpoint_hours: float = Field(
        default=24.0, ge=0, le=87_600, description="… and checkpoints that are older and were never finished."
    )
    keep_worker_hours: float = Field(
        default=24.0, ge=0, le=87_600, description="… and workers that were not seen for so long."
    )
    keep_import_hours: float = Field(
        default=168.0, ge=0, le=87_600, description="… and data sets that were refused or failed so long ago."
    )
    keep_artefact_hours: float = Field(
        default=1.0, ge=0, le=87_600, description="… and stored models that are older and that nothing points to."
    )
    keep_leftover_hours: float = Field(
        default=1.0, ge=0, le=87_600, description="… and older files that killed processes left behind in the home."
    )

    lease_seconds: float = Field(default=30.0, gt=0, description="A claim ends this long after its last heartbeat.")
    look_seconds: float = Field(
        default=5.0, gt=0, description="How often a worker looks for work that no doorbell announced."
    )
    progress_seconds: float = Field(default=1.0, gt=0, description="How often a running training writes its progress.")
    max_attempts: int = Field(
        default=3, gt=0, description="How often a training is claimed before it fails as worker-lost."
    )
    checkpoint_seconds: float = Field(
        default=45.0,
        gt=0,
        description="How often a training keeps its state, to go on from it should its worker be lost.",
    )
    max_training_seconds: float = Field(
        default=86_400.0, gt=0, description="Longest time a training may compute before it fails as time-limit."
    )
    max_import_seconds: float = Field(
        default=3600.0, gt=0, description="Longest time an import of a data set may take before it fails as time-limit."
    )
    threads: int | None = Field(default=None, gt=0, description="CPU threads a training uses. Default: all cores.")

    @field_validator("priority_callers", mode="before")
    @classmethod
    def _split_at_commas(cls, names: object) -> object:
        if isinstance(names, str):
            return tuple(filter(None, (name.strip() for name in names.split(","))))
        return names

    @property
    def resolved_database_url(self) -> str:
        """The database URL, the embedded default filled in."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'cyfra.sqlite3'}"
