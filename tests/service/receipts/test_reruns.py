"""Reruns: the same once more, and how it differs."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from service.app import create_app
from service.records import Receipt, Rerun, TrainingAttempt, TrainingState
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingRequest
from tests.made import NO_LIMITS, SPEC, made_training
from tests.service.receipts.conftest import (
    EQUAL,
    MADE_WITH,
    UNEQUAL,
    Repeated,
    Service,
    add_receipt,
    add_repetition,
)
from tests.workers import TINY

OLDER = {"keras": "3.15.1", "tensorflow": "2.20.0", "onnxruntime": "1.20.0"}


def refusal(service: Service, training_id: str, **request: Any) -> dict[str, Any]:
    """Return the problem that a rerun is refused with, after checking that nothing was made."""
    before = service.count()
    reply = service.client.post(f"/v1/trainings/{training_id}/rerun", **request)
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    assert (service.count(), service.count(Rerun)) == (before, 0)
    problem: dict[str, Any] = reply.json()
    return problem


def test_a_rerun_on_the_same_cpu_has_bit_equal_weights_and_says_so(repeated: Repeated) -> None:
    service = repeated.service

    found = service.get(repeated.again, "/rerun")

    first, second = (service.get(one, "/receipt")["weights"] for one in (repeated.original, repeated.again))
    weights = found["weights"]
    assert (found["training"], found["rerun_of"]) == (repeated.again, repeated.original)
    assert (found["state"], found["poll_after_seconds"]) == ("succeeded", None)
    assert weights["bit_equal"] is True
    assert (weights["arrays"], weights["differing"], weights["largest_difference"]) == (8, 0, 0.0)
    assert first == second
    assert weights["sha256"] == {"original": first["sha256"], "rerun": first["sha256"]}
    assert found["metrics"]["test_accuracy"]["original"] == found["metrics"]["test_accuracy"]["rerun"] > 0.1
    assert (found["predictions"]["changed"], found["predictions"]["test_count"]) == (0, 1000)
    assert found["predictions"]["largest_confidence_difference"] == 0.0
    assert (found["differences"], found["reasons"]) == ([], [])
    assert found["finding"] == "The weights are bit-equal to the original's. 0 of 1,000 predictions changed."
    assert found["finding"] in service.text(repeated.again, "/rerun")


def test_a_rerun_of_a_resumed_training_is_bit_equal_too(repeated: Repeated) -> None:
    found = repeated.service.get(repeated.resumed_again, "/rerun")

    assert found["weights"]["bit_equal"] is True


def test_weights_that_differ_are_told_with_the_layer_and_the_predictions(repeated: Repeated) -> None:
    service = repeated.service

    found = service.get(repeated.other, "/rerun.json")

    weights, predictions = found["weights"], found["predictions"]
    assert weights["bit_equal"] is False
    assert weights["sha256"]["original"] != weights["sha256"]["rerun"]
    assert (weights["arrays"], weights["differing"]) == (8, 8)
    assert weights["array"].startswith(f"{weights['layer']}/")
    assert weights["layer"] in {"conv2d", "batch_normalization", "dense"}
    assert weights["largest_difference"] > 0.01
    assert predictions["changed"] > 0
    assert predictions["largest_confidence_difference"] > 0
    for example in predictions["examples"]:
        assert example["original"] != example["rerun"]
    assert service.client.get(predictions["examples"][0]["image"]).headers["content-type"] == "image/png"
    assert "Nothing differs that the receipts know of" in found["reasons"][0]
    assert "The weights differ from the original's in 8 of 8 arrays, by" in service.text(repeated.other, "/rerun")


def test_a_rerun_has_the_specification_of_the_original_and_makes_no_version_of_its_model(repeated: Repeated) -> None:
    service, again = repeated.service, repeated.submitted

    original = service.get(repeated.original)

    assert again["state"] == "queued"
    assert again["rerun_of"] == repeated.original
    assert again["links"]["rerun"] == f"/v1/trainings/{repeated.again}/rerun.json"
    assert again["spec"] == {**original["spec"], "register_as": None}
    assert again["labels"] == {"course": "ci"}
    assert original["rerun_of"] is None
    assert "rerun" not in original["links"]
    assert service.get(repeated.again, "/receipt")["rerun_of"] == repeated.original
    assert service.client.get("/v1/models/mine").json()["latest_version"] == 1


def test_a_version_that_changed_is_named_as_the_reason(service: Service) -> None:
    original, again = add_repetition(service, UNEQUAL)
    add_receipt(service, original, versions=OLDER)
    add_receipt(service, again, weights="2" * 64)

    found = service.get(again, "/rerun")

    differing = {one["what"]: (one["original"], one["rerun"], one["matters"]) for one in found["differences"]}
    assert differing == {"tensorflow": ("2.20.0", "2.21.0", True), "onnxruntime": ("1.20.0", "1.32.0", False)}
    assert len(found["reasons"]) == 1
    assert "tensorflow (2.20.0, then 2.21.0); another version may bring other kernels" in found["reasons"][0]
    assert found["finding"] == (
        "The weights differ from the original's in 1 of 2 arrays, by 1.5e-07 at most (dense/kernel). "
        "1 of 3 predictions changed."
    )
    (example,) = found["predictions"]["examples"]
    assert (example["index"], example["true"], example["original"], example["rerun"]) == (2, "2", "2", "5")
    text = service.text(again, "/rerun")
    for said in ("Why that may be:", "- tensorflow: 2.20.0, 2.21.0\n", "- onnxruntime: 1.20.0, 1.32.0 (no matter)"):
        assert said in text


@pytest.mark.parametrize(
    ("made_with", "reason"),
    [
        ({"dataset_sha256": "d" * 64}, "they did not learn from the same images"),
        ({"backend": "jax"}, "each backend draws its random numbers in its own way"),
        ({"code_sha256": "e" * 64}, "Cyfra's own code that trains is another"),
        ({"hardware": {**MADE_WITH["hardware"], "cpu": "Xeon"}}, "CPU (Xeon, then AMD EPYC)"),
        ({"hardware": {**MADE_WITH["hardware"], "gpus": ["NVIDIA H100"]}}, "sums are taken in no fixed order"),
        ({"threads": 8}, "threads (8, then 2)"),
        ({"environment": {}}, "TF_ENABLE_ONEDNN_OPTS (none, then 1)"),
        ({"places": [(0, 0), (1, 0), (2, 0)]}, "Nothing differs that the receipts know of"),
    ],
)
def test_whatever_weights_follow_from_is_named_as_a_reason_only_where_they_differ(
    service: Service, made_with: dict[str, Any], reason: str
) -> None:
    original, unequal = add_repetition(service, UNEQUAL)
    add_receipt(service, original, **made_with)
    add_receipt(service, unequal, weights="2" * 64)

    found = service.get(unequal, "/rerun")
    with service.database.transaction() as session:
        session.execute(update(Rerun).values(difference=EQUAL))
    equal = service.get(unequal, "/rerun")

    assert reason in found["reasons"][0]
    assert equal["differences"] == found["differences"]
    assert equal["reasons"] == []


def test_an_original_whose_attempts_ran_on_two_machines_says_so(service: Service) -> None:
    original, again = add_repetition(service, UNEQUAL)
    add_receipt(service, original, [(0, 0), (1, 0)])
    add_receipt(service, again, weights="2" * 64)
    with service.database.transaction() as session:
        second = session.get_one(TrainingAttempt, (original, 2))
        second.made_with = {**MADE_WITH, "hardware": {**MADE_WITH["hardware"], "cpu": "Xeon"}}

    found = service.get(again, "/rerun")

    assert [(one["what"], one["original"]) for one in found["differences"]] == [("CPU", "AMD EPYC, then Xeon")]


def test_an_original_of_before_there_were_receipts_is_compared_but_what_it_was_made_with_is_not_known(
    service: Service,
) -> None:
    _, again = add_repetition(service, UNEQUAL)
    add_receipt(service, again)

    found = service.get(again, "/rerun")

    assert found["weights"]["bit_equal"] is False
    assert found["weights"]["sha256"]["original"] is None
    assert found["differences"] == []
    assert "What the original was made with is not known" in found["reasons"][0]


def test_a_rerun_by_a_worker_of_an_earlier_version_is_judged_by_what_there_is(service: Service) -> None:
    original, again = add_repetition(service, None)
    add_receipt(service, original)

    found = service.get(again, "/rerun")

    assert found["weights"]["bit_equal"] is None
    assert "A worker of an earlier version" in found["finding"]
    assert found["predictions"]["changed"] == 1
    assert "What the rerun was made with is not known" in found["reasons"][0]


@pytest.mark.parametrize(("weights", "is_equal"), [("1" * 64, True), ("2" * 64, False)])
def test_weights_that_could_not_be_read_are_judged_by_their_hashes(
    service: Service, weights: str, is_equal: bool
) -> None:
    original, again = add_repetition(service, {"unknown": "They do not fit."})
    add_receipt(service, original, weights="1" * 64)
    add_receipt(service, again, weights=weights)

    found = service.get(again, "/rerun")["weights"]

    assert (found["bit_equal"], found["unknown"], found["arrays"]) == (is_equal, "They do not fit.", None)


def test_weights_that_are_no_numbers_differ_by_no_number(service: Service) -> None:
    _, again = add_repetition(service, {**UNEQUAL, "largest": None})

    found = service.get(again, "/rerun")

    assert (found["weights"]["bit_equal"], found["weights"]["largest_difference"]) == (False, None)
    assert found["finding"].startswith("The weights differ from the original's in 1 of 2 arrays. 1 of 3")


def test_predictions_on_other_images_are_not_compared(service: Service) -> None:
    _, again = add_repetition(service, UNEQUAL, dataset_sha256="d" * 64)

    assert service.get(again, "/rerun")["predictions"] is None


def test_a_rerun_that_goes_on_or_came_to_nothing_says_how_it_stands(service: Service) -> None:
    again = service.rerun(made_training(service.database))
    queued = service.get(again, "/rerun")
    service.client.post(f"/v1/trainings/{again}/cancel")

    cancelled = service.get(again, "/rerun")

    assert (queued["state"], queued["weights"], queued["poll_after_seconds"]) == ("queued", None, 5)
    assert queued["finding"].startswith("The rerun is queued; how it differs is told when it has succeeded.")
    assert (cancelled["state"], cancelled["poll_after_seconds"]) == ("cancelled", None)
    assert cancelled["finding"] == "The rerun was cancelled: there is nothing to compare."
    assert "cancelled" in service.text(again, "/rerun")


def test_an_original_that_is_deleted_before_its_rerun_has_ended_leaves_the_rerun_alone(service: Service) -> None:
    original = made_training(service.database, spec=resolve(TrainingRequest.model_validate(TINY), NO_LIMITS))
    again = service.rerun(original)
    assert service.client.delete(f"/v1/trainings/{original}").status_code == 204
    service.work()

    found = service.get(again, "/rerun")

    assert (found["state"], found["rerun_of"]) == ("succeeded", original)
    assert (found["weights"]["bit_equal"], found["predictions"]) == (None, None)
    assert found["metrics"]["test_accuracy"]["original"] is None
    assert "The original was deleted before its rerun had ended." in found["finding"]


def test_an_original_that_is_deleted_later_leaves_what_was_found(service: Service) -> None:
    original, again = add_repetition(service, EQUAL)
    assert service.client.delete(f"/v1/trainings/{original}").status_code == 204

    found = service.get(again, "/rerun")

    assert found["weights"]["bit_equal"] is True
    assert found["finding"] == "The weights are bit-equal to the original's."


def test_a_deleted_rerun_takes_along_what_was_found(service: Service) -> None:
    _, again = add_repetition(service, EQUAL)
    add_receipt(service, again)

    assert service.client.delete(f"/v1/trainings/{again}").status_code == 204

    assert [service.count(record) for record in (Rerun, Receipt, TrainingAttempt)] == [0, 0, 0]


def test_a_training_that_repeats_no_other_says_so_and_names_its_reruns(service: Service) -> None:
    original = made_training(service.database)
    before = service.client.get(f"/v1/trainings/{original}/rerun")
    again = service.rerun(original)

    after = service.client.get(f"/v1/trainings/{original}/rerun.json")

    assert (before.status_code, before.json()["type"]) == (404, "/problems/not-a-rerun")
    assert f"POST /v1/trainings/{original}/rerun" in before.json()["detail"]
    assert f"/v1/trainings/{again}/rerun" in after.json()["detail"]


@pytest.mark.parametrize(
    ("state", "columns", "said"),
    [
        (TrainingState.QUEUED, {}, "The training is queued; it can be repeated when it has succeeded"),
        (TrainingState.RUNNING, {}, "The training is running"),
        (TrainingState.CANCELLED, {}, "was cancelled, so there are no weights"),
        (TrainingState.FAILED, {"error_type": "diverged", "error_detail": "NaN."}, "failed (diverged: NaN.)"),
        (TrainingState.SUCCEEDED, {"dataset_sha256": "0" * 64}, "has another content now"),
        (
            TrainingState.SUCCEEDED,
            {"dataset": "gone"},
            "Its data set is not there any more. There is no data set 'gone'",
        ),
        (TrainingState.SUCCEEDED, {"spec": {}}, "would not take its specification today"),
        (
            TrainingState.SUCCEEDED,
            {"spec": {**SPEC, "recipe": {**SPEC["recipe"], "epochs": 0, "momentum": 1}}},
            "/recipe/epochs",
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused_and_says_why(
    service: Service, state: TrainingState, columns: dict[str, Any], said: str
) -> None:
    training_id = made_training(service.database, state=state, **columns)

    problem = refusal(service, training_id)

    assert (problem["status"], problem["type"]) == (409, "/problems/not-repeatable")
    assert said in problem["detail"]


def test_limits_that_were_lowered_since_hold_for_reruns(service: Service) -> None:
    training_id = made_training(service.database)
    lowered = service.settings.model_copy(update={"max_parameters": 10})

    with TestClient(create_app(lowered), raise_server_exceptions=False) as client:
        reply = client.post(f"/v1/trainings/{training_id}/rerun")

    assert (reply.status_code, reply.json()["type"]) == (409, "/problems/not-repeatable")
    assert reply.json()["errors"]
    assert "at most 10" in reply.json()["detail"]


def test_a_body_or_a_parameter_is_refused_and_says_where_changes_go(service: Service) -> None:
    training_id = made_training(service.database)

    for body in (b'{"seed": 4}', b"[]", b"\x00\xff", b"seed=4"):
        problem = refusal(service, training_id, content=body, headers={"Content-Type": "application/json"})
        assert problem["status"] == 422
        assert "POST /v1/trainings" in problem["detail"]
    assert refusal(service, training_id, params={"seed": 4})["status"] == 422


def test_a_request_that_is_sent_twice_with_its_key_makes_one_training(service: Service) -> None:
    training_id = made_training(service.database)
    headers = {"Idempotency-Key": "k"}

    first, again = (service.client.post(f"/v1/trainings/{training_id}/rerun", headers=headers) for _ in range(2))
    other = service.client.post(f"/v1/trainings/{made_training(service.database)}/rerun", headers=headers)

    assert (first.status_code, again.content) == (202, first.content)
    assert first.headers["location"] == f"/v1/trainings/{first.json()['id']}"
    assert int(first.headers["retry-after"]) == first.json()["poll_after_seconds"]
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert (service.count(), service.count(Rerun)) == (3, 1)


def test_a_rerun_belongs_to_who_asked_for_it(service: Service) -> None:
    training_id = made_training(service.database, owner="anna")
    settings = service.settings.model_copy(update={"caller_header": "X-User"})

    with TestClient(create_app(settings)) as client:
        nobody = client.post(f"/v1/trainings/{training_id}/rerun")
        reply = client.post(f"/v1/trainings/{training_id}/rerun", headers={"X-User": "berta"})

    assert nobody.status_code == 401
    assert (reply.status_code, reply.json()["owner"], reply.json()["rerun_of"]) == (202, "berta", training_id)
