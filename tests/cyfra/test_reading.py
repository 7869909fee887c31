"""JSON as dataclasses: a newer service may say more, none may say less."""

import pytest

from cyfra import Facts, NotCyfra
from cyfra.reading import read

TRAINING = {"id": "t1", "state": "queued", "created_at": "2025-11-22T12:00:00Z", "dataset": "mnist-5k"}


def test_fields_that_a_newer_service_adds_are_passed_over() -> None:
    facts = read(Facts, TRAINING | {"colour": "blue", "progress": {"epoch": 1, "epochs": 2, "watts": 250}})

    assert (facts.id, facts.progress.epoch) == ("t1", 1)


def test_whole_numbers_are_floats_where_floats_belong() -> None:
    facts = read(Facts, TRAINING | {"metrics": {"test_accuracy": 1, "test_loss": 0, "parameters": 5}})

    assert facts.metrics is not None
    assert isinstance(facts.metrics.test_accuracy, float)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ([], "JSON object for Facts"),
        ({"id": "t1"}, "lacks 'state' of Facts"),
        (TRAINING | {"created_at": "yesterday"}, "Facts.created_at makes no sense: 'yesterday'"),
        (TRAINING | {"attempt": "one"}, "Facts.attempt makes no sense"),
        (TRAINING | {"labels": []}, "Facts.labels makes no sense"),
        (TRAINING | {"changes": {}}, "Facts.changes makes no sense"),
    ],
)
def test_what_is_no_answer_of_the_service_is_said_so(answer: object, says: str) -> None:
    with pytest.raises(NotCyfra, match=says):
        read(Facts, answer)
