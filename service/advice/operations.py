"""From a training's records to what the rules look at, and from what they find to words."""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from service.advice.evidence import Advice, ClassOutcome, EpochFigures, Evidence, RecipeFacts
from service.advice.rules import advise
from service.advice.schemas import AdviceItem, AdviceReply
from service.networks.operations import get_network
from service.networks.presets import NETWORKS
from service.records import Training
from service.reports import queries as reports
from service.sets.finding import AllSets
from service.trainings import replies

LARGER: Final = 2
"""Times the parameters: less would hardly be noticed."""


def advice(session: Session, training: Training) -> AdviceReply:
    """Return what the figures of a training say so far."""
    looked_at = evidence(session, training)
    return AdviceReply(
        training=training.id,
        state=replies.visible_state(training),
        epochs=len(looked_at.epochs),
        advice=[_item(each) for each in advise(looked_at)],
    )


def advice_text(session: Session, training: Training) -> str:
    """Return the same as text: for each finding what says so, and what to try."""
    found = advice(session, training)
    so_far = f"training {found.training} ({found.state}, {found.epochs} epochs)"
    if not found.advice:
        nothing = "nothing can be read from its curves yet" if found.epochs == 0 else "nothing stands out"
        return f"{so_far}: {nothing}\n"
    lines = [so_far]
    for each in found.advice:
        lines += ["", f"{each.severity}: {each.rule}", f"  {each.finding}", f"  Try: {each.change}."]
        if each.patch is not None:
            lines.append(f"       {json.dumps(each.patch)}")
    return "\n".join(lines).replace("?.", "?") + "\n"


def evidence(session: Session, training: Training) -> Evidence:
    """Return what the rules look at."""
    spec = training.spec
    report = reports.report(session, training.id)
    classes = reports.class_figures(session, training.id)
    return Evidence(
        training=training.id,
        state=training.state.value,
        error_type=training.error_type,
        classes=max(2, len(classes) or _classes(session, spec)),
        recipe=recipe_facts(spec["recipe"]),
        validation=spec["validation"]["from"],
        epochs=tuple(
            EpochFigures(each.epoch, each.loss, each.accuracy, each.val_loss, each.val_accuracy)
            for each in reports.epochs(session, training.id)
        ),
        tested=tuple(ClassOutcome(each.class_name, each.support, each.recall) for each in classes),
        matrix=() if report is None else tuple(tuple(row) for row in report.confusion_matrix["matrix"]),
        larger_network=_larger_network(session, training),
    )


def recipe_facts(recipe: Mapping[str, Any]) -> RecipeFacts:
    """Read what the rules want to know of a recipe, as it stands in a training's specification."""
    optimizer, callbacks = recipe["optimizer"], recipe.get("callbacks") or {}
    stopping, plateau = callbacks.get("early_stopping"), callbacks.get("reduce_lr_on_plateau")
    return RecipeFacts(
        epochs=recipe["epochs"],
        batch_size=recipe["batch_size"],
        optimizer=optimizer["name"],
        learning_rate=optimizer["learning_rate"],
        weight_decay=optimizer.get("weight_decay") or 0.0,
        loss=recipe["loss"]["name"],
        schedule=recipe["schedule"]["name"],
        has_augmentation=recipe.get("augmentation") is not None,
        early_stopping=stopping and stopping["monitor"],
        restores_best=bool(stopping and stopping.get("restore_best_weights")),
        plateau=plateau and plateau["monitor"],
    )


def _classes(session: Session, spec: Mapping[str, Any]) -> int:
    """The number of classes, before a report names them: the width of the network's last layer."""
    units: int = spec["network"]["layers"][-1].get("units", 0)
    known = AllSets(session).get(spec["dataset"])
    return len(known.classes) if known else units


def _larger_network(session: Session, training: Training) -> str | None:
    """The smallest named network for the same pictures with at least `LARGER` times the parameters."""
    known = AllSets(session).get(training.dataset)
    if known is None or training.parameters is None:
        return None
    of_size = (
        (get_network(each.name).parameters, each.name) for each in NETWORKS.values() if each.input_shape == known.shape
    )
    return min((each for each in of_size if each[0] >= LARGER * training.parameters), default=(0, None))[1]


def _item(found: Advice) -> AdviceItem:
    return AdviceItem.model_validate(
        {
            "rule": found.rule,
            "severity": found.severity,
            "finding": found.finding,
            "figures": {name: _rounded(figure) for name, figure in found.figures.items()},
            "try": found.change,
            "patch": found.patch,
        }
    )


def _rounded(figure: float | str) -> float | int | str:
    return float(f"{figure:.5g}") if isinstance(figure, float) else figure
