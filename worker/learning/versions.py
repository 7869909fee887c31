"""Fields that specifications have got since the first version, so that what was kept before still means the same."""

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import TypeVar

Value = TypeVar("Value")

_ADDED = "added"


def added(default: Value) -> Value:
    """A dataclass's field that came later: at its default, a recipe is what it was before there was such a field."""
    made: Value = field(default=default, metadata={_ADDED: True})
    return made


def content(value: object) -> object:
    """Dataclasses as JSON, without the fields that were added later and say what was always so: two versions that mean the
    same training write the same.
    """
    if is_dataclass(value) and not isinstance(value, type):
        said = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: content(held) for one, held in said if _ADDED not in one.metadata or held != one.default}
    if isinstance(value, Mapping):
        return {name: content(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [content(held) for held in value]
    return value
