"""The examples and the client's page run as they stand, against a real service with a real worker."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image, ImageDraw

from cyfra import Client
from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.serving import serving
from tests.workers import RunningWorker

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that trains, and has a model already."""
    home = tmp_path_factory.mktemp("examples")
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'cyfra.sqlite3'}", queue_name=uuid.uuid4().hex)
    database = Database(settings.resolved_database_url)
    migrating.migrate(database)
    database.close()
    with serving(create_app(settings)) as url:
        worker = RunningWorker(settings, home / "worker.log")
        try:
            worker.wait_until_ready()
            with Client(url) as client:
                client.train(preset="quickstart", epochs=2).wait(timeout=300, bar=False)
            yield url
        finally:
            worker.kill()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service_url: str) -> Path:
    """An empty folder to stand in, and the address of the service in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYFRA_URL", service_url)
    monkeypatch.setenv("CYFRA_LECTURE_EPOCHS", "2")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


def test_the_script_trains_and_keeps_a_report(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "client.py"], capture_output=True, text=True, check=False, timeout=300
    )

    assert done.returncode == 0, done.stderr
    assert "weighted avg" in done.stdout
    assert "the network says" in done.stdout
    assert (place / "report.html").stat().st_size > 10_000


def test_the_page_of_the_client_runs_from_top_to_bottom(place: Path, service_url: str) -> None:
    page = (ROOT / "docs" / "client.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    blocks = [block.replace("http://127.0.0.1:8000", service_url) for block in blocks]
    seven = Image.new("L", (280, 280), "white")
    ImageDraw.Draw(seven).line([(70, 70), (210, 70), (120, 225)], fill="black", width=20)
    seven.save(place / "digit.png")
    names: dict[str, object] = {}

    for number, block in enumerate(blocks):
        exec(compile(block, f"block {number} of docs/client.md", "exec"), names)

    assert len(blocks) >= 10
    assert {path.name for path in place.iterdir()} == {"digit.png", "report.html", "mine.onnx", "why.png"}


def test_the_lecture_runs_from_top_to_bottom_and_every_object_shows_itself(place: Path) -> None:
    notebook = nbformat.read(ROOT / "examples" / "lecture.ipynb", as_version=4)

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(place)}}).execute()

    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in shown if output.output_type == "stream"] == []
    rich = [output for output in shown if {"text/html", "image/png"} & set(output.get("data", {}))]
    assert len(rich) >= 12
    assert any("succeeded" in output.data.get("text/html", "") for output in rich)
    assert (place / "report.html").exists()
    assert (place / "digits.keras").exists()


def test_the_lecture_is_kept_without_what_it_showed() -> None:
    notebook = nbformat.read(ROOT / "examples" / "lecture.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [cell for cell in cells if cell.outputs or cell.execution_count] == []
