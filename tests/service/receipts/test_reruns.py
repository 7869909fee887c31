"""Reruns: the same once more, and how it differs."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, select, update

from service.app import create_app
from service.records import Receipt, Rerun, Training, TrainingAttempt, TrainingState
from tests.made import SPEC, made_training
from tests.service.receipts.conftest import AUGMENTED, Service
from tests.workers import TINY


def count(service: Service) -> int:
    with service.database.reading() as session:
        return session.scalars(select(func.count()).select_from(Training)).one()


def refusal(service: Service, training_id: str, **request: Any) -> dict[str, Any]:
    """Return the problem that a rerun is refused with, after checking that nothing was made."""
    before = count(service)
    reply = service.client.post(f"/v1/trainings/{training_id}/rerun", **request)
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    assert count(service) == before
    problem: dict[str, Any] = reply.json()
    return problem


def work_with_another_seed(service: Service, training_id: str) -> None:
    """Let a rerun come out differently: its specification is changed behind the service's back."""
    service.change(training_id, spec={**service.get(training_id)["spec"], "seed": 99})
    service.work()


def test_a_rerun_on_the_same_cpu_has_bit_equal_weights_and_says_so(service: Service) -> None:
    original = service.ended(**AUGMENTED)
    again = service.rerun(original)
    service.work()

    found = service.get(again, "/rerun")

    hashes = [service.get(one, "/receipt")["weights"]["sha256"] for one in (original, again)]
    weights = found["weights"]
    assert (found["training"], found["rerun_of"], found["state"]) == (again, original, "succeeded")
    assert weights["bit_equal"] is True
    assert (weights["differing"], weights["largest_difference"], weights["layer"]) == (0, 0.0, None)
    assert [weights["sha256"]["original"], weights["sha256"]["rerun"]] == hashes == [hashes[0]] * 2
    assert found["metrics"]["test_accuracy"]["original"] == found["metrics"]["test_accuracy"]["rerun"]
    assert (found["predictions"]["changed"], found["predictions"]["test_count"]) == (0, 1000)
    assert (found["differences"], found["reasons"]) == ([], [])
    assert found["finding"] == "The weights are bit-equal to the original's. 0 of 1,000 predictions changed."
    assert service.client.get(f"/v1/trainings/{again}/rerun.txt").text.endswith("(rerun)\n")


def test_a_rerun_has_the_specification_of_the_original_and_makes_no_version_of_its_model(service: Service) -> None:
    original = service.ended(**AUGMENTED, labels={"course": "ci"}, register_as="mine")

    reply = service.client.post(f"/v1/trainings/{original}/rerun")
    service.work()

    again = reply.json()
    assert reply.status_code == 202
    assert reply.headers["location"] == again["links"]["self"] == f"/v1/trainings/{again['id']}"
    assert int(reply.headers["retry-after"]) == again["poll_after_seconds"]
    assert again["rerun_of"] == original
    assert again["links"]["rerun"] == f"/v1/trainings/{again['id']}/rerun.json"
    assert again["spec"] == {**service.get(original)["spec"], "register_as": None}
    assert again["labels"] == {"course": "ci"}
    assert service.client.get("/v1/models/mine").json()["latest_version"] == 1
    assert service.get(again["id"], "/receipt")["rerun_of"] == original
    assert service.get(original)["rerun_of"] is None


def test_a_rerun_of_a_resumed_training_is_bit_equal_too(service: Service) -> None:
    original = service.submit(**{**AUGMENTED, "recipe": {"epochs": 2, "batch_size": 10}})
    service.work_until_a_step_is_done()
    service.work()
    assert service.get(original)["attempt"] == 2
    again = service.rerun(original)
    service.work()

    assert service.get(again, "/rerun")["weights"]["bit_equal"] is True


def test_weights_that_differ_are_told_with_the_layer_the_predictions_and_what_was_another(service: Service) -> None:
    original = service.ended(**AUGMENTED)
    made = service.get(original, "/receipt")["attempts"][0]["made_with"]
    older = {**made["versions"], "tensorflow": "2.20.0", "onnxruntime": "1.0"}
    service.change_made_with(original, versions=older, hardware={**made["hardware"], "instructions": ["avx512f"]})
    again = service.rerun(original)
    work_with_another_seed(service, again)

    found = service.get(again, "/rerun.json")

    weights, predictions = found["weights"], found["predictions"]
    assert weights["bit_equal"] is False
    assert (weights["arrays"], weights["layer"]) == (2, "dense")
    assert weights["differing"] > 0
    assert weights["largest_difference"] > 0
    assert weights["array"] in {"dense/kernel", "dense/bias"}
    assert predictions["changed"] > 0
    first = predictions["examples"][0]
    assert first["original"] != first["rerun"]
    assert service.client.get(first["image"]).headers["content-type"] == "image/png"
    differing = {one["what"]: (one["original"], one["rerun"], one["matters"]) for one in found["differences"]}
    assert differing["tensorflow"] == ("2.20.0", made["versions"]["tensorflow"], True)
    assert differing["onnxruntime"] == ("1.0", made["versions"]["onnxruntime"], False)
    assert "instruction sets" in differing
    assert "tensorflow (2.20.0, then" in found["reasons"][0]
    assert "other kernels" in found["reasons"][0]
    assert "avx512f" in found["reasons"][1]
    text = service.client.get(f"/v1/trainings/{again}/rerun.txt").text
    for said in ("The weights differ from the original's in", "Why that may be:", "tensorflow: 2.20.0", "(no matter)"):
        assert said in text


def test_weights_that_differ_although_nothing_else_does_are_told_as_a_fault(service: Service) -> None:
    original = service.ended(**AUGMENTED)
    again = service.rerun(original)
    work_with_another_seed(service, again)

    assert "Nothing differs that the receipts know of" in service.get(again, "/rerun")["reasons"][0]


def test_what_differs_is_told_also_of_bit_equal_weights_but_as_no_reason(service: Service) -> None:
    original = service.ended(**TINY)
    service.change_made_with(original, threads=64)
    again = service.rerun(original)
    service.work()

    found = service.get(again, "/rerun")

    assert found["weights"]["bit_equal"] is True
    assert [(one["what"], one["original"]) for one in found["differences"]] == [("threads", "64")]
    assert found["reasons"] == []


def test_a_training_of_before_there_were_receipts_can_be_repeated(service: Service) -> None:
    original = service.ended(**AUGMENTED)
    with service.database.transaction() as session:
        session.execute(delete(Receipt))
        session.execute(delete(TrainingAttempt))
    again = service.rerun(original)
    other = service.rerun(original)
    service.work()
    work_with_another_seed(service, other)

    found, differing = service.get(again, "/rerun"), service.get(other, "/rerun")

    assert found["weights"]["bit_equal"] is True
    assert found["weights"]["sha256"]["original"] is None
    assert differing["weights"]["bit_equal"] is False
    assert "What the original was made with is not known" in differing["reasons"][0]


def test_a_rerun_that_goes_on_or_came_to_nothing_says_how_it_stands(service: Service) -> None:
    original = service.ended(**TINY)
    again = service.rerun(original)
    queued = service.get(again, "/rerun")
    service.client.post(f"/v1/trainings/{again}/cancel")

    cancelled = service.get(again, "/rerun")

    assert (queued["state"], queued["weights"], queued["poll_after_seconds"]) == ("queued", None, 5)
    assert queued["finding"].startswith("The rerun is queued; how it differs is told when it has succeeded.")
    assert (cancelled["state"], cancelled["poll_after_seconds"]) == ("cancelled", None)
    assert cancelled["finding"] == "The rerun was cancelled: there is nothing to compare."


def test_an_original_that_is_deleted_before_its_rerun_has_ended_leaves_the_rerun_alone(service: Service) -> None:
    original = service.ended(**TINY)
    again = service.rerun(original)
    assert service.client.delete(f"/v1/trainings/{original}").status_code == 204
    service.work()

    found = service.get(again, "/rerun")

    assert (found["state"], found["rerun_of"]) == ("succeeded", original)
    assert (found["weights"]["bit_equal"], found["predictions"]) == (None, None)
    assert found["metrics"]["test_accuracy"]["original"] is None
    assert "The original was deleted before its rerun had ended." in found["finding"]


def test_an_original_that_is_deleted_later_leaves_what_was_found(service: Service) -> None:
    original = service.ended(**TINY)
    again = service.rerun(original)
    service.work()
    assert service.client.delete(f"/v1/trainings/{original}").status_code == 204

    found = service.get(again, "/rerun")

    assert found["weights"]["bit_equal"] is True
    assert found["finding"] == "The weights are bit-equal to the original's."


def test_a_rerun_by_a_worker_of_an_earlier_version_is_judged_by_what_there_is(service: Service) -> None:
    original = service.ended(**TINY)
    again = service.rerun(original)
    service.work()
    with service.database.transaction() as session:
        session.execute(update(Rerun).values(difference=None))
        session.execute(delete(Receipt).where(Receipt.training_id == again))
        session.execute(delete(TrainingAttempt).where(TrainingAttempt.training_id == again))

    found = service.get(again, "/rerun")

    assert found["weights"]["bit_equal"] is None
    assert "A worker of an earlier version" in found["weights"]["unknown"]
    assert found["predictions"]["changed"] == 0
    assert "What the rerun was made with is not known" in found["reasons"][0]


def test_a_training_that_repeats_no_other_says_so_and_names_its_reruns(service: Service) -> None:
    original = service.ended(**TINY)
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
    assert "10" in reply.json()["detail"]


@pytest.mark.parametrize("body", [b'{"seed": 4}', b"[]", b"\x00\xff", b"seed=4"])
def test_a_body_is_refused_and_says_where_changes_go(service: Service, body: bytes) -> None:
    training_id = made_training(service.database)

    problem = refusal(service, training_id, content=body, headers={"Content-Type": "application/json"})

    assert problem["status"] == 422
    assert "POST /v1/trainings" in problem["detail"]


def test_a_parameter_is_refused(service: Service) -> None:
    assert refusal(service, made_training(service.database), params={"seed": 4})["status"] == 422


def test_a_request_that_is_sent_twice_with_its_key_makes_one_training(service: Service) -> None:
    training_id = made_training(service.database)
    headers = {"Idempotency-Key": "k"}

    first, again = (service.client.post(f"/v1/trainings/{training_id}/rerun", headers=headers) for _ in range(2))
    other = service.client.post(f"/v1/trainings/{made_training(service.database)}/rerun", headers=headers)

    assert (first.status_code, again.content) == (202, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert count(service) == 3


def test_a_rerun_belongs_to_who_asked_for_it(service: Service) -> None:
    training_id = made_training(service.database, owner="anna")
    settings = service.settings.model_copy(update={"caller_header": "X-User"})

    with TestClient(create_app(settings)) as client:
        nobody = client.post(f"/v1/trainings/{training_id}/rerun")
        reply = client.post(f"/v1/trainings/{training_id}/rerun", headers={"X-User": "berta"})

    assert nobody.status_code == 401
    assert (reply.status_code, reply.json()["owner"], reply.json()["rerun_of"]) == (202, "berta", training_id)


def test_a_deleted_rerun_takes_along_what_was_found(service: Service) -> None:
    original = service.ended(**TINY)
    again = service.rerun(original)
    service.work()

    assert service.client.delete(f"/v1/trainings/{again}").status_code == 204

    with service.database.reading() as session:
        for record in (Rerun, Receipt, TrainingAttempt):
            found = session.scalars(select(func.count()).select_from(record).where(record.training_id == again)).one()
            assert found == 0, record
