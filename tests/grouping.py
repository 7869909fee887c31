"""Which tests share a process when several run side by side (`pytest -n 2 --dist loadgroup`, as `make test` does).

A group is carried out by one process, one test after another. What is costly to set up, such as a service with a training
behind it, is set up once a group; what only waits, such as a fault test for the end of a lease, is a group of its own. Long
groups begin first, so that no process is left alone with one at the end.
"""

import os

import pytest

IS_SIDE_BY_SIDE = "PYTEST_XDIST_WORKER" in os.environ
DEAR = ("running", "uninterrupted", "trained", "repeated")
"""Fixtures that take long to set up, and are shared by whoever asks for them."""


def group_of(item: pytest.Item) -> str:
    """Return the name of the test's group."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params if callspec else {}
    names = set(getattr(item, "fixturenames", ()))
    for fixture in DEAR:
        if fixture in names:
            kind = parameters.get(fixture) or parameters.get("kind") or ""
            return f"{fixture}-{kind}"
    file = item.nodeid.partition("::")[0]
    return f"{file}-{parameters.get('kind', '')}" if is_fault(item) else file


def is_fault(item: pytest.Item) -> bool:
    """Whether the test is one of tests/faults, most of which wait."""
    return item.nodeid.startswith("tests/faults/")


def group(items: list[pytest.Item]) -> None:
    """Mark every test with its group; put the long groups first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    if IS_SIDE_BY_SIDE:
        items.sort(key=lambda item: (not is_fault(item), not group_of(item).startswith("trained"), group_of(item)))
