"""Opaque cursors: a place in a list, bound to the list's filters."""

import base64
import binascii
import hashlib
import json
from typing import Any

from service.errors import BadCursor


def encode(place: list[Any], filters: object) -> str:
    """Return a cursor for `place`, valid only with the same `filters`."""
    text = json.dumps([_fingerprint(filters), *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, filters: object) -> list[Any]:
    """Return the place; raise BadCursor for a cursor that is not ours or belongs to other filters."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        fingerprint, *place = json.loads(text)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("The cursor is not one of ours. Take it from `next` of the page before.") from error
    if fingerprint != _fingerprint(filters):
        raise BadCursor("The cursor belongs to a list with other filters. Keep the filters while you page.")
    return list(place)


def _fingerprint(filters: object) -> str:
    return hashlib.sha256(repr(filters).encode(errors="backslashreplace")).hexdigest()[:12]
