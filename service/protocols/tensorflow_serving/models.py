"""What TensorFlow Serving tells of a model: what goes in and what comes out."""

from typing import Any, Final

from service.protocols.instances import INPUT
from service.protocols.open_inference.requests import OUTPUT
from service.protocols.tensorflow_serving.requests import SIGNATURE
from service.records import ModelVersion

TYPE: Final = "type.googleapis.com/tensorflow.serving.SignatureDefMap"


def metadata(version: ModelVersion) -> dict[str, Any]:
    """Return the one signature of a version."""
    picture = (version.input["height"], version.input["width"], version.input["channels"])
    signature = {
        "inputs": {INPUT: _tensor(INPUT, picture)},
        "outputs": {OUTPUT: _tensor(OUTPUT, (len(version.classes["names"]),))},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": version.name, "signature_name": "", "version": str(version.version)},
        "metadata": {"signature_def": {"@type": TYPE, "signature_def": {SIGNATURE: signature}}},
    }


def _tensor(name: str, sides: tuple[int, ...]) -> dict[str, Any]:
    shape = {"dim": [{"size": str(side), "name": ""} for side in (-1, *sides)], "unknown_rank": False}
    return {"dtype": "DT_FLOAT", "tensor_shape": shape, "name": f"{name}:0"}
