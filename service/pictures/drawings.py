"""What is drawn, named by its content: the same figures give the same name, and other drawing code another one."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Final

import numpy as np

CODE_VERSION: Final = 1
"""Raised whenever the same figures are to look otherwise: pictures that were kept, here or by a browser, are then stale."""


@dataclass(frozen=True)
class Drawing:
    """Bytes that need not be made yet. `key` is a hash of all that they depend on: their strong ETag, too."""

    key: str
    draw: Callable[[], bytes]
    is_final: bool = True
    """Whether the same training will always be drawn so; not where something was missing that may come back."""


def drawing(kind: str, of: object, draw: Callable[[], bytes], *, is_final: bool = True) -> Drawing:
    """Return the drawing of `of` as `kind` (say, `heat-map.png`).

    `of` may be made of frozen dataclasses, tuples, mappings, arrays and whatever has a `repr` that tells all of it.
    """
    digest = hashlib.sha256(f"{CODE_VERSION} {kind}\n".encode())
    for piece in _pieces(of):
        digest.update(piece)
    return Drawing(digest.hexdigest()[:40], draw, is_final)


def _pieces(value: object) -> Iterator[bytes]:
    """Yield bytes that differ where values differ; each value says its kind and its size, so that none runs into the next."""
    if isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape};".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif is_dataclass(value):
        yield f"{type(value).__name__}(".encode()
        for each in fields(value):
            yield from _pieces(getattr(value, each.name))
    elif isinstance(value, (tuple, list)):
        yield f"[{len(value)};".encode()
        for one in value:
            yield from _pieces(one)
    else:
        text = repr(value).encode(errors="backslashreplace")
        yield f"{len(text)};".encode() + text
