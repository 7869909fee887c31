"""Data sets that the Python client sends."""

import threading
from pathlib import Path

import numpy as np
import pytest

from cyfra import Client, NotImported, Unprocessable
from tests.service.datasets.sending import LETTERS
from tests.service.images.archives.packing import in_memory
from tests.service.images.archives.test_arrays import as_idx
from tests.service.images.intake.sets import folders
from tests.trained import Trained


def test_a_set_is_sent_waited_for_used_and_deleted(cyfra: Client, trained: Trained, tmp_path: Path) -> None:
    file = tmp_path / "letters.zip"
    file.write_bytes(LETTERS)
    sent: list[tuple[int, int]] = []

    added = cyfra.datasets.add(file, name="client-letters", size=12, sent=lambda *figures: sent.append(figures))
    worker = threading.Thread(target=trained.work)
    worker.start()
    found = added.wait(timeout=60)
    worker.join()

    assert added.state == "importing"
    assert (found.classes, found.shape, found.lint[-1].rule) == (("a", "b"), (12, 12, 1), "split-made")
    assert sent[-1] == (len(LETTERS), len(LETTERS))
    assert len(cyfra.datasets["client-letters"].samples("test", count=2)) == 2
    found.delete()
    assert "client-letters" not in [each.name for each in cyfra.datasets]


def test_a_set_that_is_refused_says_why(cyfra: Client, trained: Trained) -> None:
    broken = in_memory(folders("a", "b") | {f"a/x{number}.png": b"no picture" for number in range(4)})
    added = cyfra.datasets.add(broken, name="client-broken")
    trained.work()

    with pytest.raises(NotImported, match="could not be read") as refused:
        added.wait(timeout=60)

    assert (refused.value.state, refused.value.reason) == ("refused", "too-many-unreadable")
    assert "a/x0.png" in str(cyfra.datasets["client-broken"].lint[0])
    cyfra.datasets["client-broken"].delete()


def test_idx_files_go_in_one_form_and_what_is_wrong_is_told_at_once(cyfra: Client) -> None:
    images, labels = as_idx(np.zeros((6, 9, 9), np.uint8)), as_idx(np.zeros(6, np.uint8))

    with pytest.raises(Unprocessable, match="There is one class, '0'"):
        cyfra.datasets.add(images, labels, name="client-idx")
