"""Every way in which a training can be refused or fail for a reason that a person can act on.

LearningError
├── UnbuildableNetwork   a layer list that is no network; `index` says which layer
├── InvalidRecipe        a recipe that cannot be followed, or contradicts itself
├── Diverged             the loss became NaN or infinite; `epoch` says when
├── UnusableCheckpoint   bytes that are no checkpoint, or one of another training
├── UnreadableWeights    bytes that are no weights of this network
└── ParityError          the exported model answers differently from the trained one
"""


class LearningError(Exception):
    """The root of the tree. The message says what was received and what would work."""


class UnbuildableNetwork(LearningError):
    """A layer list that is no network.

    `index` counts from 0; None when the fault is in the list as a whole.
    """

    def __init__(self, detail: str, *, index: int | None = None) -> None:
        super().__init__(detail if index is None else f"Layer {index}: {detail}")
        self.index = index


class InvalidRecipe(LearningError):
    """A recipe that cannot be followed, or contradicts itself."""


class Diverged(LearningError):
    """The loss became NaN or infinite in `epoch` (counted from 1)."""

    def __init__(self, epoch: int, loss: float) -> None:
        super().__init__(
            f"The loss became {loss} in epoch {epoch}. A smaller learning_rate, or a schedule with "
            "warmup_epochs, usually helps."
        )
        self.epoch = epoch
        self.loss = loss


class UnusableCheckpoint(LearningError):
    """Bytes that are no checkpoint, or not of the training that was to go on from them."""


class UnreadableWeights(LearningError):
    """A `.keras` file that cannot be read, or not into the network it is compared with."""


class ExportError(LearningError):
    """The trained model cannot be converted; `said` is what the converter wrote."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The trained model cannot be converted to ONNX: {said.strip()[-500:]}")


class ParityError(LearningError):
    """The exported model answers differently from the trained one by `difference` (of a probability)."""

    def __init__(self, difference: float, tolerance: float) -> None:
        super().__init__(
            f"The exported model differs from the trained one by {difference:.2e}, more than {tolerance:.0e}."
        )
        self.difference = difference
