"""The tables, one file a topic. Importing this package makes all of them known to `Base.metadata`."""

from service.records.artefacts import Artefact, ArtefactContent
from service.records.base import Base
from service.records.models import Model, ModelAlias, ModelVersion
from service.records.reports import ClassFigures, MisclassifiedExample, Report
from service.records.trainings import Epoch, Training, TrainingArtefact, TrainingChange, TrainingLabel, TrainingState

__all__ = [
    "Artefact",
    "ArtefactContent",
    "Base",
    "ClassFigures",
    "Epoch",
    "MisclassifiedExample",
    "Model",
    "ModelAlias",
    "ModelVersion",
    "Report",
    "Training",
    "TrainingArtefact",
    "TrainingChange",
    "TrainingLabel",
    "TrainingState",
]
