"""A client of the real service: data sets, networks, trainings, models, predictions."""

import io

import httpx
import numpy as np
import pytest
from PIL import Image

import cyfra as package
from cyfra import Client, Training, wording
from tests.cyfra.conftest import answering, connection_to

pytestmark = pytest.mark.parametrize("trained", ["sqlite"], indirect=True, scope="session")


def digit(cyfra: Client, label: str) -> bytes:
    """A test picture of that digit."""
    samples = cyfra.datasets["mnist-5k"].samples("test", count=10)
    return next(sample.png for sample in samples if sample.label == label)


def test_data_sets_are_listed_and_show_some_of_their_pictures(cyfra: Client) -> None:
    mnist = cyfra.datasets["mnist-5k"]

    assert mnist.name in [each.name for each in cyfra.datasets]
    assert str(mnist).startswith(f"mnist-5k: {mnist.title}, {wording.size((28, 28, 1))}, 10 classes, 4,000 to train on")
    assert "data:image/png;base64," in mnist._repr_html_()
    assert {sample.label for sample in mnist.samples(count=10)} == set("0123456789")
    assert "mnist-5k" in cyfra.datasets._repr_html_()


def test_a_data_set_that_there_is_not_is_refused_with_the_nearest_one(cyfra: Client) -> None:
    with pytest.raises(package.NotFound, match="Did you mean 'mnist'"):
        _ = cyfra.datasets["minst"]


def test_networks_are_listed_with_what_they_cost(cyfra: Client) -> None:
    lecture = cyfra.networks["lecture-mnist"]

    assert lecture.parameters == 2_782_090
    assert "2,782,090 parameters" in str(lecture)
    assert lecture.layers[0]["layer"] == "Conv2D"
    assert "lecture-cifar10" in cyfra.networks._repr_html_()


def test_trainings_are_found_by_state_and_label_and_shown(cyfra: Client, training: Training) -> None:
    labelled = cyfra.train(epochs=1, labels={"course": "client"})
    try:
        found = list(cyfra.trainings.list(labels={"course": "client"}))

        assert [each.id for each in found] == [labelled.id]
        assert training.id in [each.id for each in cyfra.trainings.list(state="succeeded")]
        assert {training.id, labelled.id} <= {each.id for each in cyfra.trainings}
        assert labelled.id in cyfra.trainings._repr_html_()
        assert labelled.facts.spec["recipe"]["epochs"] == 1  # type: ignore[index]
    finally:
        labelled.cancel()
        labelled.delete()
    with pytest.raises(package.NotFound):
        labelled.refresh()


def test_a_network_of_ones_own_is_trained_by_its_layers(cyfra: Client) -> None:
    layers = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]

    training = cyfra.train(dataset="mnist-5k", network=layers, recipe={"batch_size": 100}, epochs=2)

    assert training.facts.network is None
    assert training.cancel().state == "cancelled"
    training.delete()


def test_a_wrong_field_is_refused_before_anything_is_trained(cyfra: Client) -> None:
    with pytest.raises(package.Unprocessable, match="Did you mean 'quickstart'") as caught:
        cyfra.train("quickstrat")

    assert [fault.pointer for fault in caught.value.errors] == ["/preset"]


def test_a_training_tells_what_it_is(training: Training) -> None:
    assert training.has_ended
    assert training.wait(bar=False) is training
    assert repr(training).startswith(f"<Training {training.id} on mnist-5k: succeeded  test accuracy")
    assert "succeeded" in training._repr_html_()


def test_models_are_listed_with_the_version_that_answers(cyfra: Client, training: Training) -> None:
    model = cyfra.models["default"]

    assert model.versions[0].training == training.id
    assert "default 1" in str(model)
    assert "answers" in cyfra.models._repr_html_()
    assert model.set_alias("best", 1).aliases["best"] == 1


@pytest.mark.parametrize(
    "given",
    [
        lambda png: png,
        io.BytesIO,
        lambda png: Image.open(io.BytesIO(png)),
        lambda png: np.asarray(Image.open(io.BytesIO(png))),
    ],
)
def test_a_picture_of_any_kind_is_predicted(cyfra: Client, given) -> None:
    prediction = cyfra.predict(given(digit(cyfra, "7")), seen=False)

    assert prediction.label == "7"
    assert prediction.digit == 7
    assert prediction.top(1) == [("7", prediction.confidence)]
    assert str(prediction).startswith("7 (")
    assert prediction._repr_html_().count('role="img"') == 10


def test_several_pictures_are_predicted_in_their_order(cyfra: Client) -> None:
    predictions = cyfra.predict([digit(cyfra, label) for label in "3141"], top=2)

    assert len(predictions) == 4
    assert predictions.labels == list("3141")
    assert len(predictions[0].probabilities) == 2
    assert predictions[1:3].labels == ["1", "4"]
    assert predictions._repr_html_().count("<tr") == 5


def test_a_digit_is_laid_out_as_in_mnist_or_not(cyfra: Client) -> None:
    with Image.open(io.BytesIO(digit(cyfra, "7"))) as seven:
        corner = Image.new("L", (84, 84))
        corner.paste(seven.convert("L"), (0, 0))

    laid_out, scaled = (cyfra.predict(corner, normalize=how).seen for how in ("auto", "never"))
    [listed] = cyfra.predict([corner], normalize="never", seen=True)
    by_model = cyfra.models["default"].predict(corner, normalize="never")

    assert laid_out != scaled
    assert listed.seen == by_model.seen == scaled
    assert cyfra.predict(corner, normalize="auto").label == "7"


def test_a_picture_with_nothing_on_it_is_refused(cyfra: Client) -> None:
    with pytest.raises(package.Unprocessable, match=r"[Bb]lank|nothing"):
        cyfra.predict(np.zeros((64, 64)), seen=False)


def test_a_model_answers_by_its_name_and_version(cyfra: Client) -> None:
    answer = cyfra.models["default"].predict(digit(cyfra, "4"), version="latest", seen=False)

    assert (answer.label, answer.model.name) == ("4", "default")


def test_names_are_sent_as_one_part_of_the_address(cyfra: Client) -> None:
    with pytest.raises(package.NotFound):
        _ = cyfra.trainings["../datasets"]
    connection, requests = connection_to(answering(404, {}))
    with pytest.raises(package.NotFound):
        package.Trainings(connection).get("a/b c?d")
    assert requests[0].url.raw_path == b"/v1/trainings/a%2Fb%20c%3Fd"
    assert isinstance(requests[0], httpx.Request)
