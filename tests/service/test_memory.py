"""Freed memory goes back to the system."""

import sys

import psutil
import pytest

from service import memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone keeps memory so")
def test_what_was_freed_is_given_back() -> None:
    small = [bytes(50_000) for _ in range(2000)]  # below the size that is mapped by itself
    last = bytes(50_000)
    del small
    before = psutil.Process().memory_info().rss

    memory.give_back()

    assert psutil.Process().memory_info().rss < before - 20_000_000
    assert last
