"""What a training has to show, read from the real service."""

from pathlib import Path

import numpy as np
import pytest

import cyfra as package
from cyfra import Client, Training

pytestmark = pytest.mark.parametrize("trained", ["sqlite"], indirect=True, scope="session")


def test_a_report_prints_as_scikit_learn_does(training: Training) -> None:
    report = training.report

    text = str(report)
    assert report.test_accuracy > 0.9
    assert [row.name for row in report.rows] == list("0123456789")
    assert {"macro avg", "weighted avg"} <= {row.name for row in report.averages}
    assert "precision    recall  f1-score   support" in text
    assert f"{report.test_count - report.misclassified_count:,} of 1,000" in text
    assert "weighted avg" in report.text


def test_a_report_is_saved_in_the_format_of_its_suffix(training: Training, tmp_path: Path) -> None:
    path = training.report.save(tmp_path / "report.txt")

    assert "weighted avg" in path.read_text()


def test_a_report_shows_itself(training: Training) -> None:
    shown = training.report._repr_html_()

    assert shown.count("<tr") >= 13
    assert "Test accuracy" in shown


def test_a_confusion_matrix_counts_and_names_what_is_confused_most(training: Training) -> None:
    matrix = training.confusion_matrix

    worst = matrix.most_confused(3)
    assert matrix.count("0", "0") > 80
    assert np.asarray(matrix).sum() == 1000
    assert worst[0].count == max(np.asarray(matrix)[~np.eye(10, dtype=bool)])
    assert str(matrix).splitlines()[0].split() == list("0123456789")
    assert matrix._repr_html_().count("<td") == 100


def test_a_history_is_a_sequence_of_epochs(training: Training) -> None:
    history = training.history

    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1].val_accuracy is not None
    assert history[-1].accuracy > history[0].accuracy
    assert str(history).startswith("epoch   1  accuracy")
    assert "validation accuracy" in history._repr_html_()


def test_misclassified_examples_are_counted_gone_through_and_chosen(training: Training) -> None:
    mistakes = training.misclassified
    first = next(iter(mistakes))

    chosen = mistakes.where(true=first.true, predicted=first.predicted)

    assert len(mistakes) == training.report.misclassified_count == len(list(mistakes))
    assert 0 < len(chosen) == training.confusion_matrix.count(first.true, first.predicted)
    assert first.png.startswith(b"\x89PNG")
    assert f"{first.true}:{first.predicted}" in first._repr_html_()


def test_a_class_that_there_is_not_is_refused_with_those_there_are(training: Training) -> None:
    with pytest.raises(package.Unprocessable, match="There is no class 'seven'"):
        list(training.misclassified.where(true="seven"))


def test_a_trained_network_is_downloaded_in_the_format_of_its_suffix(training: Training, tmp_path: Path) -> None:
    assert training.download(tmp_path / "mine.keras").read_bytes().startswith(b"PK")
    assert training.download(tmp_path / "mine.onnx").stat().st_size > 10_000


def test_a_training_that_waits_has_no_report_and_says_when(cyfra: Client) -> None:
    training = cyfra.train(preset="quickstart")
    try:
        with pytest.raises(package.Conflict, match="The training is queued") as caught:
            _ = training.report
        assert caught.value.retry_after_seconds
    finally:
        training.cancel()
        training.delete()
