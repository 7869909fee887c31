"""From the options of `cyfra train` to the body of POST /v1/trainings."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from service.terminal.exits import REFUSED, CommandFailed

DEFAULT_PRESET: Final = "quickstart"

Spec = dict[str, object]


def build_spec(
    *,
    preset: str | None = None,
    file: Path | None = None,
    assignments: Sequence[str] = (),
    epochs: int | None = None,
    seed: int | None = None,
    register_as: str | None = None,
    labels: Sequence[str] = (),
) -> Spec:
    """Return the body to send. The service checks what the fields mean; here only their form is checked.

    Args:
        preset: A preset's name; the quickstart if there is neither preset nor file.
        file: A file with a body in JSON.
        assignments: `recipe.epochs=5`: a path of keys, and a value in JSON, or else a string.
        epochs: Short for `recipe.epochs`.
        seed: Short for `seed`.
        register_as: The name of the model to make.
        labels: `key=value`, to find the training by.

    Raises:
        CommandFailed: If the file or an assignment cannot be read.
    """
    if preset is not None and file is not None:
        raise CommandFailed(REFUSED, "Give --preset or --file, not both. A file may name a preset itself.")
    spec: Spec = {"preset": preset or DEFAULT_PRESET} if file is None else _read(file)
    for assignment in assignments:
        path, value = _split(assignment, "--set")
        _assign(spec, path, _value(value))
    if epochs is not None:
        _assign(spec, "recipe.epochs", epochs)
    if seed is not None:
        spec["seed"] = seed
    if register_as is not None:
        spec["register_as"] = register_as
    for label in labels:
        key, value = _split(label, "--label")
        _labels(spec)[key] = value
    return spec


def _read(file: Path) -> Spec:
    try:
        spec = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandFailed(REFUSED, f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandFailed(REFUSED, f"{file} is not JSON: {error}.") from error
    if not isinstance(spec, dict):
        raise CommandFailed(REFUSED, f'{file} must hold one JSON object, such as {{"preset": "quickstart"}}.')
    return spec


def _split(assignment: str, option: str) -> tuple[str, str]:
    key, equals, value = assignment.partition("=")
    if not equals or not key:
        raise CommandFailed(REFUSED, f"{option} needs key=value. Received: {assignment}")
    return key, value


def _value(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return text


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _assign(spec: Spec, path: str, value: object) -> None:
    *parents, last = path.split(".")
    target = spec
    for parent in parents:
        below = target.setdefault(parent, {})
        if not isinstance(below, dict):
            raise CommandFailed(REFUSED, f"--set {path}: {parent} is {json.dumps(below)}, it has no fields.")
        target = below
    target[last] = value


def _labels(spec: Spec) -> dict[str, object]:
    labels = spec.setdefault("labels", {})
    if not isinstance(labels, dict):
        raise CommandFailed(REFUSED, "The file's labels are not an object of key and value.")
    return labels
