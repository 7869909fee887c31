"""Rows of any age, to be kept or removed."""

import hashlib
import secrets

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.records import (
    Artefact,
    ArtefactContent,
    BatchChunk,
    BatchInput,
    BatchInputPart,
    Checkpoint,
    CheckpointPart,
    Dataset,
    DatasetState,
    DatasetUpload,
    DatasetUploadPart,
    IdempotentAnswer,
    Model,
    ModelVersion,
    PredictionBatch,
    Report,
    Training,
    TrainingArtefact,
    TrainingChange,
    TrainingState,
    Worker,
)
from service.records.clock import seconds_from_now

HOUR, DAY = 3600.0, 86_400.0


def add_training(session: Session, state: TrainingState, *, ended_ago: float | None = None) -> str:
    """Add a training with one change, submitted two years ago, and return its id."""
    training = Training(
        id=secrets.token_hex(8), owner="anna", state=state, spec={}, dataset="mnist-5k", created_at=ago(730 * DAY)
    )
    session.add(training)
    session.flush()
    session.add(TrainingChange(training_id=training.id, state=state, attempt=0))
    if ended_ago is not None:
        session.execute(update(Training).where(Training.id == training.id).values(finished_at=ago(ended_ago)))
    session.flush()
    return training.id


def add_report(session: Session, training_id: str, size: int) -> None:
    """Add a report of some bytes."""
    session.add(
        Report(
            training_id=training_id,
            test_count=1,
            test_loss=0.0,
            test_accuracy=1.0,
            misclassified_count=0,
            classification={},
            text="",
            confusion_matrix={},
            notes={},
            predicted=b"\0" * size,
            confidences=b"",
        )
    )
    session.flush()


def add_artefact(session: Session, content: bytes, *, age: float, of: str | None = None) -> str:
    """Add stored bytes, which a training may point to, and return their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    session.add(Artefact(sha256=sha256, size=len(content), created_at=ago(age)))
    session.flush()
    session.add(ArtefactContent(sha256=sha256, content=content))
    if of is not None:
        session.add(TrainingArtefact(training_id=of, format=secrets.token_hex(4), sha256=sha256))
    session.flush()
    return sha256


def add_version(session: Session, name: str, training_id: str, keras: str, onnx: str) -> None:
    """Register a model's first version."""
    session.add(Model(name=name, latest_version=1))
    session.flush()
    session.add(
        ModelVersion(
            name=name,
            version=1,
            training_id=training_id,
            dataset="mnist-5k",
            input={},
            classes={},
            parameters=1,
            test_accuracy=1.0,
            keras_sha256=keras,
            onnx_sha256=onnx,
        )
    )
    session.flush()


def add_checkpoint(session: Session, training_id: str, *, age: float, is_complete: bool, parts: int = 2) -> int:
    """Add a checkpoint with parts of 1,000 bytes, and return its id."""
    checkpoint = Checkpoint(
        training_id=training_id,
        attempt=1,
        epoch=1,
        step=0,
        size=5000,
        created_at=ago(age),
        is_complete=is_complete,
    )
    session.add(checkpoint)
    session.flush()
    found = checkpoint.id
    session.add_all(CheckpointPart(checkpoint_id=found, number=each, content=b"\0" * 1000) for each in range(parts))
    session.flush()
    return found


def add_answer(session: Session, key: str, *, age: float) -> None:
    """Add an answer of 10 bytes that may be given again."""
    session.add(
        IdempotentAnswer(
            caller="anna", key=key, request_sha256="0" * 64, status=202, headers={}, body=b"x" * 10, created_at=ago(age)
        )
    )


def add_worker(session: Session, name: str, *, age: float) -> None:
    """Add a worker that was last seen some time ago."""
    session.add(Worker(name=name, started_at=ago(age), seen_at=ago(age)))


def add_batch(session: Session, batch_id: str, state: TrainingState, *, ended_ago: float) -> None:
    """Add a batch of one picture with its answer, of 6 bytes."""
    batch = PredictionBatch(
        id=batch_id,
        owner="anybody",
        state=state,
        finished_at=ago(ended_ago),
        model="default",
        model_version=1,
        onnx_sha256="0" * 64,
        expects={},
        classes={"names": ["0"]},
        form="zip",
        size=70,
        notes={"notes": []},
        total=1,
    )
    session.add(batch)
    session.flush()
    names = {"names": ["a.png"]}
    session.add(
        BatchChunk(
            batch_id=batch_id,
            start=0,
            count=1,
            names=names,
            likeliest=1,
            top=bytes(2),
            probabilities=bytes(4),
            errors={},
        )
    )


def add_batch_input(session: Session, batch_id: str, *, age: float, size: int) -> None:
    """Add what came in for a batch some time ago."""
    session.add(BatchInput(batch_id=batch_id, created_at=ago(age), size=size, source={}))
    session.flush()
    session.add(BatchInputPart(batch_id=batch_id, number=0, content=bytes(size)))


def ago(seconds: float) -> seconds_from_now:
    """Return a time in the past, on the database's clock."""
    return seconds_from_now(-seconds)


def add_upload(session: Session, size: int, *, age: float) -> int:
    """Add what somebody has sent, and return its id."""
    upload = DatasetUpload(created_at=ago(age))
    session.add(upload)
    session.flush()
    session.add(DatasetUploadPart(upload_id=upload.id, role="file", number=0, content=b"\0" * size))
    session.flush()
    return upload.id


def add_dataset(
    session: Session, name: str, state: DatasetState, *, ended_ago: float | None = None, **columns: object
) -> None:
    """Add a data set of a state."""
    given = {"owner": "anna", "title": name, "description": "", "source": "", "size": 1, "options": {}} | columns
    session.add(Dataset(name=name, state=state, **given))
    session.flush()
    if ended_ago is not None:
        session.execute(update(Dataset).where(Dataset.name == name).values(finished_at=ago(ended_ago)))
