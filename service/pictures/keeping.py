"""Drawn pictures are kept in memory, the last used ones, up to a number of bytes.

Each process keeps its own: a picture takes a tenth of a second, and a folder on disk would have to be pruned.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from service.pictures.drawings import Drawing

LIMIT_BYTES: Final = 48 << 20
MOST_NAMES: Final = 4096


class Kept:
    """The pictures of one process. Two requests for the same one at the same moment draw it once."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        """Keep up to `limit_bytes`; a picture of more than a quarter of that is not kept."""
        self._limit = limit_bytes
        self._lock = Lock()
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._keys: OrderedDict[str, str] = OrderedDict()
        self._size = 0
        self._being_drawn: dict[str, tuple[Lock, int]] = {}

    def get(self, drawing: Drawing) -> bytes:
        """Return the picture, drawn now unless it is kept."""
        found = self._look(drawing.key)
        if found is not None:
            return found
        with self._alone(drawing.key):
            found = self._look(drawing.key)  # whoever came first may have drawn it meanwhile
            if found is None:
                found = drawing.draw()
                self._keep(drawing.key, found)
        return found

    def name(self, name: str, drawing: Drawing) -> None:
        """Remember that `name` stands for the drawing, now and always."""
        with self._lock:
            self._keys[name] = drawing.key
            if len(self._keys) > MOST_NAMES:
                self._keys.popitem(last=False)

    def named(self, name: str) -> Drawing | None:
        """Return the drawing that `name` was given to, if it is still kept."""
        with self._lock:
            key = self._keys.get(name)
        content = None if key is None else self._look(key)
        return None if key is None or content is None else Drawing(key, lambda: content)

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._size

    def _look(self, key: str) -> bytes | None:
        with self._lock:
            found = self._contents.get(key)
            if found is not None:
                self._contents.move_to_end(key)
            return found

    def _keep(self, key: str, content: bytes) -> None:
        if len(content) > self._limit // 4:
            return
        with self._lock:
            self._contents[key] = content
            self._size += len(content)
            while self._size > self._limit:
                _, dropped = self._contents.popitem(last=False)
                self._size -= len(dropped)

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let one thread at a time draw a key; the lock goes when nobody waits for it."""
        with self._lock:
            lock, users = self._being_drawn.get(key, (Lock(), 0))
            self._being_drawn[key] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._being_drawn[key]
                if users == 1:
                    del self._being_drawn[key]
                else:
                    self._being_drawn[key] = (lock, users - 1)
