"""Explanations that were made a moment ago, kept to be given again. They follow from their key, so they never grow stale."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MOST_BYTES: Final = 8 << 20


class Kept:
    """Bytes by key, the least recently used ones dropped beyond `MOST_BYTES`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return what is kept under `key`, made first if need be."""
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        made = make()
        with self._lock:
            if key not in self._found:
                self._found[key] = made
                self._size += len(made)
            while self._size > MOST_BYTES:
                self._size -= len(self._found.popitem(last=False)[1])
        return made
