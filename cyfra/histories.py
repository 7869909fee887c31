"""What each epoch said: the history of a training, and its curves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from cyfra.connection import Connection
from cyfra.following import path_of
from cyfra.markup import block, table
from cyfra.problems import CyfraError
from cyfra.wording import NOTHING, percent


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch. Those that start with `val_` are measured on images it does not train on."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class History:
    """The figures of every epoch so far: `for epoch in history`, `len(history)`, `history[-1].val_accuracy`."""

    training: str
    epochs: tuple[Epoch, ...]

    def __iter__(self) -> Iterator[Epoch]:
        """Go through the epochs, the first one first."""
        return iter(self.epochs)

    def __len__(self) -> int:
        """Return how many epochs are over."""
        return len(self.epochs)

    def __getitem__(self, position: int) -> Epoch:
        """Return one epoch; -1 is the last."""
        return self.epochs[position]

    def __str__(self) -> str:
        """Return a line an epoch."""
        return "\n".join(
            f"epoch {one.epoch:>3}  accuracy {percent(one.accuracy)}  loss {one.loss:.4f}"
            + (f"  validation accuracy {percent(one.val_accuracy)}" if one.val_accuracy is not None else "")
            for one in self.epochs
        )

    def _repr_html_(self) -> str:
        headings = ("epoch", "accuracy", "loss", "validation accuracy", "validation loss", "learning rate", "seconds")
        rows = [
            (
                one.epoch,
                percent(one.accuracy),
                f"{one.loss:.4f}",
                percent(one.val_accuracy),
                NOTHING if one.val_loss is None else f"{one.val_loss:.4f}",
                NOTHING if one.learning_rate is None else f"{one.learning_rate:.3g}",
                NOTHING if one.seconds is None else f"{one.seconds:.1f}",
            )
            for one in self.epochs
        ]
        return block(table(headings, rows))


@dataclass(frozen=True)
class Curves(History):
    """Accuracy and loss over the epochs, as a picture: shows itself in a notebook; `png` and `svg` are the files' bytes."""

    _connection: Connection = field(repr=False, compare=False)

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._connection.content(f"{path_of(self.training)}/curves.png")

    @cached_property
    def svg(self) -> bytes:
        """The picture as an SVG file."""
        return self._connection.content(f"{path_of(self.training)}/curves.svg")

    def _repr_html_(self) -> None:  # type: ignore[override] # the picture instead of the table
        return None

    def _repr_png_(self) -> bytes | None:
        try:
            return self.png
        except CyfraError:
            return None  # the text is shown then
