"""What an inference answers: JSON, or JSON and the output's bytes after it."""

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.protocols.open_inference.requests import OUTPUT, InferRequest
from service.protocols.running import Answered

HEADER_LENGTH: Final = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Written:
    """A response: its body, and how much of it is JSON; None when all of it is."""

    body: bytes
    json_length: int | None


def write(request: InferRequest, answered: Answered) -> Written:
    """Return the response; `id` is echoed, `classification` gives `value:index:label`, best first."""
    output: dict[str, Any] = {"name": OUTPUT}
    flat: list[str] | list[float]
    if request.output.classification:
        rows = _classified(answered, request.output.classification)
        flat = [text for row in rows for text in row]
        binary = b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for row in rows for text in row)
        output |= {"datatype": "BYTES", "shape": [len(rows), len(rows[0])]}
    else:
        flat = answered.probabilities.ravel().tolist()
        binary = np.ascontiguousarray(answered.probabilities, "<f4").tobytes()
        output |= {"datatype": "FP32", "shape": list(answered.probabilities.shape)}
    if request.output.is_binary:
        output["parameters"] = {"binary_data_size": len(binary)}
    else:
        output["data"] = flat
    reply = {"model_name": answered.engine.name, "model_version": str(answered.engine.version), "outputs": [output]}
    if request.id is not None:
        reply["id"] = request.id
    text = json.dumps(reply, allow_nan=False).encode()
    return Written(text + binary, len(text)) if request.output.is_binary else Written(text, None)


def _classified(answered: Answered, count: int) -> list[list[str]]:
    best: NDArray[np.intp] = np.argsort(-answered.probabilities, axis=1, kind="stable")[:, :count]
    return [
        [f"{row[index]:.6f}:{index}:{answered.engine.classes[index]}" for index in order]
        for row, order in zip(answered.probabilities, best.tolist(), strict=True)
    ]
