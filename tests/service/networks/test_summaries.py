"""A network's summary, of a preset and of a training, as JSON and as text."""

from xml.etree import ElementTree

from fastapi.testclient import TestClient


def test_the_summary_of_a_preset_has_a_row_for_each_layer(client: TestClient) -> None:
    summary = client.get("/v1/networks/lecture-mnist/summary.json").json()

    assert (summary["name"], summary["parameters"], len(summary["layers"])) == ("lecture-mnist", 2_782_090, 19)
    assert summary["layers"][0] == {
        "index": 0,
        "name": "conv2d",
        "layer": "Conv2D",
        "inputs": ["images"],
        "output_shape": [26, 26, 32],
        "parameters": 320,
        "flops": 2 * 9 * 32 * 26 * 26,
    }


def test_the_summary_as_text_reads_like_keras_own(client: TestClient) -> None:
    reply = client.get("/v1/networks/lecture-mnist/summary", headers={"Accept": "text/plain"})

    lines = reply.text.splitlines()
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert lines[0] == "Network: lecture-mnist"
    assert lines[2].split() == ["Layer", "(type)", "Output", "shape", "Parameters", "MFLOP"]
    assert lines[5].split() == ["conv2d", "(Conv2D)", "(None,", "26,", "26,", "32)", "320", "0.389"]
    assert lines[-1] == "2,782,090 parameters (10.61 MiB), 40.897 MFLOP an image"
    assert len(set(map(len, (lines[1], lines[2], lines[-2])))) == 1


def test_a_training_has_its_networks_summary_from_the_moment_it_is_queued(client: TestClient) -> None:
    layers = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]
    body = {"dataset": "mnist-5k", "network": {"name": "mine", "layers": layers}}
    training_id = client.post("/v1/trainings", json=body).json()["id"]

    summary = client.get(f"/v1/trainings/{training_id}/network.json").json()
    text = client.get(f"/v1/trainings/{training_id}/network.txt").text

    assert (summary["name"], summary["parameters"], summary["output_shape"]) == ("mine", 7850, [10])
    assert "7,850 parameters" in text


def test_what_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/networks/nothing/summary.json").status_code == 404
    assert client.get("/v1/networks/quickstart/summary.pdf").json()["type"] == "/problems/no-such-format"
    assert client.get("/v1/trainings/0000000000000000/network.txt").json()["type"] == "/problems/unknown-training"


def test_the_diagram_is_valid_svg_with_the_text_of_every_layer(client: TestClient) -> None:
    reply = client.get("/v1/networks/quickstart/summary.svg")

    drawing = ElementTree.fromstring(reply.text)
    texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert reply.headers["content-type"] == "image/svg+xml"
    assert texts[0] == "quickstart"
    assert "BatchNormalization" in texts
    assert "prefers-color-scheme: dark" in reply.text
