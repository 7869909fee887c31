"""A client for Cyfra, which trains convolutional networks and says what is on a picture.

    from cyfra import Client

    with Client("http://127.0.0.1:8000") as client:
        training = client.train(preset="quickstart")
        training.wait()
        print(training.report)
        print(client.predict("digit.png"))

Everything shows itself in Jupyter and Colab. docs/client.md is the whole of it on a page.
"""

from cyfra.advice import Advice, Hint
from cyfra.batches import Batch, BatchAnswer, BatchFacts, BatchProgress
from cyfra.client import Client
from cyfra.comparing import Compared, Comparison
from cyfra.confusion import ConfusionMatrix
from cyfra.datasets import Dataset, Finding, ImportProgress, Sample, Samples
from cyfra.events import EpochEvent, Event, ProgressEvent, StateEvent
from cyfra.facts import Facts, Metrics, ModelVersion, Progress, Reason
from cyfra.histories import Curves, Epoch, History
from cyfra.layers import Activations, Filters
from cyfra.misclassified import Misclassified, Mistake
from cyfra.models import Model, Version
from cyfra.networks import LayerSummary, Network, NetworkCheck, NetworkSummary
from cyfra.pages import FoundDigit, Page
from cyfra.pictures import Picture
from cyfra.predictions import Explanation, Prediction, Predictions
from cyfra.problems import (
    BadAddress,
    BadPicture,
    BadRequest,
    BodyTooLarge,
    Conflict,
    CyfraError,
    DatasetUnavailable,
    Fault,
    NotAllowed,
    NotAuthenticated,
    NotCyfra,
    NotFound,
    NotImported,
    Problem,
    ServiceTrouble,
    StorageFull,
    TooManyRequests,
    TrainingEnded,
    Unavailable,
    Unprocessable,
    Unreachable,
    WaitedTooLong,
    WrongContentType,
)
from cyfra.receipts import MadeWith, Receipt, RerunDifference
from cyfra.reports import Report
from cyfra.training import Training
from cyfra.trainings import Trainings

__all__ = [
    "Activations",
    "Advice",
    "BadAddress",
    "BadPicture",
    "BadRequest",
    "Batch",
    "BatchAnswer",
    "BatchFacts",
    "BatchProgress",
    "BodyTooLarge",
    "Client",
    "Compared",
    "Comparison",
    "Conflict",
    "ConfusionMatrix",
    "Curves",
    "CyfraError",
    "Dataset",
    "DatasetUnavailable",
    "Epoch",
    "EpochEvent",
    "Event",
    "Explanation",
    "Facts",
    "Fault",
    "Filters",
    "Finding",
    "FoundDigit",
    "Hint",
    "History",
    "ImportProgress",
    "LayerSummary",
    "MadeWith",
    "Metrics",
    "Misclassified",
    "Mistake",
    "Model",
    "ModelVersion",
    "Network",
    "NetworkCheck",
    "NetworkSummary",
    "NotAllowed",
    "NotAuthenticated",
    "NotCyfra",
    "NotFound",
    "NotImported",
    "Page",
    "Picture",
    "Prediction",
    "Predictions",
    "Problem",
    "Progress",
    "ProgressEvent",
    "Reason",
    "Receipt",
    "Report",
    "RerunDifference",
    "Sample",
    "Samples",
    "ServiceTrouble",
    "StateEvent",
    "StorageFull",
    "TooManyRequests",
    "Training",
    "TrainingEnded",
    "Trainings",
    "Unavailable",
    "Unprocessable",
    "Unreachable",
    "Version",
    "WaitedTooLong",
    "WrongContentType",
]
