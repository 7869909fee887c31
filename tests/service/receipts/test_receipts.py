"""The receipt of a training: what it was made with, attempt by attempt, and the hash of its weights."""

import hashlib
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from service.records import TrainingState
from tests.made import SHA256, made_training
from tests.service.receipts.conftest import Repeated, Service, add_receipt

SHA = re.compile(r"[0-9a-f]{64}")
IDS = ("0" * 16, "..%2f..%2fetc", "%00", "x" * 3000, "0123456789ABCDEF", "%F0%9F%92%A9", "%ff")


def test_a_receipt_has_everything_that_the_weights_follow_from(repeated: Repeated) -> None:
    service, training_id = repeated.service, repeated.original

    receipt = service.get(training_id, "/receipt")

    training = service.get(training_id)
    (attempt,) = receipt["attempts"]
    made = attempt["made_with"]
    assert receipt["spec"] == training["spec"]
    assert (receipt["seed"], receipt["rerun_of"]) == (3, None)
    assert receipt["dataset"] == {"name": "mnist-5k", "sha256": SHA256}
    assert (attempt["attempt"], attempt["after_epoch"], attempt["after_step"]) == (1, 0, 0)
    assert attempt["shaped_weights"]
    assert attempt["dataset_sha256"] == SHA256
    assert made["versions"].keys() >= {"python", "cyfra", "keras", "tensorflow", "numpy", "onnxruntime"}
    assert made["versions"]["keras"] == keras.__version__
    assert made["hardware"]["cpu"]
    assert made["hardware"]["cores"] >= 1
    assert made["threads"] >= 1
    assert made["environment"]["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert SHA.fullmatch(made["code_sha256"])


def test_the_training_and_its_report_say_where_the_receipt_is(repeated: Repeated) -> None:
    service, training_id = repeated.service, repeated.original
    address = f"/v1/trainings/{training_id}/receipt.json"

    assert service.get(training_id)["links"]["receipt"] == address
    assert service.get(training_id, "/report.json")["receipt"] == address


def test_the_hash_of_the_weights_is_that_of_the_stored_network(repeated: Repeated, tmp_path: Path) -> None:
    service, training_id = repeated.service, repeated.original
    path = tmp_path / "model.keras"
    path.write_bytes(service.client.get(f"/v1/trainings/{training_id}/model.keras").content)

    weights = service.get(training_id, "/receipt.json")["weights"]

    whole = hashlib.sha256()  # as `hashed` says
    for array, value in zip(weights["arrays"], keras.saving.load_model(path).get_weights(), strict=True):
        content = np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()
        whole.update(f"{array['name']} {value.dtype} {value.shape}\n".encode() + content)
        assert array["sha256"] == hashlib.sha256(content).hexdigest()
    assert weights["sha256"] == whole.hexdigest()
    assert [array["name"] for array in weights["arrays"]][-2:] == ["dense/kernel", "dense/bias"]


def test_a_receipt_reads_as_text_and_is_not_sent_twice(repeated: Repeated) -> None:
    service, training_id = repeated.service, repeated.original
    address = f"/v1/trainings/{training_id}/receipt.txt"

    text = service.text(training_id, "/receipt")

    receipt, reply = service.get(training_id, "/receipt"), service.client.get(address)
    assert reply.text == text
    for said in (receipt["weights"]["sha256"], SHA256, f"keras {keras.__version__}", "from the beginning", '"seed": 3'):
        assert said in text
    again = service.client.get(address, headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_resumed_training_tells_what_each_attempt_was_made_with(repeated: Repeated) -> None:
    first, second = repeated.service.get(repeated.resumed, "/receipt")["attempts"]

    assert (first["attempt"], first["after_epoch"], first["after_step"]) == (1, 0, 0)
    assert second["attempt"] == 2
    assert (second["after_epoch"], second["after_step"]) > (0, 0)
    assert first["shaped_weights"]
    assert second["shaped_weights"]
    assert first["made_with"] == second["made_with"]
    assert "attempt 2" in repeated.service.text(repeated.resumed, "/receipt")


def test_the_report_says_what_the_training_was_made_with(repeated: Repeated) -> None:
    service, training_id = repeated.service, repeated.original

    page = service.client.get(f"/v1/trainings/{training_id}/report.html").text

    receipt = service.get(training_id, "/receipt")
    assert receipt["weights"]["sha256"] in page
    assert f"keras {keras.__version__}" in page
    assert receipt["attempts"][0]["made_with"]["hardware"]["cpu"] in page
    assert service.client.get(f"/v1/trainings/{training_id}/report.pdf").content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("places", "shaping"),
    [
        ([(0, 0)], [1]),
        ([(0, 0), (1, 5)], [1, 2]),
        ([(0, 0), (0, 0)], [2]),  # the first kept nothing
        ([(0, 0), (1, 5), (0, 0), (2, 0)], [3, 4]),
        ([(0, 0), (1, 5), (1, 5)], [1, 3]),  # the second did not get on
        ([(0, 0), (3, 0)], [1]),  # the second only evaluated
        ([], []),
    ],
)
def test_attempts_of_which_nothing_is_in_the_weights_are_told_from_the_others(
    service: Service, places: list[tuple[int, int]], shaping: list[int]
) -> None:
    training_id = made_training(service.database, epoch=3)
    add_receipt(service, training_id, places)

    found = service.get(training_id, "/receipt")["attempts"]

    assert [one["attempt"] for one in found if one["shaped_weights"]] == shaping


@pytest.mark.parametrize(
    ("state", "columns", "said"),
    [
        (TrainingState.QUEUED, {}, "The training is queued; there is a receipt when it has succeeded. Ask again in"),
        (TrainingState.RUNNING, {}, "The training is running"),
        (TrainingState.CANCELLED, {}, "was cancelled, so there is nothing to give a receipt for"),
        (TrainingState.FAILED, {"error_type": "diverged", "error_detail": "NaN."}, "failed (diverged: NaN.)"),
        (TrainingState.SUCCEEDED, {}, "before receipts were kept"),
    ],
)
def test_a_training_without_a_receipt_says_why(
    service: Service, state: TrainingState, columns: dict[str, Any], said: str
) -> None:
    training_id = made_training(service.database, state=state, **columns)

    reply = service.client.get(f"/v1/trainings/{training_id}/receipt.json")

    assert (reply.status_code, reply.json()["type"]) == (409, "/problems/no-receipt")
    assert said in reply.json()["detail"]
    assert ("retry-after" in reply.headers) == (not state.is_terminal)
    assert "receipt" not in service.get(training_id)["links"]


def test_an_id_that_no_training_has_is_a_404(service: Service) -> None:
    for training_id in IDS:
        for path in ("receipt", "receipt.txt", "rerun", "rerun.json"):
            replies = [service.client.get(f"/v1/trainings/{training_id}/{path}")]
            if path == "rerun":
                replies.append(service.client.post(f"/v1/trainings/{training_id}/{path}"))
            for reply in replies:
                assert reply.status_code == 404, (training_id[:20], path)
                assert reply.headers["content-type"] == "application/problem+json"


def test_a_format_or_parameter_that_there_is_not_is_refused(service: Service) -> None:
    training_id = made_training(service.database)

    for path, status in {"receipt.csv": 404, "receipt.json?full=1": 422, "rerun.pdf": 404, "rerun?x=%00": 422}.items():
        reply = service.client.get(f"/v1/trainings/{training_id}/{path}")
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), path
