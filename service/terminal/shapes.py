"""The JSON of the service as the client reads it, for the type checker: a field that may be missing says so."""

from typing import TypedDict


class Fault(TypedDict):
    """One wrong field of a request."""

    pointer: str
    detail: str


class Problem(TypedDict, total=False):
    """application/problem+json (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault]


class Progress(TypedDict):
    """How far a training is: epochs finished, and steps done in the epoch after them."""

    activity: str | None
    epoch: int
    epochs: int
    step: int
    steps: int
    eta_seconds: float | None
    loss: float | None
    accuracy: float | None


class Metrics(TypedDict):
    """What the test set said, in three numbers."""

    test_accuracy: float
    test_loss: float
    parameters: int


class Reason(TypedDict):
    """Why a training failed."""

    type: str
    detail: str


class Change(TypedDict):
    """One change of a training's state."""

    at: str
    state: str
    attempt: int
    reason: str | None


class ModelVersion(TypedDict):
    """A version of a model by name."""

    name: str
    version: int


class Training(TypedDict):
    """One training."""

    id: str
    state: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    attempt: int
    preset: str | None
    dataset: str
    network: str | None
    labels: dict[str, str]
    queue_position: int | None
    starts_in_seconds: int | None
    poll_after_seconds: int | None
    progress: Progress
    metrics: Metrics | None
    error: Reason | None
    changes: list[Change]
    models: list[ModelVersion]


class Trainings(TypedDict):
    """A page of trainings."""

    trainings: list[Training]
    next: str | None


class EpochFigures(TypedDict):
    """One finished epoch."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    seconds: float


class History(TypedDict):
    """Every finished epoch of a training."""

    epochs: list[EpochFigures]


class ConfusionMatrix(TypedDict):
    """Counts: a row for each true class, a column for each predicted one."""

    classes: list[str]
    matrix: list[list[int]]


class Accuracy(TypedDict):
    """A test accuracy, and the ends of its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Compared(TypedDict):
    """One of the trainings that are compared."""

    id: str
    preset: str | None
    network: str | None
    epochs: int
    parameters: int
    compute_seconds: float
    test_accuracy: Accuracy
    test_loss: float


class Pair(TypedDict):
    """Two of them, in words."""

    finding: str


class Comparison(TypedDict):
    """Trainings beside one another."""

    trainings: list[Compared]
    pairs: list[Pair]


class Dataset(TypedDict):
    """A data set."""

    name: str
    title: str
    classes: list[str]
    shape: list[int]
    train_count: int
    test_count: int
    available: bool


class Datasets(TypedDict):
    """The data sets."""

    datasets: list[Dataset]


class Sample(TypedDict):
    """One picture of a data set; `image` is its address."""

    index: int
    label: str
    image: str


class Samples(TypedDict):
    """Some pictures of a data set."""

    samples: list[Sample]


class Network(TypedDict):
    """A network that has a name."""

    name: str
    title: str
    parameters: int
    input_shape: list[int]
    mflops: float


class Networks(TypedDict):
    """The networks that have a name."""

    networks: list[Network]


class VersionRecord(TypedDict):
    """A version in the registry."""

    version: int
    training: str | None
    created_at: str
    dataset: str
    test_accuracy: float
    parameters: int


class Model(TypedDict):
    """A model of the registry."""

    name: str
    latest_version: int
    serving_version: int
    aliases: dict[str, int]
    versions: list[VersionRecord]


class Models(TypedDict):
    """The models of the registry."""

    models: list[Model]


class Prediction(TypedDict):
    """What a model sees on one image."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    model: ModelVersion
    filename: str | None


class Predictions(TypedDict):
    """The answer to several images."""

    predictions: list[Prediction]
