"""The data sets of a service."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal
from urllib.parse import quote

from cyfra.connection import Connection, decoded
from cyfra.facts import Reason
from cyfra.markup import block, code, picture, quiet, strong, table
from cyfra.problems import CyfraError, NotImported, WaitedTooLong
from cyfra.reading import read, read_all
from cyfra.sending import File, Sent, send
from cyfra.wording import count, size

Split = Literal["train", "test"]
SAMPLES: Final = 50
POLL_SECONDS: Final = 1.0


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
class Finding:
    """Something odd about a data set that was sent: `rule` names it, `files` are the first of the `count` it is about."""

    rule: str
    severity: str
    """`note`, `warning` or `refusal`."""
    finding: str
    count: int = 0
    files: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in a line."""
        more = f" ({self.count}: {', '.join(self.files[:3])}{', …' if self.count > 3 else ''})" if self.files else ""
        return f"{self.severity}: {self.finding}{more}"


@dataclass(frozen=True)
class ImportProgress:
    """How far a data set is that is being imported."""

    activity: str | None
    done: int
    total: int
    eta_seconds: float | None = None


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
    state: str = "ready"
    """`importing`, `ready`, `refused` or `failed`: only one that is ready can be trained on."""
    built_in: bool = True
    sha256: str | None = None
    train_per_class: tuple[int, ...] = ()
    test_per_class: tuple[int, ...] = ()
    lint: tuple[Finding, ...] = ()
    """What was odd about the files."""
    progress: ImportProgress | None = None
    error: Reason | None = None
    """Why there is no data set."""

    def wait(self, timeout: float | None = None) -> "Dataset":
        """Return the data set as it is when it has been imported.

        Raises:
            NotImported: If it was refused, or could not be imported: `lint` and `reason` say why.
            WaitedTooLong: If it goes on after `timeout` seconds.
        """
        return ended(list(self.follow(timeout))[-1], timeout)

    def follow(self, timeout: float | None = None) -> Iterator["Dataset"]:
        """Yield how far it is, about once a second, until it has been imported or `timeout` seconds are over."""
        deadline = None if timeout is None else time.monotonic() + timeout
        latest = self
        yield latest
        while latest.state == "importing" and (deadline is None or time.monotonic() < deadline):
            time.sleep(POLL_SECONDS)
            latest = read(Dataset, self._connection.json(_path(self.name)), _connection=self._connection)
            yield latest

    def delete(self) -> None:
        """Delete it; reports and models of trainings on it stay. Raise Conflict while a training on it waits or runs."""
        self._connection.delete(_path(self.name))

    def samples(self, split: Split = "train", count: int = SAMPLES) -> Samples:
        """Return some pictures, as many of each class as can be."""
        query: dict[str, str | int] = {"split": split, "count": count}
        page = self._connection.json(f"{_path(self.name)}/samples", query)
        found = read_all(Sample, page, "samples", _connection=self._connection)
        return Samples(self.name, split, found, self._connection)

    def __str__(self) -> str:
        """Return what there is to know in a line."""
        if self.state != "ready":
            return f"{self.name}: {self.state}" + ("" if self.error is None else f", {self.error.detail}")
        return (
            f"{self.name}: {self.title}, {size(self.shape)}, {len(self.classes)} classes, "
            f"{count(self.train_count)} to train on, {count(self.test_count)} to test with"
        )

    def _repr_html_(self) -> str:
        if self.state != "ready":
            return block(strong(f"{self.title} ({self.name})"), str(self), quiet(" · ".join(map(str, self.lint))))
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

    def add(  # noqa: PLR0913 - a field each
        self,
        *files: File,
        name: str,
        title: str | None = None,
        description: str | None = None,
        size: str | int | None = None,
        colour: Literal["grey", "colour"] | None = None,
        handwriting: bool | None = None,
        classes: Sequence[str] | None = None,
        test_fraction: float | None = None,
        seed: int | None = None,
        sent: Sent = lambda _size, _total: None,
    ) -> Dataset:
        """Send a data set, and return at once: `wait()` for its import.

        Args:
            files: A zip with a folder for each class, perhaps in `train/` and `test/`; or an npz in Keras' layout; or two IDX
                files, pictures and labels; or four, those to test with having `test` or `t10k` in their names.
            name: How it will be called: small letters, digits, `.`, `_` and `-`.
            title: A name for people.
            description: What is on the pictures, and where they are from.
            size: `"32x32"`, height first, or one number; that of most pictures if not given.
            colour: `"grey"` or `"colour"`; the pictures tell if not given.
            handwriting: Whether the pictures are handwritten signs, to be laid out as in MNIST.
            classes: For npz and IDX: the names of the labels 0, 1, 2, …
            test_fraction: Of a set without a part to test with: how much of each class is taken for it.
            seed: … and what decides which.
            sent: Is told how many bytes of how many have been sent.

        Raises:
            Unprocessable: If it cannot become a data set: `str()` says why.
            Conflict: If the name is taken.
        """
        given: dict[str, object] = {"name": name, "title": title, "description": description, "size": size}
        given |= {"colour": colour, "seed": seed, "test_fraction": test_fraction}
        given |= {"handwriting": None if handwriting is None else str(handwriting).lower()}
        given |= {"classes": None if classes is None else ",".join(classes)}
        query = {key: str(value) for key, value in given.items() if value is not None}
        answer = send(self._connection, query, files, sent)
        return read(Dataset, decoded(answer), _connection=self._connection)

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


def ended(dataset: Dataset, timeout: float | None) -> Dataset:
    """Return a data set that is ready; raise WaitedTooLong or NotImported for any other."""
    if dataset.state == "importing":
        raise WaitedTooLong(
            f"{dataset.name} is still being imported after {timeout or 0:g} s, and goes on: wait() again."
        )
    if dataset.state != "ready":
        detail = "" if dataset.error is None else dataset.error.detail
        reason = None if dataset.error is None else dataset.error.type
        raise NotImported(f"{dataset.name} was {dataset.state}: {detail}", state=dataset.state, reason=reason)
    return dataset


def _path(name: str) -> str:
    return f"/v1/datasets/{quote(name, safe='')}"
