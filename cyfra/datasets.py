"""The data sets of a service."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal
from urllib.parse import quote

from cyfra.connection import Connection
from cyfra.markup import block, code, picture, quiet, strong, table
from cyfra.problems import CyfraError
from cyfra.reading import read, read_all
from cyfra.wording import count, size

Split = Literal["train", "test"]
SAMPLES: Final = 50


@dataclass(frozen=True)
class Sample:
    """One picture of a data set."""

    split: str
    index: int
    label: str
    image: str
    """The address of the picture."""
    _connection: Connection = field(repr=False, compare=False)

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._connection.content(self.image)

    def _repr_png_(self) -> bytes | None:
        try:
            return self.png
        except CyfraError:
            return None


@dataclass(frozen=True)
class Samples:
    """Some pictures of a data set, as many of each class as can be. In a notebook: a sheet of them."""

    dataset: str
    split: Split
    samples: tuple[Sample, ...]
    _connection: Connection = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[Sample]:
        """Go through them."""
        return iter(self.samples)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.samples)

    def __getitem__(self, position: int) -> Sample:
        """Return one of them."""
        return self.samples[position]

    @cached_property
    def sheet(self) -> bytes:
        """All of them on one PNG file, with their classes."""
        query: dict[str, str | int] = {"split": self.split, "count": len(self.samples)}
        return self._connection.content(f"{_path(self.dataset)}/samples.png", query)

    def _repr_html_(self) -> str | None:
        try:
            return block(picture(self.sheet, f"{len(self)} pictures of {self.dataset}"))
        except CyfraError:
            return None


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures: a part to train on, and a part to test with. In a notebook it shows some of them."""

    name: str
    title: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    """Height, width, channels."""
    train_count: int
    test_count: int
    _connection: Connection = field(repr=False, compare=False)
    description: str = ""
    available: bool = True
    """Whether the pictures lie on the service's machine; if not, a worker downloads them."""

    def samples(self, split: Split = "train", count: int = SAMPLES) -> Samples:
        """Return some pictures, as many of each class as can be."""
        query: dict[str, str | int] = {"split": split, "count": count}
        page = self._connection.json(f"{_path(self.name)}/samples", query)
        found = read_all(Sample, page, "samples", _connection=self._connection)
        return Samples(self.name, split, found, self._connection)

    def __str__(self) -> str:
        """Return what there is to know in a line."""
        return (
            f"{self.name}: {self.title}, {size(self.shape)}, {len(self.classes)} classes, "
            f"{count(self.train_count)} to train on, {count(self.test_count)} to test with"
        )

    def _repr_html_(self) -> str:
        facts = (
            f"{size(self.shape)} pixels, {count(self.train_count)} to train on, {count(self.test_count)} to test with"
        )
        return block(
            strong(f"{self.title} ({self.name})"),
            self.description,
            quiet(f"{facts}; classes: {', '.join(self.classes)}"),
            self._gallery(),
        )

    def _gallery(self) -> str:
        if not self.available:
            return "Its pictures are not on the service's machine yet: the first training downloads them."
        try:
            return picture(self._connection.content(f"{_path(self.name)}/samples.png", {"count": SAMPLES}), "samples")
        except CyfraError as trouble:
            return str(trouble)


class Datasets:
    """The data sets: `client.datasets["mnist-5k"]`, or go through them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Dataset:
        """Return one data set; raise NotFound."""
        return read(Dataset, self._connection.json(_path(name)), _connection=self._connection)

    __getitem__ = get

    def _all(self) -> list[Dataset]:
        answer = self._connection.json("/v1/datasets")
        return [*read_all(Dataset, answer, "datasets", _connection=self._connection)]

    def __iter__(self) -> Iterator[Dataset]:
        """Go through them."""
        return iter(self._all())

    def _repr_html_(self) -> str:
        rows = [
            (
                code(one.name),
                one.title,
                size(one.shape),
                len(one.classes),
                count(one.train_count),
                count(one.test_count),
            )
            for one in self._all()
        ]
        headings = ("data set", "", "pixels", "classes", "to train on", "to test with")
        return block(table(headings, rows, ("left", "left")))


def _path(name: str) -> str:
    return f"/v1/datasets/{quote(name, safe='')}"
