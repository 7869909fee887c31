"""POST /v1/networks/check: what a network costs, or all that keeps it from being trained."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.made import SPEC, made_training

FLATTEN = {"layer": "Flatten"}
DENSE = {"layer": "Dense", "units": 10, "activation": "softmax"}
CONV = {"layer": "Conv2D", "filters": 8, "kernel_size": 3}


def check(client: TestClient, *layers: dict[str, Any], **body: Any) -> Any:
    return client.post("/v1/networks/check", json={"dataset": "mnist-5k", "network": {"layers": list(layers)}, **body})


def faults(reply: Any) -> dict[str, str]:
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    return {fault["pointer"]: fault["detail"] for fault in reply.json()["errors"]}


def test_a_network_that_fits_is_told_what_it_costs(client: TestClient) -> None:
    reply = check(client, CONV, FLATTEN, DENSE, recipe={"batch_size": 100, "epochs": 2})

    assert reply.status_code == 200, reply.text
    found = reply.json()
    convolved, weights = 26 * 26 * 8, 26 * 26 * 8 * 10
    assert found["parameters"] == 9 * 8 + 8 + weights + 10
    assert found["flops"] == 2 * (26 * 26 * 9 * 8 + weights)
    assert found["activation_bytes"] == 2 * 4 * 100 * (28 * 28 + 2 * convolved + 10)
    assert found["size_bytes"] == 4 * found["parameters"]
    assert found["output_shape"] == [10]
    assert [(row["index"], row["name"], row["output_shape"]) for row in found["layers"]] == [
        (0, "conv2d", [26, 26, 8]),
        (1, "flatten", [convolved]),
        (2, "dense", [10]),
    ]


def test_a_network_can_be_checked_by_name_and_for_images_that_are_no_data_set_yet(client: TestClient) -> None:
    body = {"input_shape": [64, 48, 3], "classes": 10, "network": "lecture-cifar10"}

    found = client.post("/v1/networks/check", json=body).json()

    assert found["output_shape"] == [10]
    assert found["seconds_per_epoch"] is None
    assert "without a data set" in found["estimate"]["basis"]


def test_the_time_is_an_assumption_until_something_was_trained(client: TestClient) -> None:
    found = check(client, CONV, FLATTEN, DENSE).json()

    assert found["estimate"]["basis"].startswith("assumed: 50 GFLOP/s")
    assert found["estimate"]["seconds_per_epoch"] == found["seconds_per_epoch"] > 0


QUICKSTART_EPOCHS = [(1.0, 0.5, 1.0, 0.5), (0.5, 0.8, 0.5, 0.8)]  # of 0.5 s each


def test_the_time_is_measured_once_something_was_trained(client: TestClient, database: Database) -> None:
    made_training(database, epochs=QUICKSTART_EPOCHS)

    found = check(client, network="quickstart").json()

    assert found["estimate"]["basis"].startswith("measured")
    assert found["seconds_per_epoch"] == pytest.approx(0.5, rel=0.2)


def test_a_training_that_is_all_overhead_tells_nothing_of_a_dear_network(
    client: TestClient, database: Database
) -> None:
    layers = [{"layer": "GlobalAveragePooling2D"}, DENSE]
    trivial = {**SPEC, "network": {**SPEC["network"], "layers": layers}}
    made_training(database, spec=trivial, epochs=QUICKSTART_EPOCHS)

    assert "for nothing like it was trained" in check(client, network="quickstart").json()["estimate"]["basis"]
    assert check(client, *layers).json()["estimate"]["basis"].startswith("measured")


@pytest.mark.parametrize(
    ("layers", "pointer", "hint"),
    [
        ([CONV, DENSE], "/network/layers/1", "Dense takes one row of numbers"),
        ([CONV, DENSE], "/network/layers/1", "add Flatten or GlobalAveragePooling2D before it"),
        ([FLATTEN, {**DENSE, "units": 7}], "/network/layers/1/units", "mnist-5k has 10 classes"),
        ([FLATTEN, {**DENSE, "activation": "relu"}], "/network/layers/1/activation", "not a distribution"),
        ([FLATTEN, {"layer": "Dense", "units": 10}], "/network/layers/1/activation", "not a distribution"),
        ([{**CONV, "filtres": 3}, FLATTEN, DENSE], "/network/layers/0/filtres", "Did you mean 'filters'?"),
        ([{"layer": "Conv2d"}, FLATTEN, DENSE], "/network/layers/0", "Did you mean 'Conv2D'?"),
        ([FLATTEN, CONV, DENSE], "/network/layers/1", "put it before Flatten"),
        ([{**FLATTEN, "inputs": ["x"]}, DENSE], "/network/layers/0/inputs/0", "no layer with the id 'x'"),
        (
            [{**FLATTEN, "id": "a", "inputs": ["b"]}, {"layer": "ReLU", "id": "b"}, DENSE],
            "/network/layers/0/inputs",
            "a takes b takes a",
        ),
        ([{**FLATTEN, "id": "a"}, {**DENSE, "id": "b"}, {**DENSE, "inputs": ["a"]}], "/network/layers/1", "second"),
        ([{**FLATTEN, "id": "a"}, {**FLATTEN, "id": "a"}, DENSE], "/network/layers/1/id", "already"),
        ([{**CONV, "id": "a"}, {"layer": "ReLU", "inputs": ["images"]}, FLATTEN, DENSE], "/network/layers/0", "Unused"),
        (
            [{**CONV, "id": "a"}, {"layer": "Add", "inputs": ["a", "images"]}, FLATTEN, DENSE],
            "/network/layers/1/inputs",
            "Add takes inputs of one shape, and gets [26, 26, 8] and [28, 28, 1]",
        ),
        ([{"layer": "Add"}, FLATTEN, DENSE], "/network/layers/0", "takes 2 to 16 inputs, and gets 1"),
        ([{"layer": "GRU", "units": 8}, DENSE], "/network/layers/0", '"target_shape": [28, 28]'),
        ([{"layer": "Shared", "of": "b"}, FLATTEN, DENSE], "/network/layers/0/of", "no layer with the id 'b'"),
        (
            [{**CONV, "id": "a"}, {"layer": "Shared", "of": "a"}, FLATTEN, DENSE],
            "/network/layers/1/of",
            "were made for [28, 28, 1], and do not fit [26, 26, 8]",
        ),
    ],
)
def test_a_fault_is_named_with_what_would_fit(
    client: TestClient, layers: list[dict[str, Any]], pointer: str, hint: str
) -> None:
    assert hint in faults(check(client, *layers))[pointer]


def test_one_mistake_hides_no_other(client: TestClient) -> None:
    wide = {"layer": "Dense", "units": 64}

    found = faults(check(client, CONV, wide, {**CONV, "kernel_size": 5}, FLATTEN, {"layer": "Dense", "units": 3}))

    assert set(found) == {
        *("/network/layers/1", "/network/layers/2"),
        *("/network/layers/4/units", "/network/layers/4/activation"),
    }


@pytest.mark.parametrize(
    ("body", "pointer", "hint"),
    [
        ({"dataset": "mnits"}, "/dataset", "Did you mean 'mnist'?"),
        ({"dataset": None}, "", "Give either a dataset, or both input_shape"),
        ({"input_shape": [28, 28, 1]}, "", "Give either a dataset"),
        ({"dataset": None, "input_shape": [28, 28], "classes": 10}, "/input_shape/2", "required"),
        ({"dataset": None, "input_shape": [28, 28, 9], "classes": 10}, "/input_shape/2", "less than or equal to 4"),
        ({"dataset": None, "input_shape": [28, 28, 1], "classes": 1}, "/classes", "greater than or equal to 2"),
        ({"network": "lecture-mnst"}, "/network", "Did you mean 'lecture-mnist'?"),
        ({"recipe": {"batch_size": 5000}}, "/recipe/batch_size", "3,600 images"),
        ({"recipe": {"batchsize": 50}}, "/recipe/batchsize", "Did you mean 'batch_size'?"),
        ({"preset": "quickstart"}, "/preset", "There is no field"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, body: dict[str, Any], pointer: str, hint: str) -> None:
    assert hint in faults(check(client, FLATTEN, DENSE, **body))[pointer]


def test_a_preset_that_does_not_fit_the_data_is_blamed_by_its_name(client: TestClient) -> None:
    body = {"input_shape": [6, 6, 1], "classes": 4, "network": "lecture-mnist"}

    found = client.post("/v1/networks/check", json=body)

    assert set(faults(found)) == {"/network"}


@pytest.mark.parametrize(
    ("limit", "pointer", "hint"),
    [
        ({"max_layers": 2}, "/network/layers", "Received 3 layers; at most 2"),
        ({"max_parameters": 5000}, "/network/layers", "54,170 parameters; at most 5,000 are trained here"),
        ({"max_activation_bytes": 2**20}, "/recipe/batch_size", "a batch_size of at most 11 fits"),
        ({"max_activation_bytes": 2**10}, "/recipe/batch_size", "make the network smaller"),
        ({"max_training_flops": 10**10}, "/recipe/epochs", "4 epochs fit"),
        ({"max_training_flops": 10**6}, "/recipe/epochs", "not one epoch fits"),
    ],
)
def test_each_limit_says_what_was_asked_and_what_would_fit(
    settings: Settings, database: Database, limit: dict[str, int], pointer: str, hint: str
) -> None:
    limited = settings.model_copy(update=limit)

    with TestClient(create_app(limited)) as client:
        checked = check(client, CONV, FLATTEN, DENSE)
        body = {"dataset": "mnist-5k", "network": {"layers": [CONV, FLATTEN, DENSE]}}
        submitted = client.post("/v1/trainings", json=body)

    assert hint in faults(checked)[pointer]
    assert faults(submitted) == faults(checked)  # one code path


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"quickstart"', b"[" * 5000, b"\xff"])
def test_a_body_that_is_no_check_gets_a_4xx_problem(client: TestClient, body: bytes) -> None:
    reply = client.post("/v1/networks/check", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code in {400, 422}
    assert reply.headers["content-type"] == "application/problem+json"


def test_an_unknown_query_parameter_is_refused(client: TestClient) -> None:
    reply = client.post("/v1/networks/check?dataset=mnist", json={"dataset": "mnist", "network": "quickstart"})

    assert reply.status_code == 422
