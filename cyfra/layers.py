"""What is inside a trained network: what its first layer looks for, and what a layer makes of a picture."""

from dataclasses import dataclass
from typing import Protocol

from cyfra.markup import beside, block, bytes_of, picture, quiet


@dataclass(frozen=True)
class Filters:
    """The weights of the first convolution, or of the dense units that see the whole picture."""

    layer: str
    count: int
    shape: tuple[int, ...]
    """Height, width and channels of each."""
    largest: float
    """The largest weight, either sign."""
    picture: str
    """All of them, as a data URL of a PNG."""

    @property
    def png(self) -> bytes:
        """All of them as a PNG file."""
        return bytes_of(self.picture)

    def __str__(self) -> str:
        """Return how many there are, of which size."""
        return f"{self.layer}: {self.count} filters of {_times(self.shape)}, weights up to {self.largest:.3g}"

    def _repr_html_(self) -> str:
        return _shown(self, f"{self.count} filters of {self.layer}")


@dataclass(frozen=True)
class Channel:
    """A channel of a layer's output, or a unit: its mean and its highest value for the picture."""

    index: int
    mean: float
    highest: float


@dataclass(frozen=True)
class Activations:
    """What a layer makes of a picture: its channels as pictures, or its units as bars."""

    layer: str
    shape: tuple[int, ...]
    lowest: float
    highest: float
    picture: str
    """All channels, as a data URL of a PNG."""
    seen: str = ""
    """What the network saw, as a data URL of a PNG."""
    channels: tuple[Channel, ...] = ()
    layers: tuple[str, ...] = ()
    """Whose activations can be asked for."""

    @property
    def png(self) -> bytes:
        """All channels on a PNG file."""
        return bytes_of(self.picture)

    def __str__(self) -> str:
        """Return the shape of the output and between which values it lies."""
        return f"{self.layer}: {_times(self.shape)}, between {self.lowest:.3g} and {self.highest:.3g}"

    def _repr_html_(self) -> str:
        return _shown(self, f"the output of {self.layer}")


class _HasPng(Protocol):
    @property
    def png(self) -> bytes: ...


def _shown(of: _HasPng, alternative: str) -> str:
    return block(beside(picture(of.png, alternative)), quiet(of))


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
