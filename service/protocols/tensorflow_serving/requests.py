"""The bodies of `:predict` and `:classify`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from service.errors import BadTensor
from service.images.expectation import Expectation
from service.protocols import instances, tensors
from service.protocols.instances import INPUT, Bounds
from service.protocols.tensors import Images, Json

SIGNATURE: Final = "serving_default"

Reader = Callable[[Expectation, Bounds], Images]


@dataclass(frozen=True)
class PredictRequest:
    """Pictures, and the name under which the answer goes back: `predictions` for rows, `outputs` for a column."""

    answer: str
    read: Reader


def predict(body: bytes) -> PredictRequest:
    """Read `instances` (a row a picture) or `inputs` (the one input as a whole), never both; raise BadTensor, BrokenJson."""
    found = _checked(body)
    kind = tensors.only(("instances", "inputs"), found, "A request")
    if kind == "instances":
        return PredictRequest("predictions", _reader(kind, found[kind]))
    column = found[kind]
    if isinstance(column, dict) and list(column) == [INPUT]:
        column = column[INPUT]
    if isinstance(column, dict):
        column = [column]  # one picture in base64, or what will be told from it
    return PredictRequest("outputs", _reader(kind, column))


def classify(body: bytes) -> Reader:
    """Read `examples`, a row a picture; raise BadTensor, BrokenJson."""
    found = _checked(body)
    if found.get("context"):
        raise BadTensor("context: the model has one input, the picture; put it into each of the examples.")
    if "examples" not in found:
        raise BadTensor(f'examples: expected, such as [{{"{INPUT}": {{"b64": "…"}}}}].')
    return _reader("examples", found["examples"])


def _checked(body: bytes) -> Json:
    found = tensors.read_json(body)
    signature = found.get("signature_name", SIGNATURE)
    if signature not in {SIGNATURE, ""} if isinstance(signature, str) else True:
        raise BadTensor(f"signature_name: received {str(signature)[:80]!r}; the model has {SIGNATURE!r} alone.")
    return found


def _reader(where: str, found: object) -> Reader:
    return lambda expects, bounds: instances.read(where, found, expects, bounds)
