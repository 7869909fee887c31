"""From JSON to frozen dataclasses: fields that a newer service has added are passed over."""

import dataclasses
import types
from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cache
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

from cyfra.problems import NotCyfra

T = TypeVar("T")

JSON_NAME = "json"
"""The key, in a field's metadata, of the name that the field has in JSON, where that is no name in Python (`class`)."""


def read(kind: type[T], data: object, **own: object) -> T:
    """Return the dataclass `kind` made of the JSON object `data`; `own` are fields that do not come from it.

    Raises:
        NotCyfra: If a field is missing that has no default, or has a type that it never has.
    """
    if not isinstance(data, Mapping):
        raise NotCyfra(f"The answer should hold a JSON object for {kind.__name__}. Received: {str(data)[:100]}")
    values = dict(own)
    for name, key, hint, has_default in _fields(cast("Hashable", kind)):
        if name in own:
            continue
        if key in data:
            try:
                values[name] = _value(hint, data[key])
            except (TypeError, ValueError, AttributeError) as error:
                raise NotCyfra(f"{kind.__name__}.{key} makes no sense: {str(data[key])[:100]!r}") from error
        elif not has_default:
            raise NotCyfra(f"The answer lacks {key!r} of {kind.__name__}: is that a Cyfra service?")
    return kind(**values)


def read_all(kind: type[T], data: object, key: str, **own: object) -> tuple[T, ...]:
    """Return the dataclasses made of the list that the JSON object `data` has under `key`."""
    found = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(found, list):
        raise NotCyfra(f"The answer should hold a list of {key}: is that a Cyfra service?")
    return tuple(read(kind, one, **own) for one in found)


@cache
def _fields(kind: Hashable) -> tuple[tuple[str, str, object, bool], ...]:
    assert isinstance(kind, type)
    assert dataclasses.is_dataclass(kind)
    hints = get_type_hints(kind)
    return tuple(
        (
            field.name,
            field.metadata.get(JSON_NAME, field.name),
            hints[field.name],
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    )


def _value(hint: object, data: object) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return None if data is None else _value(next(arm for arm in arguments if arm is not type(None)), data)
    if origin is tuple:
        return tuple(_value(arguments[0], one) for one in cast("list[object]", _of(list, data)))
    if origin is not None and issubclass(cast("type", origin), Mapping):
        return {name: _value(arguments[1], one) for name, one in cast("dict[str, object]", _of(dict, data)).items()}
    if dataclasses.is_dataclass(hint):
        return read(cast("type", hint), data)
    if hint is object:
        return data
    return _scalar(cast("type", hint), data)


def _scalar(kind: type, data: object) -> object:
    if kind is datetime:
        return datetime.fromisoformat(cast("str", data))
    if kind is float and isinstance(data, int):
        return float(data)
    return _of(kind, data)


def _of(kind: type, data: object) -> object:
    if not isinstance(data, kind):
        raise TypeError(f"{data!r} is no {kind.__name__}")
    return data
