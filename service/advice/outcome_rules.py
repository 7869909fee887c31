"""The rules that read how a training ended, and what the test set said of its classes."""

from typing import Final

import numpy as np

from service.advice.curve_rules import lowered
from service.advice.evidence import Advice, ClassOutcome, Evidence, Figures
from service.reports.measures import wilson


def diverged(evidence: Evidence) -> Advice | None:
    """It failed because the loss became NaN or infinite."""
    if evidence.error_type != "diverged":
        return None
    done, rate = len(evidence.epochs), lowered(evidence)
    finding = (
        f"The loss became NaN or infinite in epoch {done + 1}: with the learning rate {evidence.recipe.learning_rate:g} the "
        "weights grew without bounds."
    )
    figures: Figures = {"epoch": done + 1, "learning_rate": evidence.recipe.learning_rate}
    patch = {"recipe": {"optimizer": {"learning_rate": rate}}}
    return Advice("diverged", "warning", finding, figures, f"Lower the learning rate to {rate:g}", patch)


def out_of_memory(evidence: Evidence) -> Advice | None:
    """It failed because the network and a batch of images did not fit into memory."""
    if evidence.error_type != "out-of-memory":
        return None
    batch_size = evidence.recipe.batch_size
    finding = f"The network and one batch of {batch_size} images did not fit into memory."
    figures: Figures = {"batch_size": batch_size}
    if batch_size == 1:
        return Advice("out-of-memory", "warning", finding, figures, "Make the network smaller")
    half = batch_size // 2
    patch = {"recipe": {"batch_size": half}}
    return Advice("out-of-memory", "warning", finding, figures, f"Halve the batch, to {half} images", patch)


def time_limit(evidence: Evidence) -> Advice | None:
    """It failed because it had computed for as long as a training may."""
    if evidence.error_type != "time-limit":
        return None
    done = len(evidence.epochs)
    finding = f"It was stopped after {done} of {evidence.recipe.epochs} epochs, when its time was up."
    figures: Figures = {"epochs_done": done, "epochs": evidence.recipe.epochs}
    if done == 0:
        return Advice(
            "time-limit", "warning", finding, figures, "Make the network smaller: not one epoch was done in time"
        )
    # The worker also needs time to evaluate and to export: all epochs that were done would not fit again.
    fits = max(1, done * 9 // 10)
    patch = {"recipe": {"epochs": fits}}
    return Advice("time-limit", "warning", finding, figures, f"Train for {fits} epochs", patch)


RARE: Final = 1 / 3
"""Of the largest class's images: less uneven sets train well without further ado."""


def imbalance(evidence: Evidence) -> Advice | None:
    """A class has less than a third of the images of the largest, and is recognised less often than the others, beyond chance.

    Beyond chance: even the upper end of the 95 % interval of its recall (few images make it wide) is below the others' recall.
    """
    tested = [each for each in evidence.tested if each.support]
    if len(tested) < 2:
        return None
    largest = max(each.support for each in tested)
    found = [(each, _recall_of_others(tested, each)) for each in tested if each.support <= RARE * largest]
    weak = [
        (each, others)
        for each, others in found
        if wilson(round(each.recall * each.support), each.support).high < others
    ]
    if not weak:
        return None
    rarest, others = min(weak, key=lambda pair: pair[0].recall)
    finding = (
        f"{rarest.name!r} has {rarest.support:,} test images, the largest class {largest:,}, and only {rarest.recall:.1%} of "
        f"them are recognised, of the other classes {others:.1%}: there is too little of it to learn from."
    )
    figures: Figures = {
        "class": rarest.name,
        "support": rarest.support,
        "largest_support": largest,
        "recall": rarest.recall,
        "recall_of_others": others,
    }
    change = f"Collect more images of {rarest.name!r}, or leave out some of the large classes"
    return Advice("imbalance", "warning", finding, figures, change)


def _recall_of_others(tested: list[ClassOutcome], one: ClassOutcome) -> float:
    others = [each for each in tested if each is not one]
    return sum(each.recall * each.support for each in others) / sum(each.support for each in others)


PAIR_CLASSES: Final = 4
"""With fewer classes some pair always has much of all mistakes."""
PAIR_MISTAKES: Final = 10
"""Fewer can be chance, whatever share of all they are."""
PAIR_SHARE: Final = 0.25
"""Of all mistakes."""
PAIR_RATE: Final = 0.05
"""Of the two classes' images: a pair that is the worst of a good network is no illness."""


def weak_pair(evidence: Evidence) -> Advice | None:
    """A quarter or more of all mistakes, and one in twenty of their images, are between two classes."""
    matrix, tested = evidence.matrix, evidence.tested
    if len(matrix) < PAIR_CLASSES:
        return None
    counts = np.array(matrix)
    mistakes = int(counts.sum() - counts.trace())
    between = np.tril(counts + counts.T, -1)
    i, j = divmod(int(between.argmax()), len(matrix))
    count = int(between[i, j])
    images = tested[i].support + tested[j].support
    if count < PAIR_MISTAKES or count < PAIR_SHARE * mistakes or count < PAIR_RATE * images:
        return None
    if matrix[j][i] > matrix[i][j]:
        i, j = j, i
    true, predicted = tested[i].name, tested[j].name
    finding = (
        f"{count} of {mistakes} mistakes are between {true!r} and {predicted!r}: {matrix[i][j]} times {true!r} was taken for "
        f"{predicted!r}, {matrix[j][i]} times the other way round."
    )
    figures: Figures = {
        "true": true,
        "predicted": predicted,
        "mistakes_between": count,
        "mistakes": mistakes,
        "share": count / mistakes,
    }
    change = (
        f"Look at them, at /v1/trainings/{evidence.training}/misclassified.json with true and predicted set to the two: are "
        "they labelled rightly, and is there in the picture what tells them apart?"
    )
    return Advice("weak-pair", "info", finding, figures, change)


def validated_on_test(evidence: Evidence) -> Advice | None:
    """The test set was looked at after every epoch; worse where that steered the rate or the stopping."""
    if evidence.validation != "test":
        return None
    recipe = evidence.recipe
    steering = [
        name for name in (recipe.plateau, recipe.early_stopping) if name is not None and name.startswith("val_")
    ]
    if steering:
        finding = (
            f"The test set decided when to lower the rate or to stop ({steering[0]}), so that the test figures flatter."
        )
    else:
        finding = "The test set was looked at after every epoch: whoever chooses by these curves lets the test figures flatter."
    figures: Figures = {"validation": "test", "steers": steering[0] if steering else "nothing"}
    patch = {"validation": {"from": "train", "fraction": 0.1}}
    change = "Validate on a part of the training images, and look at the test set once"
    return Advice("validated-on-test", "warning" if steering else "info", finding, figures, change, patch)
