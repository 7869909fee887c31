"""Networks of ten families, described in examples/networks: each is trained, resumed bit for bit and exported."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from service.networks.layers import LAYER_LIST, LAYERS
from service.networks.measuring import measure
from service.networks.naming import name_layers
from tests.worker.learning.conftest import to_unit
from worker.learning import checkpoints, wiring
from worker.learning import layers as allowed
from worker.learning.checkpoints import Place
from worker.learning.datasets import LabelledImages
from worker.learning.errors import UnbuildableNetwork
from worker.learning.export import parity, to_keras, to_onnx
from worker.learning.networks import build
from worker.learning.training import Job, fit

FOLDER = Path(__file__).parents[3] / "examples" / "networks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
EVERY_TIME = ("depthwise", "residual", "rows-rnn", "two-heads")  # the rest of them with the long tests
TRAINED = [name if name in EVERY_TIME else pytest.param(name, marks=pytest.mark.long) for name in NAMES]


def described(name: str) -> list[dict[str, object]]:
    """The layers of an example as the service writes them down: every default is there."""
    layers = LAYER_LIST.validate_python(json.loads((FOLDER / f"{name}.json").read_text())["layers"])
    return [layer.model_dump(mode="json", exclude_none=True) for layer in layers]


@pytest.mark.parametrize("name", TRAINED)
def test_a_described_network_trains_resumes_and_exports(
    name: str, job: Callable[..., Job], train: LabelledImages, test: LabelledImages
):
    layers = described(name)
    kept: list[bytes] = []
    work = job(layers=layers, epochs=2, batch_size=90, augmentation=None)

    def keep(place: Place, capture: Callable[[], bytes]) -> None:
        if place == Place(1, 2):
            kept.append(capture())

    whole = fit(work, train, test, to_unit, keep=keep)
    resumed = fit(work, train, test, to_unit, resume=checkpoints.read(kept[0]))

    computed = measure(LAYER_LIST.validate_python(layers), (28, 28, 1))
    assert computed.parameters == whole.model.count_params()
    assert computed.output == whole.model.output_shape[1:]
    assert all(
        np.array_equal(one, other)
        for one, other in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True)
    )
    assert parity(whole.model, to_onnx(whole.model), to_unit(test.images[:20])) < 1e-5
    assert to_keras(whole.model)


def test_service_and_worker_offer_the_same_layers_with_the_same_arguments():
    for name, described_ in LAYERS.items():
        if name == "Shared":
            continue
        offered = set(described_.model_fields) - {"layer", "id", "inputs"}
        assert offered <= set(allowed.ARGUMENTS[name]), name
    assert set(LAYERS) - {"Shared"} == set(allowed.ARGUMENTS)


@pytest.mark.parametrize("name", NAMES)
def test_service_and_worker_call_layers_the_same(name: str):
    layers = described(name)

    assert list(wiring.names(layers)) == name_layers(LAYER_LIST.validate_python(layers))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"layer": "Flatten", "id": "a", "inputs": ["b"]}, {"layer": "ReLU", "id": "b"}], "circle"),
        ([{"layer": "Flatten", "inputs": ["b"]}], "no layer has the id 'b'"),
        ([{"layer": "Flatten", "id": "a"}, {"layer": "ReLU", "id": "a"}], "an id is a name of its own"),
        ([{"layer": "Flatten"}, {"layer": "ReLU", "inputs": ["images"]}], "no layer takes its output"),
        ([{"layer": "Shared", "of": "a"}], "there is no layer 'a' to share"),
        ([{"layer": "ReLU", "id": "a"}, {"layer": "Add", "inputs": ["a"]}], "does not fit"),
    ],
)
def test_a_graph_that_is_none_is_refused(layers: list[dict[str, object]], message: str):
    with pytest.raises(UnbuildableNetwork, match=message):
        build(layers, (8, 8, 1), seed=1)
