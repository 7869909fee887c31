"""Batches from the Python client and from the terminal, against the real service with the worker's own code beside it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cyfra import Client
from service.app import create_app
from service.cli import run
from service.database import Database
from service.settings import Settings
from tests.service.batches import batching
from tests.serving import serving
from worker.batches.looking import Desk, look_again_and_again


@pytest.fixture
def url(settings: Settings, database: Database) -> Iterator[str]:
    """The address of a service with a worker for batches."""
    batching.add_model(database)
    stopped = threading.Event()
    desk = Desk(settings, database, "test-worker", stopped.is_set)
    worker = threading.Thread(target=look_again_and_again, args=(desk, stopped))
    worker.start()
    with serving(create_app(settings)) as url:
        yield url
    stopped.set()
    worker.join()


def test_a_batch_is_sent_waited_for_and_read(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = batching.shades(6)
    with Client(url) as client:
        batch = client.predict_batch(list(pictures), model="shades", normalize="never").wait(60)
        answers = list(batch.results())
        saved = batch.save(tmp_path / "answers.csv").read_text()
        batch.delete()
    file = tmp_path / "some.npz"
    np.savez(file, x=pictures, y=np.array([0, 1, 1, 0, 1, 0]))
    code = run(
        [
            "batch",
            str(file),
            "--url",
            url,
            "--model",
            "shades",
            "--normalize",
            "always",
            "--output",
            str(tmp_path / "out.jsonl"),
        ]
    )

    assert [answer.label for answer in answers] == ["dark", "light", "light", "dark", "light", "light"]
    assert saved.startswith("name,class,confidence")
    assert code == 0
    assert "accuracy 0.8333 (5 of 6)" in capsys.readouterr().out
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 6
