"""The recorded trainings (see `recording.py`), as what the rules look at."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from service.advice.evidence import ClassOutcome, EpochFigures, Evidence
from service.advice.operations import recipe_facts

CURVES = Path(__file__).with_name("curves.json")


@cache
def recorded() -> dict[str, Any]:
    """Everything in `curves.json`."""
    found: dict[str, Any] = json.loads(CURVES.read_text())
    return found


def names() -> list[str]:
    """The names of all cases."""
    return list(recorded())


def evidence_of(name: str, **changes: Any) -> Evidence:
    """One training as the rules see it once it has ended."""
    case = recorded()[name]
    matrix = tuple(tuple(row) for row in case["matrix"] or ())
    evidence = Evidence(
        training="0123456789abcdef",
        state="failed" if case["error_type"] else "succeeded",
        error_type=case["error_type"],
        classes=10,
        recipe=recipe_facts(case["spec"]["recipe"]),
        validation=case["spec"]["validation"]["from"],
        epochs=tuple(EpochFigures(*row[:5]) for row in case["epochs"]),
        tested=tuple(ClassOutcome(str(i), sum(row), row[i] / sum(row)) for i, row in enumerate(matrix)),
        matrix=matrix,
    )
    return replace(evidence, **changes)


def as_it_ran(name: str) -> list[Evidence]:
    """The same training after each of its epochs, while it was still running."""
    ended = evidence_of(name)
    return [
        replace(ended, state="running", error_type=None, epochs=ended.epochs[:count], tested=(), matrix=())
        for count in range(len(ended.epochs) + 1)
    ]
