"""Recipes over HTTP: what is accepted and kept, and what a clumsy or hostile client is told."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from service.trainings import optimizers
from tests.service.trainings.test_submitting import count, faults

DOCS = Path(__file__).parents[3] / "docs" / "recipes.md"


@pytest.fixture(scope="module")
def one_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    configured = Settings(home=tmp_path_factory.mktemp("hostile"))
    database = Database(configured.resolved_database_url)
    migrating.migrate(database)
    database.close()
    with TestClient(create_app(configured), raise_server_exceptions=False) as client:
        yield client


def submit(client: TestClient, recipe: object, **fields: Any) -> Any:
    return client.post("/v1/trainings", json={"preset": "quickstart", "recipe": recipe, **fields})


def told(client: TestClient, recipe: object, **fields: Any) -> dict[str, str]:
    reply = submit(client, recipe, **fields)
    assert reply.status_code == 422, reply.text
    return faults(reply)


OPTIMIZER_FAULTS = [
    ({"name": "adm"}, "name", "Did you mean 'adam'?"),
    ({"name": "mouon"}, "name", "Did you mean 'muon'?"),
    ({"name": "sgd", "moment": 0.9}, "moment", "Did you mean 'momentum'?"),
    ({"name": "sgd", "beta_1": 0.9}, "beta_1", "sgd has none; adam, adamw, nadam and lion do"),
    ({"name": "sgd", "beta_1": 0}, "beta_1", "sgd has none"),
    ({"name": "adam", "rho": 0.9}, "rho", "rmsprop and adadelta do"),
    ({"name": "adam", "nesterov": True}, "nesterov", "sgd and muon do"),
    ({"name": "nadam", "amsgrad": False}, "amsgrad", "adam and adamw do"),
    ({"name": "lion", "epsilon": 1e-7}, "epsilon", "lion has none"),
    ({"name": "adam", "initial_accumulator_value": 0.1}, "initial_accumulator_value", "adagrad does"),
    ({"name": "muon", "momentum": 0}, "momentum", "0.95 is usual"),
    ({"name": "lion", "beta_1": 0}, "beta_1", "0.9 is usual"),
    ({"name": "adam", "beta_2": 1}, "beta_2", "less than 1"),
    ({"name": "adam", "epsilon": 0}, "epsilon", "greater than or equal to 0.000000000001"),
    ({"name": "adam", "clipnorm": 1, "clipvalue": 1}, "clipvalue", "clipnorm already"),
    ({"name": "adam", "clipvalue": 1, "global_clipnorm": 1}, "global_clipnorm", "clipvalue already"),
    ({"name": "adam", "clipnorm": 0}, "clipnorm", "greater than or equal to 0.000001"),
    ({"name": "adam", "global_clipnorm": "much"}, "global_clipnorm", "valid number"),
    ({"name": "adam", "learning_rate": 101}, "learning_rate", "less than or equal to 100"),
    ({"name": "adam", "weight_decay": -1}, "weight_decay", "greater than or equal to 0"),
]
LOSS_FAULTS = [
    ({"name": "categorical_crossentrpy"}, "name", "Did you mean 'categorical_crossentropy'?"),
    ({"name": "mean_square_error"}, "name", "Did you mean 'mean_squared_error'?"),
    ({"name": "hinge", "label_smoothing": 0.1}, "label_smoothing", "hinge has none"),
    ({"gamma": 2}, "gamma", "categorical_focal_crossentropy does"),
    ({"name": "categorical_focal_crossentropy", "gamma": 11}, "gamma", "less than or equal to 10"),
    ({"name": "categorical_focal_crossentropy", "alpha": 0}, "alpha", "greater than 0"),
    ({"name": "categorical_focal_crossentropy", "gama": 1}, "gama", "Did you mean 'gamma'?"),
]
SCHEDULE_FAULTS = [
    ({"name": "stepp"}, "name", "Did you mean 'step'?"),
    ({"name": "plateau"}, "name", "callbacks.reduce_lr_on_plateau"),
    ({"name": ["plateau"]}, "name", "'step'"),
    ({"name": "cosine", "factor": 0.5}, "factor", "step and exponential do"),
    ({"every_epochs": 1}, "every_epochs", "one_cycle has none"),
    ({"name": "step", "factor": 1}, "factor", "less than or equal to 0.999"),
    ({"name": "exponential", "every_epochs": 0}, "every_epochs", "greater than or equal to 0.01"),
    ({"name": "step", "warmup_epochs": 13}, "warmup_epochs", "only 12 epochs"),
]
OTHER_FAULTS = [
    ({"augmentation": {"brightness": 2}}, "/augmentation/brightness", "less than or equal to 0.9"),
    ({"augmentation": {"cutout": -0.1}}, "/augmentation/cutout", "greater than or equal to 0"),
    ({"augmentation": {"mixup": 11}}, "/augmentation/mixup", "less than or equal to 10"),
    ({"augmentation": {"variants": 1.1}}, "/augmentation/variants", "less than or equal to 1"),
    ({"augmentation": {"mixpu": 1}}, "/augmentation/mixpu", "Did you mean 'mixup'?"),
    ({"class_weight": "balancd"}, "/class_weight", "Did you mean 'balanced'?"),
    ({"class_weight": {"11": 1}}, "/class_weight/11", "There is no class '11'. Did you mean '1'?"),
    ({"class_weight": {"a~/b": 1}}, "/class_weight/a~0~1b", "There is no class"),
    ({"class_weight": {"7": -1}}, "/class_weight/7", "greater than or equal to 0"),
    ({"class_weight": {"7": 1001}}, "/class_weight/7", "less than or equal to 1000"),
    ({"class_weight": {}}, "/class_weight", "at least 1"),
    ({"class_weight": [1, 2]}, "/class_weight", "valid dictionary"),
    ({"class_weight": {str(digit): 0 for digit in range(10)}}, "/class_weight", "No class counts anything"),
    ({"ema": {"momentum": 1}}, "/ema/momentum", "less than 1"),
    ({"ema": {"momentun": 0.9}}, "/ema/momentun", "Did you mean 'momentum'?"),
    ({"ema": 0.9}, "/ema", "valid dictionary"),
    ({"precision": "mixd"}, "/precision", "Did you mean 'mixed'?"),
    ({"precision": "float16"}, "/precision", "'float32' or 'mixed'"),
    ({"callbacks": {"early_stopping": {"min_delta": -1}}}, "/callbacks/early_stopping/min_delta", "greater than or"),
    ({"callbacks": {"early_stoping": {}}}, "/callbacks/early_stoping", "Did you mean 'early_stopping'?"),
    (
        {"schedule": {"name": "constant"}, "callbacks": {"reduce_lr_on_plateau": {"cooldown": -1}}},
        "/callbacks/reduce_lr_on_plateau/cooldown",
        "greater than or equal to 0",
    ),
]


@pytest.mark.parametrize(
    ("recipe", "pointer", "hint"),
    [
        *(({"optimizer": part}, f"/optimizer/{field}", hint) for part, field, hint in OPTIMIZER_FAULTS),
        *(({"loss": part}, f"/loss/{field}", hint) for part, field, hint in LOSS_FAULTS),
        *(({"schedule": part}, f"/schedule/{field}", hint) for part, field, hint in SCHEDULE_FAULTS),
        *OTHER_FAULTS,
    ],
)
def test_a_wrong_field_of_a_recipe_is_named_with_what_would_work(
    one_client: TestClient, recipe: dict[str, Any], pointer: str, hint: str
) -> None:
    found = told(one_client, recipe)

    assert list(found) == [f"/recipe{pointer}"]
    assert hint in found[f"/recipe{pointer}"]


def test_all_faults_of_a_recipe_are_told_at_once(client: TestClient) -> None:
    found = told(
        client,
        {
            "epochs": 0,
            "optimizer": {"name": "sgd", "beta_1": 0.9, "nesterov": True, "clipnorm": 1, "clipvalue": 1},
            "loss": {"name": "hinge", "label_smoothing": 0.1, "gamma": 1},
            "schedule": {"name": "cosine", "factor": 0.5, "every_epochs": 2},
            "augmentation": {"mixup": -1, "rotaton": 3},
            "callbacks": {"early_stopping": {"patience": -1}},
            "class_weight": {"1": -1, "2": "much"},
            "ema": {"momentum": 2},
            "precision": "double",
        },
        seed=-1,
    )

    assert count(client) == 0
    assert set(found) == {
        "/seed",
        *(
            f"/recipe/{field}"
            for field in (
                *("epochs", "precision", "ema/momentum", "class_weight/1", "class_weight/2"),
                *("optimizer/beta_1", "optimizer/nesterov", "optimizer/clipvalue"),
                *("loss/label_smoothing", "loss/gamma", "schedule/factor", "schedule/every_epochs"),
                *("augmentation/mixup", "augmentation/rotaton", "callbacks/early_stopping/patience"),
            )
        ),
    }


def test_muon_has_its_momentum_where_nothing_is_said_of_it(client: TestClient) -> None:
    spec = submit(client, {"optimizer": {"name": "muon"}}).json()["spec"]

    assert (spec["recipe"]["optimizer"]["momentum"], spec["recipe"]["optimizer"]["nesterov"]) == (0.95, True)


def test_a_specification_from_before_there_were_some_fields_can_be_submitted_again(client: TestClient) -> None:
    old = {
        "epochs": 3,
        "batch_size": 512,
        "drop_remainder": True,
        "optimizer": {
            "name": "adadelta",
            "learning_rate": 1.0,
            "momentum": 0.0,
            "nesterov": False,
            "weight_decay": 0.0,
        },
        "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.0},
        "schedule": {"name": "constant", "warmup_epochs": 0.0},
        "augmentation": {"rotation": 10.0, "zoom": 0.1, "shift": 0.1, "shear": 0.0, "horizontal_flip": False},
        "callbacks": {
            "reduce_lr_on_plateau": {"monitor": "val_accuracy", "factor": 0.5, "patience": 3, "min_lr": 1e-05},
            "early_stopping": None,
        },
    }

    reply = submit(client, old)

    assert reply.status_code == 202, reply.text


def test_every_optimizer_means_the_same_to_the_service_and_to_the_worker() -> None:
    from worker.learning.optimizers import ARGUMENTS  # noqa: PLC0415 - it imports Keras

    assert ARGUMENTS == optimizers.ARGUMENTS


def examples() -> list[dict[str, Any]]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)]


@pytest.mark.parametrize("example", examples(), ids="-".join)
def test_every_example_of_the_documentation_is_accepted_and_the_worker_reads_it(
    one_client: TestClient, example: dict[str, Any]
) -> None:
    # A schedule or a plateau of an example would meet the one-cycle of the preset.
    reply = submit(one_client, {"schedule": {"name": "constant"}, **example})

    assert reply.status_code == 202, reply.text
    reads(reply.json()["spec"]["recipe"])


def reads(recipe: dict[str, Any]) -> None:
    """The worker understands it, and its rate is a number at every step."""
    from worker.learning.compiling import loss  # noqa: PLC0415 - it imports Keras
    from worker.learning.optimizers import optimizer  # noqa: PLC0415
    from worker.learning.recipes import Recipe  # noqa: PLC0415
    from worker.learning.schedules import learning_rate_at  # noqa: PLC0415

    read = Recipe.from_json(recipe, "0123456789")
    optimizer(read.optimizer, ema_momentum=read.ema_momentum)
    loss(read.loss)
    total = read.epochs * 45
    for step in {0, 1, total // 3, total // 2, total - 1}:
        rate = learning_rate_at(
            read.schedule, read.optimizer.learning_rate, step, epochs=read.epochs, steps_per_epoch=45
        )
        assert 0 <= rate <= read.optimizer.learning_rate


ANY_TEXT = st.text(st.characters(), max_size=6)  # lone surrogates among them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
NUMBER = st.sampled_from([0, 0.0, 1e-9, 0.001, 0.1, 0.5, 0.9, 0.999, 1, 2, 3, 10, 1e300, -1, 5e-324]) | st.floats()


def part(names: tuple[str, ...], numbers: tuple[str, ...], flags: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """An object of a recipe: sometimes sane, sometimes not."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        **({"name": st.sampled_from(names) | JSON} if names else {}),
        **dict.fromkeys(numbers, NUMBER | st.none() | JSON),
        **dict.fromkeys(flags, st.booleans() | JSON),
    }
    return st.fixed_dictionaries({}, optional=fields) | st.none() | JSON


MONITOR = {"monitor": st.sampled_from(["loss", "accuracy", "val_loss", "val_accuracy"]) | JSON}


def head(number: int) -> list[dict[str, Any]]:
    dense = {"layer": "Dense", "id": f"head{number}", "units": 10, "activation": "softmax"}
    return [{"layer": "Flatten", "id": f"flat{number}", "inputs": ["images"]}, {**dense, "inputs": [f"flat{number}"]}]


def test_heads_are_trained_apart_only_where_a_network_ends_in_their_average(one_client: TestClient) -> None:
    apart = {"loss": {"each_head": True}}
    one = {"layers": [*head(1), {"layer": "Average", "inputs": ["head1"]}]}
    two = {"layers": [*head(1), *head(2), {"layer": "Average", "inputs": ["head1", "head2"]}]}

    found = told(one_client, apart)
    reply = submit(one_client, apart, network=two)

    assert "quickstart" not in found["/recipe/loss/each_head"]
    assert "ends in Dense" in found["/recipe/loss/each_head"]
    assert "/recipe/loss/each_head" in told(one_client, apart, network=one)
    assert reply.status_code == 202, reply.text
    assert reply.json()["spec"]["recipe"]["loss"]["each_head"] is True


RECIPES = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.integers(-1, 20) | JSON,
        "batch_size": st.integers(-1, 600) | JSON,
        "drop_remainder": st.booleans() | JSON,
        "optimizer": part(
            tuple(optimizers.ARGUMENTS),
            (
                *("learning_rate", "momentum", "weight_decay", "beta_1", "beta_2", "rho", "epsilon"),
                *("initial_accumulator_value", "clipnorm", "clipvalue", "global_clipnorm"),
            ),
            ("nesterov", "amsgrad"),
        ),
        "loss": part(
            ("categorical_crossentropy", "categorical_focal_crossentropy", "hinge", "kl_divergence"),
            ("label_smoothing", "gamma", "alpha"),
            ("each_head",),
        ),
        "schedule": part(
            ("constant", "step", "exponential", "cosine", "one_cycle", "plateau"),
            ("warmup_epochs", "factor", "every_epochs"),
        ),
        "augmentation": part(
            (),
            ("rotation", "zoom", "shift", "shear", "brightness", "cutout", "mixup", "variants"),
            ("horizontal_flip", "vertical_flip"),
        ),
        "callbacks": st.fixed_dictionaries(
            {},
            optional={
                "reduce_lr_on_plateau": part((), ("factor", "patience", "min_lr", "min_delta", "cooldown")),
                "early_stopping": st.fixed_dictionaries({}, optional=MONITOR) | JSON,
            },
        )
        | JSON,
        "class_weight": st.just("balanced")
        | st.dictionaries(st.sampled_from("0123456789ab") | ANY_TEXT, NUMBER)
        | JSON,
        "ema": part((), ("momentum",)),
        "precision": st.sampled_from(["float32", "mixed"]) | JSON,
    },
)


def is_answered(client: TestClient, recipe: object) -> None:
    body = json.dumps({"preset": "quickstart", "recipe": recipe})
    reply = client.post("/v1/trainings", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in {202, 422}, reply.text
    if reply.status_code == 202:
        reads(reply.json()["spec"]["recipe"])
    else:
        assert faults(reply)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=RECIPES | JSON)
def test_a_hostile_recipe_is_refused_by_its_fields_or_understood_by_the_worker(
    one_client: TestClient, recipe: object
) -> None:
    is_answered(one_client, recipe)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=RECIPES | JSON)
def test_ten_thousand_hostile_recipes_are_refused_or_understood(one_client: TestClient, recipe: object) -> None:
    is_answered(one_client, recipe)


SANE = st.fixed_dictionaries(
    {"name": st.sampled_from(list(optimizers.ARGUMENTS))},
    optional={
        **dict.fromkeys(("beta_1", "beta_2", "rho"), st.floats(0, 0.999)),
        "epsilon": st.floats(1e-12, 1),
        "momentum": st.floats(0, 0.999),
        "nesterov": st.booleans(),
        "clipnorm": st.floats(1e-6, 1e6),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(optimizer=SANE)
def test_an_optimizers_faults_are_the_arguments_of_others_and_nothing_else(
    one_client: TestClient, optimizer: dict[str, Any]
) -> None:
    reply = one_client.post("/v1/trainings", json={"preset": "quickstart", "recipe": {"optimizer": optimizer}})

    takes = {"name", "clipnorm", *optimizers.ARGUMENTS[optimizer["name"]]}
    foreign = {field for field, value in optimizer.items() if field not in takes and value is not False}
    foreign -= {"momentum"} if optimizer.get("momentum") == 0 else set()
    blamed = {pointer.rsplit("/", 1)[1] for pointer in faults(reply)} if reply.status_code == 422 else set()
    assert foreign <= blamed <= foreign | {"nesterov", "momentum", "beta_1"}
