"""Random networks: the arithmetic is Keras' own, and no description, however hostile, is worse than refused."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import migrating
from service.app import create_app
from service.database import Database
from service.networks.layers import LAYER_LIST, LAYERS
from service.networks.measuring import measure
from service.settings import Settings

SIDES = st.one_of(st.integers(1, 4), st.lists(st.integers(1, 4), min_size=2, max_size=2))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "filters": st.integers(1, 6),
    "units": st.integers(1, 6),
    "kernel_size": SIDES,
    "pool_size": SIDES,
    "strides": st.integers(1, 3),
    "dilation_rate": SIDES,
    "padding": st.sampled_from(["valid", "same"]),
    "depth_multiplier": st.integers(1, 3),
    "use_bias": st.booleans(),
    "keepdims": st.booleans(),
    "cropping": SIDES,
    "size": st.integers(1, 2),
    "target_shape": st.sampled_from([[-1], [4, -1], [2, 2, -1], [-1, 6]]),
    "rate": st.just(0.1),
    "stddev": st.just(0.1),
    "center": st.booleans(),
    "scale": st.booleans(),
    "groups": st.sampled_from([1, 2, 3, -1]),
    "activation": st.sampled_from(["relu", "tanh", "linear"]),
    "return_sequences": st.booleans(),
    "go_backwards": st.booleans(),
    "reset_after": st.booleans(),
    "num_heads": st.integers(1, 3),
    "key_dim": st.integers(1, 4),
    "value_dim": st.integers(1, 4),
    "output_shape": st.integers(1, 5),
}


@st.composite
def networks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A network of up to eight layers that fits together; each takes the layer before it, or any earlier ones too."""
    layers: list[dict[str, Any]] = []
    for index in range(draw(st.integers(2, 8))):
        for _ in range(4):
            kind = LAYERS[draw(st.sampled_from(sorted(set(LAYERS) - {"Shared"})))]
            names = [name for name, field in kind.model_fields.items() if name in VALUES]
            layer = {"layer": kind.__name__, "id": f"l{index}"}
            for name in names:
                if kind.model_fields[name].is_required() or draw(st.booleans()):
                    is_margin = kind.__name__ == "ZeroPadding2D"
                    layer[name] = draw(SIDES if is_margin else VALUES[name])
            if kind.takes[0] > 1:
                before = ["images", *(f"l{place}" for place in range(index))]
                layer["inputs"] = [before[-1], draw(st.sampled_from(before))]
            tried = measure(LAYER_LIST.validate_python([*layers, layer]), (9, 8, 2))
            if not tried.faults and tried.activations < 50_000:
                layers.append(layer)
                break
        else:
            break
    return layers or [{"layer": "Flatten"}]


def agrees_with_keras(layers: list[dict[str, Any]]) -> None:
    from worker.learning.networks import build  # noqa: PLC0415 - it imports Keras

    described = LAYER_LIST.validate_python(layers)
    written = [layer.model_dump(mode="json", exclude_none=True) for layer in described]
    model = build(written, (9, 8, 2), seed=1)
    computed = measure(described, (9, 8, 2))
    assert {row.name: row.output_shape for row in computed.rows} == {
        layer.name: tuple(layer.output.shape[1:]) for layer in model.layers if layer.name != "images"
    }
    assert computed.parameters == model.count_params()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers=networks())
def test_the_arithmetic_of_any_network_is_that_of_keras(layers: list[dict[str, Any]]) -> None:
    agrees_with_keras(layers)


@pytest.mark.long
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers=networks())
def test_the_arithmetic_of_a_thousand_networks_is_that_of_keras(layers: list[dict[str, Any]]) -> None:
    agrees_with_keras(layers)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
KEYS = sorted({*VALUES, "id", "inputs", "of", "epsilon", "momentum"})
REFERENCES = st.sampled_from(["images", "a", "b", "c"])
HOSTILE = st.fixed_dictionaries(
    {"layer": st.sampled_from([*LAYERS, "Lambda"]) | JSON},
    optional={
        **{key: st.integers(-2, 8192) | SIDES | JSON for key in KEYS},
        "id": REFERENCES,
        "inputs": st.lists(REFERENCES, max_size=20) | JSON,
        "of": REFERENCES,
    },
)


@pytest.fixture(scope="module")
def one_client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home: Path = tmp_path_factory.mktemp("hostile")
    configured = Settings(home=home)
    database = Database(configured.resolved_database_url)
    migrating.migrate(database)
    database.close()
    with TestClient(create_app(configured), raise_server_exceptions=False) as client:
        yield client


def is_answered(client: TestClient, layers: Any) -> None:
    reply = client.post("/v1/networks/check", json={"dataset": "mnist-5k", "network": {"layers": layers}})
    assert reply.status_code in {200, 422}, reply.text


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers=st.lists(HOSTILE, max_size=6) | JSON)
def test_a_hostile_description_is_answered(one_client: TestClient, layers: Any) -> None:
    is_answered(one_client, layers)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(layers=st.lists(HOSTILE, max_size=12) | JSON)
def test_ten_thousand_hostile_descriptions_are_answered(one_client: TestClient, layers: Any) -> None:
    is_answered(one_client, layers)
