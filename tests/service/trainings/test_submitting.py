"""POST /v1/trainings: what is accepted, and what a clumsy client is told."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

DENSE = {"layer": "Dense", "units": 10, "activation": "softmax"}


def submit(client: TestClient, **body: Any) -> Any:
    return client.post("/v1/trainings", json=body)


def faults(reply: Any) -> dict[str, str]:
    """Return the problem's faults by pointer, after checking that it is a problem."""
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert body["status"] == reply.status_code
    assert {"type", "title", "detail", "instance"} <= body.keys()
    return {fault["pointer"]: fault["detail"] for fault in body.get("errors", [])}


def count(client: TestClient) -> int:
    return len(client.get("/v1/trainings").json()["trainings"])


def test_a_preset_is_accepted_with_its_address_and_a_time_to_ask_again(client: TestClient) -> None:
    reply = submit(client, preset="quickstart")

    training = reply.json()
    assert reply.status_code == 202
    assert reply.headers["location"] == f"/v1/trainings/{training['id']}"
    assert int(reply.headers["retry-after"]) == training["poll_after_seconds"]
    assert (training["state"], training["queue_position"], training["attempt"]) == ("queued", 1, 0)
    assert training["spec"]["network"]["layers"][0]["layer"] == "Conv2D"
    assert [(change["state"], change["reason"]) for change in training["changes"]] == [("queued", "submitted")]
    assert client.get(reply.headers["location"]).json() == training


def test_any_field_of_a_preset_can_be_overridden(client: TestClient) -> None:
    recipe = {"epochs": 2, "optimizer": {"name": "sgd", "momentum": 0.9}, "callbacks": {"reduce_lr_on_plateau": None}}

    spec = submit(client, preset="lecture-mnist", recipe=recipe, seed=7, labels={"course": "ci"}).json()["spec"]

    assert spec["recipe"]["epochs"] == 2
    assert spec["recipe"]["batch_size"] == 512
    assert spec["recipe"]["optimizer"]["name"] == "sgd"
    assert spec["recipe"]["optimizer"]["learning_rate"] == 0.001  # another optimizer: nothing of Adadelta's 1.0 stays
    assert spec["recipe"]["callbacks"]["reduce_lr_on_plateau"] is None
    assert (spec["seed"], spec["labels"], spec["validation"]["from"]) == (7, {"course": "ci"}, "test")


def test_the_specification_of_a_training_can_be_submitted_again(client: TestClient) -> None:
    spec = submit(client, preset="quickstart", recipe={"epochs": 3}, seed=5).json()["spec"]

    again = submit(client, **spec)

    assert again.status_code == 202
    assert again.json()["spec"] == spec


def test_a_layer_list_is_accepted(client: TestClient) -> None:
    reply = submit(client, dataset="mnist-5k", network={"name": "mine", "layers": [{"layer": "Flatten"}, DENSE]})

    assert reply.status_code == 202
    assert reply.json()["network"] == "mine"


def test_a_priority_is_kept_and_is_no_part_of_the_specification(client: TestClient) -> None:
    raised, usual = submit(client, preset="quickstart", priority=100), submit(client, preset="quickstart")

    assert (raised.json()["priority"], usual.json()["priority"]) == (100, 0)
    assert "priority" not in raised.json()["spec"]
    assert client.get(raised.headers["location"]).json()["priority"] == 100


@pytest.mark.parametrize(
    ("body", "pointer", "hint"),
    [
        ({"preset": "quickstrat"}, "/preset", "Did you mean 'quickstart'?"),
        ({}, "", "Give dataset and network"),
        ({"preset": "quickstart", "sede": 3}, "/sede", "Did you mean 'seed'?"),
        ({"preset": "quickstart", "recipe": {"epoch": 3}}, "/recipe/epoch", "Did you mean 'epochs'?"),
        ({"preset": "quickstart", "dataset": "mnist5k"}, "/dataset", "Did you mean 'mnist-5k'?"),
        ({"preset": "quickstart", "network": "lecture-mnst"}, "/network", "Did you mean 'lecture-mnist'?"),
        ({"preset": "quickstart", "recipe": {"epochs": 0}}, "/recipe/epochs", "greater than or equal to 1"),
        ({"preset": "quickstart", "recipe": {"epochs": 10**9}}, "/recipe/epochs", "less than or equal to 10000"),
        ({"preset": "quickstart", "recipe": {"epochs": "many"}}, "/recipe/epochs", "valid integer"),
        ({"preset": "quickstart", "recipe": {"batch_size": 60_000}}, "/recipe/batch_size", "cannot be larger"),
        ({"preset": "quickstart", "seed": -1}, "/seed", "greater than or equal to 0"),
        ({"preset": "quickstart", "priority": 101}, "/priority", "less than or equal to 100"),
        ({"preset": "quickstart", "priority": -101}, "/priority", "greater than or equal to -100"),
        ({"preset": "quickstart", "priority": "high"}, "/priority", "valid integer"),
        ({"preset": "quickstart", "register_as": "../x"}, "/register_as", "pattern"),
        ({"preset": "quickstart", "labels": {"a": "\x00"}}, "/labels/a", "pattern"),
        ({"preset": "quickstart", "dataset": "cifar10"}, None, None),
        (
            {"preset": "lecture-cifar10", "dataset": "mnist", "network": "quickstart", "seed": 2**40},
            "/seed",
            "less than",
        ),
        ({"preset": "quickstart", "validation": {"from": "moon"}}, "/validation/from", "'train', 'test' or 'none'"),
        (
            {"preset": "lecture-mnist", "validation": {"from": "none"}},
            "/recipe/callbacks/reduce_lr_on_plateau/monitor",
            "There is no val_accuracy",
        ),
        (
            {"preset": "quickstart", "recipe": {"optimizer": {"momentum": 0.9}}},
            "/recipe/optimizer/momentum",
            "adam has none",
        ),
        (
            {"preset": "quickstart", "recipe": {"optimizer": {"name": "sgd", "nesterov": True}}},
            "/recipe/optimizer/nesterov",
            "momentum above 0",
        ),
        (
            {"preset": "lecture-mnist", "recipe": {"schedule": {"name": "cosine"}}},
            "/recipe/callbacks/reduce_lr_on_plateau",
            "both set the rate",
        ),
        (
            {"preset": "quickstart", "recipe": {"schedule": {"warmup_epochs": 50}}},
            "/recipe/schedule/warmup_epochs",
            "only 12 epochs",
        ),
        ({"dataset": "mnist-5k", "network": {"layers": []}}, "/network/layers", "at least 1"),
        ({"dataset": "mnist-5k", "network": {"layers": [DENSE]}}, "/network/layers/0", "add Flatten"),
        (
            {"dataset": "mnist-5k", "network": {"layers": [{"layer": "Flaten"}, DENSE]}},
            "/network/layers/0",
            "Did you mean 'Flatten'?",
        ),
        (
            {"dataset": "mnist-5k", "network": {"layers": [{"layer": "Dense", "unit": 3}]}},
            "/network/layers/0/unit",
            "Did you mean 'units'?",
        ),
        (
            {"dataset": "mnist-5k", "network": {"layers": [{"layer": "Flatten"}, {**DENSE, "units": 7}]}},
            "/network/layers/1/units",
            "has 10 classes",
        ),
        (
            {"dataset": "mnist-5k", "network": {"layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}]}},
            "/network/layers/1/activation",
            "does not give probabilities",
        ),
        (
            {
                "dataset": "mnist-5k",
                "network": {"layers": [{"layer": "Conv2D", "filters": 8, "kernel_size": [3, "x"]}, DENSE]},
            },
            "/network/layers/0/kernel_size",
            "whole number from 1 to 64",
        ),
        (
            {
                "dataset": "mnist-5k",
                "network": {
                    "layers": [{"layer": "Flatten"}, *[{"layer": "Dense", "units": 8192}] * 3, DENSE],
                },
            },
            "/network/layers",
            "at most 50,000,000",
        ),
        (
            {
                "dataset": "mnist-5k",
                "network": {
                    "layers": [
                        *[{"layer": "DepthwiseConv2D", "kernel_size": 1, "padding": "same", "depth_multiplier": 64}]
                        * 180,
                        *({"layer": "Flatten"}, DENSE),
                    ]
                },
            },
            "/network/layers/5",
            "beyond all measure",
        ),
        ({"preset": "quickstart", "validation": {"fraction": 1e-6}}, "/validation/fraction", "greater than or equal"),
        (
            {"preset": "lecture-cifar10", "recipe": {"batch_size": 40_000}},
            "/recipe/batch_size",
            "a batch_size of at most",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_would_work(
    client: TestClient, body: dict[str, Any], pointer: str | None, hint: str | None
) -> None:
    reply = submit(client, **body)

    if pointer is None or hint is None:
        assert reply.status_code == 202  # a 32x32x3 image fits the quickstart network, too
        return
    assert reply.status_code == 422, reply.text
    assert hint in faults(reply)[pointer]
    assert count(client) == 0


def test_all_faults_of_a_request_are_told_at_once(client: TestClient) -> None:
    reply = submit(client, preset="quickstart", sede=1, recipe={"epochs": 0, "optimizer": {"learning_rate": 0}})

    assert set(faults(reply)) == {"/sede", "/recipe/epochs", "/recipe/optimizer/learning_rate"}


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_rate_that_is_no_number_is_refused(client: TestClient, rate: str) -> None:
    body = f'{{"preset": "quickstart", "recipe": {{"optimizer": {{"learning_rate": {rate}}}}}}}'

    reply = client.post("/v1/trainings", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code == 422
    assert "/recipe/optimizer/learning_rate" in faults(reply)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"preset": "quickstart"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"seed": ' + b"9" * 5000 + b"}",
        b'"a"',
        b"[]",
    ],
)
def test_a_body_that_is_no_training_gets_a_4xx_problem(client: TestClient, body: bytes) -> None:
    reply = client.post("/v1/trainings", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code in {400, 422}, reply.text
    faults(reply)
    assert count(client) == 0


def test_curls_own_content_type_is_refused_with_the_line_that_works(client: TestClient) -> None:
    reply = client.post(
        "/v1/trainings",
        content=b'{"preset": "quickstart"}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert reply.status_code == 415
    assert "-H 'Content-Type: application/json'" in reply.json()["detail"]


def test_a_body_over_the_limit_is_refused_while_it_arrives(client: TestClient) -> None:
    sent = 0

    def chunks() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 100_000

    reply = client.post("/v1/trainings", content=chunks(), headers={"Content-Type": "application/json"})

    assert reply.status_code == 413
    assert "1048576" in reply.json()["detail"]


def test_a_body_that_is_too_large_by_its_own_account_is_a_problem_like_others(client: TestClient) -> None:
    reply = client.post("/v1/trainings", content=b" " * (2 << 20), headers={"Content-Type": "application/json"})

    assert (reply.status_code, reply.headers["content-type"]) == (413, "application/problem+json")
    assert reply.json()["detail"] == "Received 2097152 bytes; this route takes at most 1048576."
    assert "x-request-id" in reply.headers


def test_a_lone_surrogate_in_a_name_is_refused_and_not_a_fault_of_ours(client: TestClient) -> None:
    body = json.dumps({"preset": "quickstart", "labels": {"a": "\ud800"}, "dataset": "\ud800"})

    reply = client.post("/v1/trainings", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code == 422
    faults(reply)
