"""The rules against recorded trainings: each illness is found, and those that went well are left alone."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.advice.evidence import ClassOutcome, EpochFigures, Evidence, RecipeFacts
from service.advice.rules import RULES, advise
from service.trainings.presets import overridden
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingRequest
from tests.made import NO_LIMITS
from tests.service.advice.cases import as_it_ran, evidence_of, names, recorded

HEALTHY = [
    "quickstart",
    "quickstart-6",
    "quickstart-30",
    "steady-mlp",
    "lenet-sgd-cosine",
    "lenet-early-stopping",
    "softmax-regression",
]
OF_THE_LECTURE = ["lecture-mnist-small"]  # healthy, but it validates on the test set
ILL = {
    "overfitting-mlp": "overfitting",
    "underfitting": "underfitting",
    "too-high-sgd": "rate-too-high",
    "too-high-adam": "rate-too-high",
    "too-high-regression": "rate-too-high",
    "too-high-relu": "rate-too-high",
    "dead-adam": "rate-too-high",
    "dead-sigmoid": "dead-start",
    "dead-lenet": "dead-start",
    "too-low-sgd": "rate-too-low",
    "too-low-adadelta": "rate-too-low",
    "not-finished": "not-finished",
    "diverged": "diverged",
    "rare-class": "imbalance",
}


def rules_of(evidence: Evidence) -> list[str]:
    return [advice.rule for advice in advise(evidence)]


def test_every_recorded_training_is_tested() -> None:
    assert {*HEALTHY, *OF_THE_LECTURE, *ILL} == set(names())


@pytest.mark.parametrize("name", HEALTHY)
def test_a_training_that_went_well_is_left_alone_at_its_end_and_after_each_epoch(name: str) -> None:
    assert rules_of(evidence_of(name)) == []
    assert [rules_of(moment) for moment in as_it_ran(name)] == [[]] * (len(evidence_of(name).epochs) + 1)


@pytest.mark.parametrize("name", OF_THE_LECTURE)
def test_the_lecture_is_only_told_that_it_looks_at_the_test_set(name: str) -> None:
    (advice,) = advise(evidence_of(name))

    assert (advice.rule, advice.severity) == ("validated-on-test", "warning")
    assert advice.figures["steers"] == "val_accuracy"
    assert {rule for moment in as_it_ran(name) for rule in rules_of(moment)} == {"validated-on-test"}


@pytest.mark.parametrize(("name", "rule"), ILL.items())
def test_each_illness_is_found_and_nothing_else(name: str, rule: str) -> None:
    (advice,) = advise(evidence_of(name))

    assert advice.rule == rule
    assert advice.figures
    assert advice.finding.endswith((".", "?"))


@pytest.mark.parametrize(("name", "rule"), ILL.items())
def test_a_training_that_still_runs_is_never_told_of_another_illness(name: str, rule: str) -> None:
    assert {found for moment in as_it_ran(name) for found in rules_of(moment)} <= {rule, "dead-start"}


@pytest.mark.parametrize("name", ["too-high-sgd", "too-low-sgd", "dead-sigmoid", "overfitting-mlp", "underfitting"])
def test_an_illness_of_the_curves_is_found_before_the_end(name: str) -> None:
    first = next(index for index, moment in enumerate(as_it_ran(name)) if ILL[name] in rules_of(moment))

    assert first < len(evidence_of(name).epochs)


@pytest.mark.parametrize("name", ILL)
def test_every_patch_makes_a_training_that_is_accepted(name: str) -> None:
    spec = {key: value for key, value in recorded()[name]["spec"].items() if value is not None}
    for advice in advise(evidence_of(name, larger_network="lecture-mnist")):
        if advice.patch is not None:
            asked = TrainingRequest.model_validate(overridden(spec, advice.patch))
            assert resolve(asked, NO_LIMITS) != recorded()[name]["spec"]


def test_overfitting_that_early_stopping_has_treated_is_not_told() -> None:
    ill = evidence_of("overfitting-mlp")
    treated = replace(ill.recipe, early_stopping="val_loss", restores_best=True)

    assert rules_of(replace(ill, recipe=treated)) == []


@pytest.mark.parametrize(
    ("recipe", "patch"),
    [
        ({}, {"recipe": {"augmentation": {"rotation": 10, "zoom": 0.1, "shift": 0.1}}}),
        (
            {"has_augmentation": True},
            {
                "recipe": {
                    "callbacks": {
                        "early_stopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}
                    }
                }
            },
        ),
        ({"has_augmentation": True, "early_stopping": "loss"}, {"recipe": {"optimizer": {"weight_decay": 0.001}}}),
        ({"has_augmentation": True, "early_stopping": "loss", "weight_decay": 0.1}, None),
    ],
)
def test_against_overfitting_comes_what_the_recipe_lacks(recipe: dict[str, object], patch: object) -> None:
    ill = evidence_of("overfitting-mlp")

    (advice,) = advise(replace(ill, recipe=replace(ill.recipe, **recipe)))  # type: ignore[arg-type]

    assert advice.patch == patch


def test_a_gap_between_training_and_validation_is_overfitting_however_the_losses_lie() -> None:
    epochs = tuple(EpochFigures(n, 0.5 / n, 0.99, 1.0, 0.80) for n in range(1, 7))

    assert rules_of(evidence_of("steady-mlp", epochs=epochs)) == ["overfitting"]


def test_a_loss_that_jumps_up_and_down_is_a_rate_too_high_and_one_bad_epoch_is_not() -> None:
    jumping = [0.9, 0.5, 0.8, 0.4, 0.7, 0.45, 0.6]
    one_bad = [0.9, 0.5, 0.4, 0.8, 0.35, 0.3, 0.28]

    def found(losses: list[float]) -> list[str]:
        epochs = tuple(EpochFigures(n, loss, 0.9, None, None) for n, loss in enumerate(losses, 1))
        return rules_of(evidence_of("steady-mlp", epochs=epochs))

    assert found(jumping) == ["rate-too-high"]
    assert "rate-too-high" not in found(one_bad)


def test_a_training_of_one_epoch_is_told_that_it_has_no_curve_unless_it_still_runs() -> None:
    whole = evidence_of("steady-mlp")
    one = replace(whole, epochs=whole.epochs[:1], recipe=replace(whole.recipe, epochs=1))

    assert rules_of(one) == ["not-finished"]
    assert rules_of(replace(one, state="running")) == []


def test_a_schedule_that_ends_falling_has_ended_as_planned() -> None:
    falling = evidence_of("not-finished")

    assert rules_of(replace(falling, recipe=replace(falling.recipe, schedule="cosine"))) == []


def test_the_lectures_three_epochs_on_cifar10_are_slow_but_not_dead() -> None:
    """The deck: 20.71 % and a loss of 2.151 after three epochs; before them near guessing."""
    figures = [(2.302, 0.105, 2.300, 0.10), (2.27, 0.14, 2.22, 0.17), (2.19, 0.18, 2.151, 0.2071)]
    epochs = tuple(EpochFigures(n, *each) for n, each in enumerate(figures, 1))
    recipe = replace(evidence_of("lecture-mnist-small").recipe, epochs=3)

    assert rules_of(evidence_of("lecture-mnist-small", epochs=epochs, recipe=recipe, matrix=(), tested=())) == [
        "validated-on-test"
    ]


def test_the_worst_pair_of_a_good_network_is_no_illness() -> None:
    matrix = [[100 if i == j else 0 for j in range(10)] for i in range(10)]
    matrix[4][9], matrix[4][4] = 6, 94
    matrix[9][4], matrix[9][9] = 2, 98

    found = evidence_of("steady-mlp", matrix=tuple(map(tuple, matrix)))

    assert rules_of(found) == []


def test_two_classes_that_are_taken_for_each_other_are_named() -> None:
    matrix = [[100 if i == j else 0 for j in range(10)] for i in range(10)]
    matrix[4][9], matrix[4][4] = 5, 95
    matrix[9][4], matrix[9][9] = 30, 70
    tested = tuple(ClassOutcome(str(i), 100, matrix[i][i] / 100) for i in range(10))

    (advice,) = advise(evidence_of("steady-mlp", matrix=tuple(map(tuple, matrix)), tested=tested))

    assert (advice.rule, advice.figures["true"], advice.figures["predicted"]) == ("weak-pair", "9", "4")
    assert advice.figures["mistakes_between"] == 35


def test_a_rare_class_that_is_recognised_as_well_as_the_others_is_no_illness() -> None:
    tested = (ClassOutcome("a", 1000, 0.97), ClassOutcome("b", 1000, 0.96), ClassOutcome("c", 20, 0.9))

    assert rules_of(evidence_of("steady-mlp", tested=tested, matrix=())) == []


def test_losses_other_than_cross_entropy_are_not_measured_by_it() -> None:
    ill = evidence_of("too-high-sgd")

    assert "rate-too-high" not in rules_of(replace(ill, recipe=replace(ill.recipe, loss="mse")))


losses = st.floats(0, 1e30, allow_nan=False)
shares = st.floats(0, 1, allow_nan=False)
recipes = st.builds(
    RecipeFacts,
    epochs=st.integers(1, 12),
    batch_size=st.integers(1, 512),
    optimizer=st.sampled_from(["adam", "sgd", "adadelta", "one-that-is-new"]),
    learning_rate=st.floats(1e-30, 100),
    weight_decay=shares,
    loss=st.sampled_from(["categorical_crossentropy", "mse"]),
    schedule=st.sampled_from(["constant", "cosine"]),
    has_augmentation=st.booleans(),
    early_stopping=st.sampled_from([None, "val_loss", "loss"]),
    restores_best=st.booleans(),
    plateau=st.sampled_from([None, "val_accuracy"]),
)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.tuples(losses, shares, losses, shares), max_size=12),
    is_validated=st.booleans(),
    recipe=recipes,
    state=st.sampled_from(["queued", "running", "succeeded", "failed", "cancelled"]),
    error_type=st.sampled_from([None, "diverged", "out-of-memory", "time-limit", "internal"]),
    matrix=st.integers(2, 6).flatmap(
        lambda k: st.lists(st.lists(st.integers(0, 50), min_size=k, max_size=k), min_size=k, max_size=k)
    ),
)
def test_whatever_the_figures_are_the_rules_answer_with_json(
    rows: list[tuple[float, float, float, float]],
    is_validated: bool,
    recipe: RecipeFacts,
    state: str,
    error_type: str | None,
    matrix: list[list[int]],
) -> None:
    tested = tuple(ClassOutcome(f"c{i}", sum(row), row[i] / max(1, sum(row))) for i, row in enumerate(matrix))
    epochs = tuple(
        EpochFigures(n, loss, accuracy, *((val_loss, val_accuracy) if is_validated else (None, None)))
        for n, (loss, accuracy, val_loss, val_accuracy) in enumerate(rows, 1)
    )
    evidence = Evidence(
        training="0" * 16,
        state=state,  # type: ignore[arg-type] # one of the five
        error_type=error_type,
        classes=len(matrix),
        recipe=recipe,
        validation="train",
        epochs=epochs,
        tested=tested,
        matrix=tuple(map(tuple, matrix)),
    )

    found = advise(evidence)

    assert {advice.rule for advice in found} <= set(RULES)
    json.dumps([(advice.figures, advice.patch) for advice in found], allow_nan=False)
