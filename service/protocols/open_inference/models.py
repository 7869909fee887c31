"""What the protocol tells of the server and its models."""

from importlib.metadata import version as installed_version
from typing import Any, Final

from sqlalchemy.orm import Session

from service.models import operations as models
from service.models import queries
from service.protocols.open_inference.requests import INPUT, OUTPUT
from service.records import ModelVersion

PLATFORM: Final = "onnxruntime_onnx"  # as Triton calls it
EXTENSIONS: Final = ("binary_tensor_data", "classification", "model_repository")


def server() -> dict[str, Any]:
    """Return the server's metadata."""
    return {"name": "cyfra", "version": installed_version("cyfra"), "extensions": list(EXTENSIONS)}


def metadata(session: Session, name: str, version: str | None) -> dict[str, Any]:
    """Return a model's metadata: its versions, input and output; raise UnknownModel, UnknownVersion, NoModelYet."""
    rows = models.find(session, name)
    chosen = models.choose_version(rows, version)
    return {
        "name": name,
        "versions": [str(one.version) for one in ([chosen] if version is not None else rows.versions)],
        "platform": PLATFORM,
        "inputs": [{"name": INPUT, "datatype": "FP32", "shape": [-1, *_picture(chosen)]}],
        "outputs": [{"name": OUTPUT, "datatype": "FP32", "shape": [-1, len(chosen.classes["names"])]}],
    }


def config(session: Session, name: str, version: str | None, max_batch_size: int) -> dict[str, Any]:
    """Return what Triton's clients ask for as a model's configuration."""
    chosen = models.choose_version(models.find(session, name), version)
    tensor = {"data_type": "TYPE_FP32"}
    return {
        "name": name,
        "platform": PLATFORM,
        "backend": "onnxruntime",
        "max_batch_size": max_batch_size,
        "input": [{"name": INPUT, **tensor, "dims": list(_picture(chosen))}],
        "output": [{"name": OUTPUT, **tensor, "dims": [len(chosen.classes["names"])]}],
    }


def index(session: Session) -> list[dict[str, str]]:
    """Return every version of every model: each is ready, since it is loaded when it is asked."""
    found = [rows for name in queries.names(session) if (rows := queries.get(session, name)) is not None]
    return [
        {"name": rows.model.name, "version": str(version.version), "state": "READY", "reason": ""}
        for rows in found
        for version in rows.versions
    ]


def _picture(version: ModelVersion) -> tuple[int, int, int]:
    return version.input["height"], version.input["width"], version.input["channels"]
