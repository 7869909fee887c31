"""/v1/datasets: what there is to train on, and how it looks."""

import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image


def test_the_built_in_data_sets_are_listed_with_their_facts(client: TestClient) -> None:
    found = {one["name"]: one for one in client.get("/v1/datasets").json()["datasets"]}

    assert set(found) == {"mnist-5k", "mnist", "fashion-mnist", "cifar10"}
    assert found["mnist-5k"]["available"]
    assert (found["mnist-5k"]["train_count"], found["mnist-5k"]["test_count"]) == (4000, 1000)
    assert len(found["mnist-5k"]["sha256"]) == 64
    assert found["cifar10"]["shape"] == [32, 32, 3]
    assert found["fashion-mnist"]["classes"][0] == "T-shirt/top"


def test_samples_show_each_class_as_often_as_the_others(client: TestClient) -> None:
    samples = client.get("/v1/datasets/mnist-5k/samples?split=test&count=30").json()["samples"]

    labels = [sample["label"] for sample in samples]
    assert all(labels.count(digit) == 3 for digit in "0123456789")
    picture = Image.open(io.BytesIO(client.get(samples[0]["image"]).content))
    assert (picture.size, picture.mode) == ((28, 28), "L")


def test_a_gallery_is_one_picture(client: TestClient) -> None:
    reply = client.get("/v1/datasets/mnist-5k/samples.png?count=20")

    assert reply.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(reply.content)).width > 600


def test_a_gallery_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    address = "/v1/datasets/mnist-5k/samples.png?count=20"
    etag = client.get(address).headers["etag"]

    again = client.get(address, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/datasets/mnist-5k/samples.png?count=21").headers["etag"] != etag


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("mnist5k", 404),
        ("%00", 404),
        ("mnist-5k/samples?count=0", 422),
        ("mnist-5k/samples?split=moon", 422),
        ("mnist-5k/samples?splt=test", 422),
        ("mnist-5k/samples/test/1000.png", 404),
        ("mnist-5k/samples/test/-1.png", 404),
        ("mnist-5k/samples/moon/1.png", 404),
        ("mnist-5k/samples/test/x.png", 422),
        ("mnist-5k/samples/test/99999999999999999999999.png", 404),
    ],
)
def test_what_is_not_there_is_refused(client: TestClient, path: str, status: int) -> None:
    reply = client.get(f"/v1/datasets/{path}")

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_data_set_that_is_not_on_this_machine_names_both_ways_to_get_it(client: TestClient) -> None:
    reply = client.get("/v1/datasets/fashion-mnist/samples")

    assert reply.status_code == 424
    assert "CYFRA_DATASETS" in reply.json()["detail"]
    assert "download" in reply.json()["detail"]
    assert client.get("/v1/datasets/fashion-mnist").json()["available"] is False
