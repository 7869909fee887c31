"""From a zip that somebody sends to the answer of a network that was trained on it."""

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.service.images.archives.packing import in_memory
from tests.trained import work_once

LAYERS = [{"layer": "Flatten"}, {"layer": "Dense", "units": 2, "activation": "softmax"}]


def striped(seed: int, *, is_upright: bool) -> bytes:
    """Return a picture of stripes in colour, 20 wide and 12 high, with noise."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (12, 20, 3), dtype=np.uint8)
    (pixels[:, ::4] if is_upright else pixels[::4])[..., 0] += 150
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path, progress_seconds=0.05)
    with closing(Database(settings.resolved_database_url)) as database:
        migrating.migrate(database)
        with TestClient(create_app(settings)) as client:
            client.work = lambda: work_once(settings, database)  # type: ignore[attr-defined]
            yield client


def test_a_set_is_sent_imported_trained_on_and_its_network_answers(client: TestClient) -> None:
    files = {
        f"{name}/{number}.png": striped(100 * number + len(name), is_upright=name == "upright")
        for name in ("lying", "upright")
        for number in range(40)
    }
    assert client.post("/v1/datasets?name=stripes", content=in_memory(files)).status_code == 202
    client.work()  # type: ignore[attr-defined]
    recipe = {"epochs": 8, "batch_size": 8, "optimizer": {"name": "adam", "learning_rate": 0.01}}
    spec = {"dataset": "stripes", "network": {"layers": LAYERS}, "recipe": recipe, "register_as": "stripes"}
    asked = {"dataset": "stripes", "network": {"layers": LAYERS}, "recipe": {"epochs": 8, "batch_size": 8}}
    checked = client.post("/v1/networks/check", json=asked)
    training = client.post("/v1/trainings", json=spec).json()
    client.work()  # type: ignore[attr-defined]

    found = client.get(f"/v1/trainings/{training['id']}").json()
    assert checked.status_code == 200, checked.text
    assert found["state"] == "succeeded", found["error"]
    assert found["metrics"]["test_accuracy"] >= 0.9
    own = f"/v1/trainings/{training['id']}"
    assert "upright" in client.get(f"{own}/report.txt").text
    sha256 = client.get("/v1/datasets/stripes").json()["sha256"]
    assert client.get(f"{own}/receipt").json()["dataset"] == {"name": "stripes", "sha256": sha256}
    assert client.get(f"{own}/report.html").status_code == 200
    assert client.get(f"{own}/network").json()["layers"][0]["output_shape"] == [12 * 20 * 3]
    answer = client.post("/v1/models/stripes/predict", files={"file": striped(9999, is_upright=True)}).json()
    assert answer["label"] == "upright"
    assert client.post(f"{own}/rerun").status_code == 202
