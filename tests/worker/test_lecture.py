"""The lecture's network on full MNIST: a proof of minutes."""

from pathlib import Path

import pytest

from service.settings import Settings
from tests import requirements
from tests.trained import trained_service


@pytest.mark.long
def test_three_epochs_of_the_lectures_network_land_near_the_slide(tmp_path: Path) -> None:
    with trained_service(Settings(home=tmp_path, datasets=requirements.datasets_folder())) as service:
        training_id = service.submit(preset="lecture-mnist")
        service.work()
        training = service.client.get(f"/v1/trainings/{training_id}").json()

    assert training["state"] == "succeeded", training["error"]
    assert training["progress"]["steps"] == 117
    assert training["metrics"]["parameters"] == 2_782_090
    assert training["metrics"]["test_accuracy"] >= 0.97  # the slide: 97.53 %
