"""What this process is carrying out just now."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class InFlight:
    """Names of things that are being done, each by one thread at a time."""

    def __init__(self) -> None:
        self._names: set[Hashable] = set()
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, name: Hashable) -> Iterator[bool]:
        """Give whether `name` was free; if it was, it is taken until the block ends."""
        with self._lock:
            is_free = name not in self._names
            self._names.add(name)
        try:
            yield is_free
        finally:
            if is_free:
                with self._lock:
                    self._names.remove(name)
