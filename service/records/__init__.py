"""The tables, one file a topic. Importing this package makes all of them known to `Base.metadata`."""

from service.records.artefacts import Artefact, ArtefactContent
from service.records.base import Base
from service.records.batches import BatchChunk, BatchInput, BatchInputPart, PredictionBatch
from service.records.checkpoints import Checkpoint, CheckpointPart
from service.records.datasets import Dataset, DatasetPart, DatasetState, DatasetUpload, DatasetUploadPart
from service.records.idempotency import IdempotentAnswer
from service.records.models import Model, ModelAlias, ModelVersion
from service.records.owners import Owner
from service.records.receipts import Receipt, Rerun, TrainingAttempt
from service.records.reports import ClassFigures, MisclassifiedExample, Report
from service.records.trainings import Epoch, Training, TrainingArtefact, TrainingChange, TrainingLabel, TrainingState
from service.records.workers import Counter, Worker

__all__ = [
    "Artefact",
    "ArtefactContent",
    "Base",
    "BatchChunk",
    "BatchInput",
    "BatchInputPart",
    "Checkpoint",
    "CheckpointPart",
    "ClassFigures",
    "Counter",
    "Dataset",
    "DatasetPart",
    "DatasetState",
    "DatasetUpload",
    "DatasetUploadPart",
    "Epoch",
    "IdempotentAnswer",
    "MisclassifiedExample",
    "Model",
    "ModelAlias",
    "ModelVersion",
    "Owner",
    "PredictionBatch",
    "Receipt",
    "Report",
    "Rerun",
    "Training",
    "TrainingArtefact",
    "TrainingAttempt",
    "TrainingChange",
    "TrainingLabel",
    "TrainingState",
    "Worker",
]
