"""What only the data set can say of a recipe."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from service.errors import InvalidFields
from service.images.sets.catalogue import BUILTINS, KnownSet
from service.networks.checking import NetworkLimits
from service.settings import Settings
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingRequest
from tests.service.trainings.test_submitting import count, faults, submit

VARIED = {"recipe": {"augmentation": {"variants": 0.25}}}


class OneSet:
    """Knows one data set, whatever name it is asked for."""

    def __init__(self, known: KnownSet) -> None:
        self._known = known

    def get(self, _name: str) -> KnownSet:
        return self._known

    def explain(self, name: str | None) -> str:
        raise AssertionError(name)


def faults_with(classes: str, *, handwriting: bool = True) -> list[str]:
    known = replace(BUILTINS["mnist"], classes=tuple(classes.split()), handwriting=handwriting)
    layers = [{"layer": "Flatten"}, {"layer": "Dense", "units": len(known.classes), "activation": "softmax"}]
    request = TrainingRequest.model_validate({"preset": "quickstart", "network": {"layers": layers}, **VARIED})
    try:
        resolve(request, NetworkLimits.of(Settings()), OneSet(known))
    except InvalidFields as refused:
        return [fault.pointer for fault in refused.faults]
    return []


@pytest.mark.parametrize("dataset", ["fashion-mnist", "cifar10"])
def test_variants_of_what_is_no_handwriting_are_refused_before_anything_is_queued(
    client: TestClient, dataset: str
) -> None:
    network = "lecture-cifar10" if dataset == "cifar10" else "quickstart"

    refused = faults(submit(client, preset="quickstart", dataset=dataset, network=network, **VARIED))

    assert list(refused) == ["/recipe/augmentation/variants"]
    assert f"{dataset} is not handwriting" in refused["/recipe/augmentation/variants"]
    assert "Set it to 0" in refused["/recipe/augmentation/variants"]
    assert count(client) == 0


def test_the_preset_for_handwriting_takes_other_pictures_once_its_variants_are_off(client: TestClient) -> None:
    body = {"preset": "handwriting", "dataset": "fashion-mnist"}

    assert submit(client, **body).status_code == 422
    assert submit(client, **body, recipe={"augmentation": {"variants": 0}}).status_code == 202


@pytest.mark.parametrize("classes", ["0 1 2 3 4 5 6 7 8 9", "7 1", "3 7"])
def test_variants_fit_handwriting_with_ones_or_sevens_in_any_order(classes: str) -> None:
    assert faults_with(classes) == []


@pytest.mark.parametrize("classes", ["0 2", "7 x", "01 07", "one seven", "a b"])
def test_variants_need_classes_that_are_named_as_digits(classes: str) -> None:
    assert faults_with(classes) == ["/recipe/augmentation/variants"]


def test_digits_that_are_not_handwritten_have_no_variants() -> None:
    assert faults_with("0 1 2 3 4 5 6 7 8 9", handwriting=False) == ["/recipe/augmentation/variants"]
