"""Reading one JSON object field by field, so that a wrong or forgotten field is named and not guessed."""

import math
from collections.abc import Collection, Mapping

from worker.learning.errors import InvalidRecipe


class Fields:
    """The fields of one JSON object; `where` is its JSON pointer, for messages.

    Every reader raises InvalidRecipe when the field is missing or is not what it should be.
    """

    def __init__(
        self,
        mapping: Mapping[str, object],
        where: str,
        names: Collection[str],
        later: Mapping[str, object] | None = None,
    ) -> None:
        """`names`: all the fields that the object must have; it may have no other but those of `later`, which are younger
        than the oldest specifications that are kept: what they mean where they are missing.
        """
        later = later or {}
        for name in names:
            if name not in mapping:
                raise InvalidRecipe(f"{where}/{name} is missing.")
        for name in mapping:
            if name not in names and name not in later:
                raise InvalidRecipe(f"{where}/{name} is not known. Known: {', '.join((*names, *later))}.")
        self._mapping = {**later, **mapping}
        self._where = where

    def integer(self, name: str, low: int) -> int:
        value = self._mapping[name]
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise self._wrong(name, f"an integer of at least {low}")
        return value

    def number(self, name: str, low: float, high: float = math.inf) -> float:
        value = self._mapping[name]
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right or not math.isfinite(value) or not low <= value <= high:  # type: ignore[operator, arg-type]
            raise self._wrong(
                name, f"a number of at least {low}" if high == math.inf else f"a number from {low} to {high}"
            )
        return float(value)  # type: ignore[arg-type]

    def number_or_none(self, name: str, low: float, high: float) -> float | None:
        return None if self._mapping[name] is None else self.number(name, low, high)

    def flag(self, name: str) -> bool:
        value = self._mapping[name]
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def flag_or_none(self, name: str) -> bool | None:
        return None if self._mapping[name] is None else self.flag(name)

    def word(self, name: str, choices: Collection[str]) -> str:
        value = self._mapping[name]
        if not isinstance(value, str) or value not in choices:
            raise self._wrong(name, f"one of {', '.join(choices)}")
        return value

    def part(self, name: str) -> Mapping[str, object]:
        value = self._mapping[name]
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object")
        return value

    def part_or_none(self, name: str) -> Mapping[str, object] | None:
        return None if self._mapping[name] is None else self.part(name)

    def _wrong(self, name: str, expected: str) -> InvalidRecipe:
        return InvalidRecipe(f"{self._where}/{name} must be {expected}. Received: {self._mapping[name]!r}")
