"""A model that anybody can foretell, files of many pictures made in code, and the worker's own code in this process."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from service.database import Database
from service.records import Model, ModelVersion, storing
from service.settings import Settings
from tests.service.explanations.networks import linear
from worker.batches.looking import Desk, work

SIDE = 8
PATH = "/v1/batch-predictions"
CLASSES = ("dark", "light")


def add_model(database: Database, name: str = "shades", classes: tuple[str, ...] = CLASSES) -> None:
    """Add a version of a model that says whether an 8 x 8 picture is dark (class 0) or light (class 1): its top left pixel."""
    weights = np.zeros((SIDE, SIDE, 1))
    weights[0, 0, 0] = 8.0
    weights[0, 1, 0] = -4.0  # which every picture here has at its fullest
    add_version(database, name, weights, classes)


def add_place_model(database: Database, name: str = "places") -> None:
    """Add a version of a model of handwriting, 28 x 28, whose answer says how far to the right and down the ink is."""
    add_version(
        database, name, np.add.outer(np.arange(28), np.arange(28))[:, :, None] / 1000, CLASSES, handwriting=True
    )


def add_version(
    database: Database, name: str, weights: np.ndarray, classes: tuple[str, ...], *, handwriting: bool = False
) -> None:
    """Add a version of a linear model, `weights` (height, width, 1)."""
    height, width, channels = weights.shape
    with database.transaction() as session:
        sha256 = storing.store(session, linear(weights))
        model = session.get(Model, name) or Model(name=name, latest_version=0)
        model.latest_version += 1
        session.add(model)
        session.flush()
        session.add(
            ModelVersion(
                name=name,
                version=model.latest_version,
                dataset="shades",
                input={"height": height, "width": width, "channels": channels, "handwriting": handwriting},
                classes={"names": list(classes)},
                parameters=64,
                test_accuracy=1.0,
                keras_sha256=sha256,
                onnx_sha256=sha256,
            )
        )


def shade(is_light: bool) -> np.ndarray:
    """A picture that is dark or light: (8, 8) uint8."""
    pixels = np.full((SIDE, SIDE), 100, np.uint8)
    pixels[0, 0] = 255 if is_light else 0
    pixels[0, 1] = 255
    return pixels


def shades(count: int) -> np.ndarray:
    """(count, 8, 8) uint8: dark, light, light, dark, light, light …"""
    return np.stack([shade(bool(number % 3)) for number in range(count)])


def png(pixels: np.ndarray) -> bytes:
    """A file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """An npz."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def idx(values: np.ndarray) -> bytes:
    """An IDX file of uint8."""
    sides = b"".join(side.to_bytes(4) for side in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sides + values.astype(np.uint8).tobytes()


def submitted(client: TestClient, content: bytes, **options: Any) -> dict[str, Any]:
    """Send a body and return the batch; `params` are more than the model."""
    params = {"model": "shades", **options.pop("params", {})}
    reply = client.post(PATH, params=params, content=content, **options)
    assert reply.status_code == 202, reply.text
    batch: dict[str, Any] = reply.json()
    return batch


def desk(settings: Settings, database: Database, *, is_shutting_down: bool = False) -> Desk:
    """What a worker's process for batches works with."""
    return Desk(settings, database, "test-worker", lambda: is_shutting_down)


def worked(client: TestClient, settings: Settings, database: Database, batch: dict[str, Any]) -> dict[str, Any]:
    """Do what a worker does, and return the batch as it is then."""
    assert work(desk(settings, database))
    found: dict[str, Any] = client.get(batch["links"]["self"]).json()
    return found
