"""What is odd about a set whose pictures have been decoded: warnings, and what it is refused for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import RefusedDataset
from service.images.expectation import Expectation
from service.images.intake.findings import Finding, about
from service.images.intake.looking import Looks

MOST_UNREADABLE: Final = 0.1
IMBALANCE: Final = 10
FEW: Final = 10
_DARK, _LIGHT = 64.0, 191.0
_BLANK_SPREAD: Final = 4
_MINORITY: Final = 0.3
_CLEAR: Final = 0.6


@dataclass(frozen=True, eq=False)
class Looked:
    """A set as it is judged: n pictures, some of them perhaps unreadable. `labels` (n,), `is_test` (n,)."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    is_test: NDArray[np.bool_]
    looks: Looks
    expects: Expectation
    name: Callable[[int], str]

    def names(self, indices: Sequence[int] | NDArray[np.integer]) -> list[str]:
        """Return the names of pictures."""
        return [self.name(int(index)) for index in indices]

    def counts(self, *, is_test: bool) -> NDArray[np.int64]:
        """Return how many readable pictures each class has in a part, (classes,)."""
        members = self.looks.readable & (self.is_test == is_test)
        return np.bincount(self.labels[members], minlength=len(self.classes)).astype(np.int64)


def require_readable(
    classes: tuple[str, ...], labels: NDArray[np.int64], looks: Looks, name: Callable[[int], str]
) -> None:
    """Raise RefusedDataset, with the names of files, if too many cannot be read, or all of a class."""
    unreadable = sorted(looks.problems)
    files = [f"{name(index)}: {looks.problems[index]}" for index in unreadable]
    for index in np.flatnonzero(np.bincount(labels[looks.readable], minlength=len(classes)) == 0):
        of_class = [f"{name(at)}: {looks.problems[at]}" for at in unreadable if labels[at] == index]
        raise RefusedDataset("empty-class", f"No picture of the class {classes[index]!r} could be read.", of_class)
    if len(unreadable) > MOST_UNREADABLE * len(labels):
        raise RefusedDataset(
            "too-many-unreadable",
            f"{len(unreadable):,} of {len(labels):,} pictures could not be read, more than {MOST_UNREADABLE:.0%}.",
            files,
        )


def lint(looked: Looked) -> Iterator[Finding]:
    """Yield what is odd."""
    for rule in (_unreadable, _lies, _duplicates, _contradictions, _counts, _polarity, _blank, _sizes):
        yield from rule(looked)


def _unreadable(looked: Looked) -> Iterator[Finding]:
    problems = looked.looks.problems
    if problems:
        files = [f"{looked.name(index)}: {problems[index]}" for index in sorted(problems)]
        yield about("unreadable", "warning", "Files could not be read as pictures, and are left out", files)


def _lies(looked: Looked) -> Iterator[Finding]:
    lies = looked.looks.lies
    if lies:
        files = [f"{looked.name(index)} is {lies[index]}" for index in sorted(lies)]
        yield about(
            "wrong-format", "warning", "Files are of another format than their names say; they were read", files
        )


def _duplicates(looked: Looked) -> Iterator[Finding]:
    readable = np.flatnonzero(looked.looks.readable)
    digests, is_test = looked.looks.digests[readable], looked.is_test[readable]
    across = readable[is_test & np.isin(digests, digests[~is_test])]
    if len(across):
        yield about(
            "duplicates-across-splits",
            "warning",
            "Pictures to test with are trained on as well, pixel for pixel: the test figures will flatter",
            looked.names(across),
        )
    _, first = np.unique(digests, return_index=True)
    again = np.setdiff1d(np.arange(len(readable)), first)
    if len(again):
        yield about("duplicates", "note", "Pictures are there already, pixel for pixel", looked.names(readable[again]))


def _contradictions(looked: Looked) -> Iterator[Finding]:
    readable = np.flatnonzero(looked.looks.readable)
    _, group = np.unique(looked.looks.digests[readable], return_inverse=True)
    labels = looked.labels[readable]
    lowest = np.full(group.max(initial=0) + 1, len(looked.classes), np.int64)
    highest = np.full_like(lowest, -1)
    np.minimum.at(lowest, group, labels)
    np.maximum.at(highest, group, labels)
    wrong = readable[(lowest != highest)[group]]
    if len(wrong):
        finding = "The same picture is in several classes: nobody can be right about it"
        yield about("contradicting-labels", "warning", finding, looked.names(wrong))


def _counts(looked: Looked) -> Iterator[Finding]:
    train, test = looked.counts(is_test=False), looked.counts(is_test=True)
    most, least = int(train.max()), int(train.min())
    if most >= IMBALANCE * least:
        large, small = looked.classes[int(train.argmax())], looked.classes[int(train.argmin())]
        yield Finding(
            "imbalance",
            "warning",
            f"{large!r} has {most:,} pictures to train on and {small!r} {least:,}: accuracy will say little of the rare "
            'ones. A recipe with "class_weight": "balanced" makes up for it',
        )
    few = [f"{looked.classes[index]}: {train[index]}" for index in np.flatnonzero(train < FEW)]
    if few:
        yield about("few-pictures", "warning", f"Classes have fewer than {FEW} pictures to train on", few)
    untested = [looked.classes[index] for index in np.flatnonzero(test == 0)]
    if untested:
        yield about(
            "no-test-pictures", "warning", "Classes have no pictures to test with: nothing is said of them", untested
        )


def _polarity(looked: Looked) -> Iterator[Finding]:
    """Of grey pictures: whether some are light on dark and others dark on light, as their borders tell."""
    if looked.expects.channels != 1 or looked.expects.handwriting:
        return  # photos have both; handwriting was made alike
    readable = looked.looks.readable
    is_dark = readable & (looked.looks.border < _DARK)
    is_light = readable & (looked.looks.border > _LIGHT)
    dark, light, total = int(is_dark.sum()), int(is_light.sum()), int(readable.sum())
    if dark + light < _CLEAR * total:
        return
    if 0 < min(dark, light) <= _MINORITY * total:
        few, what = (is_light, "dark on light") if light < dark else (is_dark, "light on dark")
        other = "light on dark" if light < dark else "dark on light"
        yield about(
            "inverted-polarity",
            "warning",
            f"Pictures are {what}, and most are {other}: invert them, or a network must learn both",
            looked.names(np.flatnonzero(few)),
        )
    elif min(dark, light):
        yield Finding(
            "inverted-polarity",
            "warning",
            f"{light:,} pictures are dark on light, and {dark:,} light on dark: a network must learn both",
        )
    if light > dark:
        yield Finding(
            "dark-on-light",
            "note",
            "The pictures are dark on light; MNIST is light on dark, so that a network trained on one fails on the other. "
            "For handwriting, import it with handwriting=true: then every picture is laid out as MNIST's",
        )


def _blank(looked: Looked) -> Iterator[Finding]:
    blank = np.flatnonzero(looked.looks.readable & (looked.looks.spread < _BLANK_SPREAD))
    if len(blank):
        yield about(
            "blank", "warning", "There is nothing on pictures: all of their pixels are alike", looked.names(blank)
        )


def _sizes(looked: Looked) -> Iterator[Finding]:
    sizes, expects = looked.looks.sizes, looked.expects
    form = f"{expects.height}x{expects.width}"
    others = sum(count for size, count in sizes.items() if size != (expects.width, expects.height))
    if not others or expects.handwriting:
        return
    widths, heights = zip(*sizes, strict=True)
    found = f"from {min(heights)}x{min(widths)} to {max(heights)}x{max(widths)} (height x width)"
    yield Finding(
        "sizes", "note", f"Pictures have sizes {found}; they were scaled to {form}, cropped at their centre", others
    )
    small = sum(count for (width, height), count in sizes.items() if width < expects.width or height < expects.height)
    if small > 0.2 * sum(sizes.values()):
        yield Finding(
            "enlarged", "warning", f"Pictures are smaller than {form} and were enlarged: choose a smaller size", small
        )
