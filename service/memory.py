"""Memory that was freed goes back to the system: glibc keeps it for the next time, and what a start needs comes once."""

import ctypes
import sys
from functools import cache


def give_back() -> None:
    """Give back what is free. After imports and the loading of a model that is a sixth of an API process.

    It takes a few milliseconds. On a system with another C library nothing is done.
    """
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
