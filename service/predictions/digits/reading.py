"""What the network says of every piece -> the best reading of the page."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.images.segmentation import rows
from service.images.segmentation.cuts import Piece, Wide
from service.images.segmentation.parts import Part
from service.inference.calibration import Verdict
from service.inference.engine import Answers, Engine
from service.predictions.digits.finding import Found

# Logarithms of odds, found by trying pages of mnist-5k's training digits (bench/digits.py tests on others).
_A_CUT: Final = 2.5
_NO_DIGIT: Final = 2.5
_NARROW: Final = 1.5
_TOO_WIDE: Final = 8.0
_BELIEVED: Final = 2.2
"""A part whose best reading costs more than this for each digit is not read at all, where it may be several."""
_NARROWER, _USUAL, _WIDER = 0.28, 0.95, 1.3
_ONE: Final = "1"


@dataclass(frozen=True, eq=False)
class Read:
    """One digit. `box`: left, top, width, height in pixels of the picture. `answer`: its place among the answers; None where
    several digits touch and could not be told apart. `line` and `number` are counted from 0, numbers within their line.
    """

    box: tuple[int, int, int, int]
    line: int
    number: int
    answer: int | None
    touching: bool


@dataclass(frozen=True, eq=False)
class _Costs:
    """What it costs to take each piece for a digit."""

    engine: Engine
    answers: Answers
    height: float

    def of(self, place: int, part: Part) -> float:
        row = self.answers.probabilities[place]
        best = int(row.argmax())
        confidence = float(row[best])
        cost = -math.log(max(confidence, 1e-6))
        if self._verdict(confidence, place) == "not-a-digit":
            cost += _NO_DIGIT
        if part.width < _NARROWER * self.height and self.engine.classes[best] != _ONE:
            cost += _NARROW
        return cost + _TOO_WIDE * max(0.0, part.width / self.height - _USUAL)

    def _verdict(self, confidence: float, place: int) -> Verdict | None:
        likeness = self.answers.likeness
        return self.engine.verdict(confidence, None if likeness is None else float(likeness[place]))


def read(found: Found, engine: Engine, answers: Answers) -> list[Read]:
    """Return the digits in reading order. `answers` are those to `found.images`."""
    costs = _Costs(engine, answers, found.height)
    read_, place = [], 0
    for line, row in enumerate(found.rows):
        taken: list[tuple[Part, int | None, bool]] = []
        for wide in row:
            taken += _best(wide, place, costs)
            place += len(wide.pieces)
        of_numbers = rows.numbers([part for part, _, _ in taken], found.height, found.page.lines)
        for (part, answer, touching), number in zip(taken, of_numbers, strict=True):
            read_.append(Read(_box(found, part), line, number, answer, touching))
    return read_


def _best(wide: Wide, place: int, costs: _Costs) -> Iterator[tuple[Part, int | None, bool]]:
    """Yield the pieces of the cheapest way through a part (dynamic programming over its cuts), with their answers."""
    cheapest: list[float] = [0.0] + [math.inf] * wide.stretches
    way: list[list[tuple[int, Piece]]] = [[] for _ in range(wide.stretches + 1)]
    for index, piece in sorted(enumerate(wide.pieces), key=lambda one: one[1].last):
        cost = cheapest[piece.first] + costs.of(place + index, piece.part) + (_A_CUT if piece.first else 0)
        if cost < cheapest[piece.last]:
            cheapest[piece.last] = cost
            way[piece.last] = [*way[piece.first], (index, piece)]
    chosen = way[wide.stretches]
    whole = wide.pieces[-1].part if len(wide.pieces) == 1 else _whole(wide.pieces)
    if whole.width > costs.height * _WIDER and cheapest[-1] / len(chosen) > _BELIEVED:
        yield whole, None, True
        return
    for index, piece in chosen:
        yield piece.part, place + index, len(chosen) > 1


def _whole(pieces: Sequence[Piece]) -> Part:
    return max(pieces, key=lambda piece: piece.last - piece.first).part


def _box(found: Found, part: Part) -> tuple[int, int, int, int]:
    """Return where a part is on the picture, in whole pixels of it."""
    scale, page = found.page.scale, found.page
    left, top = math.floor((part.left + page.left) * scale), math.floor((part.top + page.top) * scale)
    right = min(math.ceil((part.right + page.left) * scale), found.picture.width)
    bottom = min(math.ceil((part.bottom + page.top) * scale), found.picture.height)
    return left, top, max(right - left, 1), max(bottom - top, 1)
