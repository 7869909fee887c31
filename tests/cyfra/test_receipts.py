"""What a training was made with, and how a rerun differs, read from the real service and from answers of a test's own."""

import pytest

import cyfra as package
from cyfra import Client, Training
from cyfra.facts import Facts
from cyfra.reading import read
from tests.cyfra.conftest import answering, connection_to

over_sqlite = pytest.mark.parametrize("trained", ["sqlite"], indirect=True, scope="session")

FACTS = {
    "id": "t2",
    "state": "succeeded",
    "created_at": "2025-11-22T12:00:00Z",
    "dataset": "mnist-5k",
    "rerun_of": "t1",
}
DIFFERENCE = {
    "training": "t2",
    "rerun_of": "t1",
    "state": "succeeded",
    "finding": "The weights differ from the original's in 1 of 2 arrays, by 1.5e-07 at most (dense/kernel).",
    "weights": {
        "bit_equal": False,
        "sha256": {"original": "1", "rerun": "2"},
        "arrays": 2,
        "differing": 1,
        "largest_difference": 1.5e-7,
        "layer": "dense",
        "array": "dense/kernel",
        "unknown": None,
    },
    "metrics": {"test_accuracy": {"original": None, "rerun": 1}, "test_loss": {"original": 0.1, "rerun": 0.2}},
    "predictions": {
        "test_count": 3,
        "changed": 1,
        "largest_confidence_difference": 0,
        "examples": [{"index": 2, "true": "2", "original": "2", "rerun": "5", "image": "/2.png"}],
    },
    "differences": [{"what": "<b>CPU</b>", "original": None, "rerun": "Xeon", "matters": True}],
    "reasons": ["Not the same: CPU (none, then Xeon); other hardware is given other kernels."],
    "of_a_newer_service": 1,
}


@over_sqlite
def test_a_receipt_tells_what_a_training_was_made_with_and_names_its_weights(training: Training) -> None:
    receipt = training.receipt

    assert receipt.training == training.id
    assert len(receipt.weights.sha256) == 64
    assert receipt.weights.arrays[0].name.endswith("/kernel")
    assert receipt.made_with.versions["keras"]
    assert receipt.made_with.hardware.cores >= 1
    assert receipt.attempts[0].shaped_weights
    assert receipt.spec == training.facts.spec
    assert receipt.weights.sha256 in str(receipt)
    assert receipt.weights.sha256 in receipt._repr_html_()


@over_sqlite
def test_a_rerun_is_a_training_that_says_how_it_differs(cyfra: Client, training: Training) -> None:
    again = training.rerun()
    try:
        difference = again.difference

        assert again.facts.rerun_of == training.id
        assert (again.state, difference.rerun_of, difference.is_bit_equal) == ("queued", training.id, None)
        assert str(difference).startswith("The rerun is queued")
    finally:
        again.cancel()
        again.delete()
    with pytest.raises(package.NotFound, match="repeats no other"):
        _ = training.difference


@over_sqlite
def test_a_training_that_waits_cannot_be_repeated_and_has_no_receipt(cyfra: Client) -> None:
    waiting = cyfra.train(preset="quickstart")
    try:
        with pytest.raises(package.Conflict, match="it can be repeated when it has succeeded"):
            waiting.rerun()
        with pytest.raises(package.Conflict, match="there is a receipt when it has succeeded"):
            _ = waiting.receipt
    finally:
        waiting.cancel()
        waiting.delete()


def test_a_difference_shows_what_is_not_the_same_and_lets_no_markup_in() -> None:
    connection, _ = connection_to(answering(200, DIFFERENCE))

    found = Training(connection, read(Facts, FACTS)).difference

    assert found.is_bit_equal is False
    assert found.weights is not None
    assert (found.weights.layer, found.weights.largest_difference) == ("dense", 1.5e-7)
    assert found.predictions is not None
    assert found.predictions.examples[0].rerun == "5"
    assert found.metrics is not None
    assert found.metrics.test_accuracy.original is None
    assert str(found).splitlines()[1].startswith("- Not the same: CPU")
    assert "&lt;b&gt;CPU&lt;/b&gt;" in found._repr_html_()


def test_a_rerun_that_is_sent_again_carries_the_same_key() -> None:
    connection, requests = connection_to(answering(503), answering(202, FACTS), pauses_seconds=(0.0,))

    again = Training(connection, read(Facts, {**FACTS, "id": "t1"})).rerun()

    assert again.id == "t2"
    assert [request.url.path for request in requests] == ["/v1/trainings/t1/rerun"] * 2
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1
