"""The test images that a network got wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from cyfra.connection import Connection
from cyfra.following import path_of
from cyfra.markup import block, captioned, data_url, picture, quiet
from cyfra.paging import pages
from cyfra.problems import CyfraError
from cyfra.reading import read, read_all
from cyfra.wording import percent

Order = Literal["index", "confidence", "-confidence"]
PAGE: Final = 100


@dataclass(frozen=True)
class Mistake:
    """A test image that the network got wrong."""

    index: int
    """In the test set, from 0."""
    true: str
    predicted: str
    confidence: float
    image: str
    """The address of the picture."""
    _connection: Connection = field(repr=False, compare=False)

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._connection.content(self.image)

    def _repr_html_(self) -> str:
        says = f"{self.true}:{self.predicted}"
        try:
            shown = picture(data_url(self.png), f"{self.true} taken for {self.predicted}", width=112, is_pixels=True)
        except CyfraError:
            return block(f"{says}, test image {self.index}")
        return block(captioned(shown, f"{says}, test image {self.index}, sure to {percent(self.confidence)}"))


@dataclass(frozen=True)
class Misclassified:
    """The mistakes of a training: go through them (`for mistake in it`), count them (`len(it)`), or choose (`it.where(…)`).

    In a notebook it shows a sheet of the first ones, each titled `true:predicted`.
    """

    training: str
    filters: Mapping[str, str]
    _connection: Connection = field(repr=False, compare=False)

    def where(
        self, *, true: str | None = None, predicted: str | None = None, order: Order | None = None
    ) -> "Misclassified":
        """Return those of the class `true`, or taken for `predicted`, in another order: `-confidence` is the surest first."""
        given = {"true": true, "predicted": predicted, "order": order}
        return replace(self, filters={**self.filters, **{name: one for name, one in given.items() if one is not None}})

    def __iter__(self) -> Iterator[Mistake]:
        """Go through all of them, page after page."""
        for page in pages(self._connection, f"{self._path}.json", {**self.filters, "limit": PAGE}):
            yield from read_all(Mistake, page, "misclassified", _connection=self._connection)

    def __len__(self) -> int:
        """Return how many there are."""
        if not {"true", "predicted"} & set(self.filters):
            return self._first_page.count
        return sum(1 for _ in self)

    def sheet(self, count: int | None = None) -> bytes:
        """Return a PNG file with the first `count` of them, each titled `true:predicted`."""
        return self._connection.content(
            f"{self._path}.png", {**self.filters, **({} if count is None else {"count": count})}
        )

    @property
    def _path(self) -> str:
        return f"{path_of(self.training)}/misclassified"

    @cached_property
    def _first_page(self) -> "_Page":
        return read(_Page, self._connection.json(f"{self._path}.json", {**self.filters, "limit": 1}))

    def __str__(self) -> str:
        """Return what it is."""
        chosen = ", ".join(f"{name} {value}" for name, value in self.filters.items())
        return f"Test images that training {self.training} got wrong" + (f" ({chosen})" if chosen else "")

    def _repr_html_(self) -> str | None:
        try:
            return block(quiet(self), picture(self.sheet(), f"{self}, each titled true:predicted"))
        except CyfraError:
            return None


@dataclass(frozen=True)
class _Page:
    count: int
