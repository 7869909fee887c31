"""What of a report is drawn."""

import numpy as np
from sqlalchemy.orm import Session

from service.pictures.contact_sheet import ContactSheet
from service.pictures.curves import Curves, EpochPoint, RateStep
from service.pictures.heat_map import HeatMap
from service.records import TrainingState
from service.reports import misclassified, operations, queries
from service.reports.misclassified import Narrowing
from service.reports.normalizing import normalized
from service.reports.queries import Order
from service.reports.schemas import Normalize
from service.settings import Settings
from service.trainings import operations as trainings
from service.trainings import replies

MEANINGS = {
    "true": "each row in percent of its true class",
    "pred": "each column in percent of its predicted class",
    "all": "in percent of all test images",
}
ORDERS = {
    Order.INDEX: "by test index",
    Order.LEAST_SURE_FIRST: "the least sure first",
    Order.SUREST_FIRST: "the surest first",
}
COLUMNS, COLUMNS_OF_MANY, MANY = 10, 20, 120


def heat_map(session: Session, training_id: str, normalize: Normalize | None) -> HeatMap:
    """Return the confusion matrix to be drawn; raise NoReportYet."""
    training, found = operations.find(session, training_id)
    right = found.test_count - found.misclassified_count
    subtitle = f"{operations.named(training)} · {right:,} of {found.test_count:,} right ({found.test_accuracy:.2%})"
    return HeatMap(
        title="Confusion matrix",
        subtitle=subtitle if normalize is None else f"{subtitle} · {MEANINGS[normalize]}",
        classes=tuple(queries.class_names(session, training_id)),
        values=normalized(found.confusion_matrix["matrix"], normalize),
        is_share=normalize is not None,
    )


def curves(session: Session, training_id: str) -> Curves:
    """Return the epochs so far, to be drawn."""
    training = trainings.find(session, training_id)
    found = operations.curves(session, training_id)
    done = len(found.epochs)
    state = replies.visible_state(training)
    epochs = f"{done} epoch{'' if done == 1 else 's'}"
    if training.state != TrainingState.SUCCEEDED:
        epochs = f"{done} of {training.epochs} epochs, {state}"
    return Curves(
        title="Learning curves",
        subtitle=f"{operations.named(training)} · {epochs}",
        epochs=tuple(
            EpochPoint(one.epoch, one.loss, one.accuracy, one.val_loss, one.val_accuracy, one.learning_rate)
            for one in found.epochs
        ),
        steps=tuple(RateStep(step.epoch, step.learning_rate) for step in found.learning_rate_steps),
        best_epoch=found.best_epoch,
    )


def contact_sheet(
    session: Session, settings: Settings, training_id: str, narrowing: Narrowing, count: int
) -> ContactSheet:
    """Return misclassified examples to be drawn; raise NoReportYet, DatasetUnavailable."""
    training, found = operations.find(session, training_id)
    shown = misclassified.examples(session, training_id, narrowing, count)
    narrowed = [
        f"{what} {name}" for what, name in (("true", narrowing.true), ("predicted", narrowing.predicted)) if name
    ]
    about = [
        operations.named(training),
        f"{len(shown):,} of {found.misclassified_count:,} misclassified",
        *narrowed,
        ORDERS[narrowing.order],
    ]
    images = misclassified.pixels(session, settings, training, [one.index for one in shown])
    return ContactSheet(
        title="Misclassified, true:predicted",
        subtitle=" · ".join(about),
        pixels=np.ascontiguousarray(images),
        captions=tuple(f"{one.true}:{one.predicted}" for one in shown),
        columns=COLUMNS if len(shown) <= MANY else COLUMNS_OF_MANY,
        instead="None of the test images was misclassified." if not narrowed else "None of those was misclassified.",
    )
