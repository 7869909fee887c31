"""The lecture's trainings, through the API of a real service."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scripts.lecture.__main__ import row_names
from scripts.lecture.deck import ON_A_CPU, ROWS
from scripts.lecture.repeating import Wanted, find_or_submit, outcome_of, repeat
from service.terminal.client import Client
from service.terminal.exits import CommandFailed
from tests.test_docs import ROOT
from tests.trained import Trained

FIFTY = Wanted(ROWS["mnist-50"], seed=3)
SMALL = ("--rows", "mnist-3", "--epochs", "1", "--dataset", "mnist-5k")


@pytest.fixture
def asking(client: TestClient) -> Iterator[Client]:
    """Ask the service of the tests as the command does."""
    with Client("http://testserver", transport=client._transport) as asking:
        yield asking


def test_a_row_is_submitted_as_the_deck_trained_it(asking: Client) -> None:
    training = find_or_submit(asking, FIFTY)

    assert (training.preset, training.dataset, training.network) == ("lecture-mnist", "mnist", "lecture-mnist")
    assert training.progress.epochs == 50
    assert training.spec["seed"] == 3
    assert training.spec["validation"] == {"from": "test"}
    assert training.register_as == "lecture-mnist-50"  # and not the name that answers /predict


def test_every_row_is_accepted(asking: Client) -> None:
    trainings = [find_or_submit(asking, Wanted(row, seed=1)) for row in ROWS.values()]

    assert [training.progress.epochs for training in trainings] == [3, 50, 3, 50]


def test_a_second_run_finds_what_the_first_has_submitted(asking: Client) -> None:
    first = find_or_submit(asking, FIFTY)

    assert find_or_submit(asking, FIFTY).id == first.id
    assert find_or_submit(asking, Wanted(ROWS["mnist-50"], seed=4)).id != first.id
    assert find_or_submit(asking, Wanted(ROWS["mnist-3"], seed=3)).id != first.id


def test_a_training_that_went_wrong_is_submitted_anew(asking: Client) -> None:
    first = find_or_submit(asking, FIFTY)
    asking.post(f"/v1/trainings/{first.id}/cancel")

    second = find_or_submit(asking, FIFTY)

    assert second.id != first.id
    assert find_or_submit(asking, FIFTY).id == second.id


def test_a_training_that_goes_wrong_has_no_outcome(asking: Client) -> None:
    def cancelled(training):
        asking.post(f"/v1/trainings/{training.id}/cancel")
        return asking.training(training.id)

    with pytest.raises(CommandFailed, match=r"MNIST, 50 epochs: training \S+ cancelled"):
        repeat(asking, FIFTY, cancelled)


def test_the_figures_are_those_of_the_report_and_the_receipt(trained: Trained) -> None:
    with Client("http://testserver", transport=trained.client._transport) as asking:
        outcome = outcome_of(asking, trained.training_id)

    report = trained.client.get(f"/v1/trainings/{trained.training_id}/report.json").json()
    assert (outcome.accuracy, outcome.loss) == (report["test_accuracy"], report["test_loss"])
    assert outcome.wrong == round((1 - outcome.accuracy) * outcome.test_count)
    assert outcome.low < outcome.accuracy < outcome.high
    assert outcome.seed == 1
    assert outcome.seconds > 0
    assert re.match(r"\d+ cores? of \S", outcome.hardware)


def test_rows_are_named_as_the_deck_has_them() -> None:
    assert row_names("mnist-3, cifar10-50") == ["mnist-3", "cifar10-50"]
    assert set(ON_A_CPU) < set(ROWS)
    with pytest.raises(Exception, match=r"no such row: mnist-5\. The deck has mnist-3, mnist-50"):
        row_names("mnist-3,mnist-5")


def test_the_command_trains_on_a_service_of_its_own_and_finds_the_training_again(tmp_path: Path) -> None:
    page = tmp_path / "lecture.md"
    page.write_text("untouched")

    first, second = (carried_out("--home", str(tmp_path / "home"), "--page", str(page), *SMALL) for _ in range(2))

    assert "epoch 1/1" in first
    assert "A try: nothing was written." in first
    assert page.read_text() == "untouched"
    assert re.findall(r"training (\w\S+)\n", first)[0] == re.findall(r"training (\w\S+)\n", second)[0]
    assert first.splitlines()[-2] == second.splitlines()[-2]  # the line of the table, time and all


def carried_out(*arguments: str) -> str:
    """Return what the command says."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("CYFRA_")}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.lecture", *arguments],
        env=settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
