"""The rules that read the curves: each returns its advice, or None. The thresholds stand above it, with the reasoning."""

from itertools import pairwise
from statistics import fmean
from typing import Any, Final

from service.advice.evidence import Advice, Evidence, Figures

CURVE: Final = 3
"""Epochs from which on there is a curve at all: two points are always a line."""

EXPLODED: Final = 1.1
"""Times ln k. Fresh weights guess, more or less: a mean over an epoch that is worse was made so by the steps."""
JUMP: Final = 0.10
"""Of the loss before: epochs of a training that goes well differ by less once the first few are over,"""
JUMP_OF_GUESSING: Final = 0.02
"""or by less than this of ln k: near zero, losses double by chance."""
JUMPING: Final = 0.3
"""Of the steps from epoch to epoch go up so far, and as many down: one bad epoch is no zigzag, and overfitting only goes up."""
STEPS_TO_JUDGE: Final = 5


def rate_too_high(evidence: Evidence) -> Advice | None:
    """The training loss was above guessing, or the training or validation loss jumps up and down.

    Steps that are too long do not go down into the valley: the loss explodes, or jumps between its walls.
    """
    losses = [each.loss for each in evidence.epochs]
    if not losses:
        return None
    worst = max(losses)
    if evidence.is_cross_entropy and worst > EXPLODED * evidence.guessing_loss:
        epoch = losses.index(worst) + 1
        finding = (
            f"In epoch {epoch} the training loss was {worst:.4g}, and guessing gives {evidence.guessing_loss:.3f}: "
            "the steps are so long that they made the network worse."
        )
        figures = {"epoch": epoch, "loss": worst, "guessing_loss": evidence.guessing_loss}
        return _lower_rate(evidence, "rate-too-high", finding, figures)
    for name, line in (("training", losses), ("validation", evidence.watched_losses)):
        ups, downs = _jumps(line, JUMP_OF_GUESSING * evidence.guessing_loss)
        steps = len(line) - 1
        if steps >= STEPS_TO_JUDGE and min(ups, downs) >= JUMPING * steps:
            finding = (
                f"From epoch to epoch the {name} loss jumps by {JUMP:.0%} and more: {ups} times up, {downs} times down."
            )
            return _lower_rate(evidence, "rate-too-high", finding, {"ups": ups, "downs": downs, "steps": steps})
    return None


def _jumps(losses: list[float], floor: float) -> tuple[int, int]:
    """How often the loss goes up, and how often down, by more than `JUMP` and `floor`."""
    far = [(a, b) for a, b in pairwise(losses) if abs(b - a) > max(floor, JUMP * min(a, b))]
    ups = sum(b > a for a, b in far)
    return ups, len(far) - ups


DEAD_LOSS: Final = 0.03
"""Of ln k, to both sides: what is learned in one epoch that goes well is ten times more."""
DEAD_ACCURACY: Final = 1.5
"""Times chance: a test of a few hundred images is not at 1/k exactly."""


def dead_start(evidence: Evidence) -> Advice | None:
    """From the first epoch on the loss is that of guessing (ln k), and the accuracy is chance: nothing is learned.

    All units off at once (relu after one step too long), a gradient that vanishes on its way through many sigmoids, or
    a rate of practically nothing. A deep network may take an epoch or two to wake, so that three must have passed.
    """
    epochs, guessing, chance = evidence.epochs, evidence.guessing_loss, 1 / evidence.classes
    is_dead = all(
        abs(each.loss - guessing) <= DEAD_LOSS * guessing and each.accuracy <= DEAD_ACCURACY * chance for each in epochs
    )
    if len(epochs) < CURVE or not is_dead or not evidence.is_cross_entropy:
        return None
    last = epochs[-1]
    finding = (
        f"After {len(epochs)} epochs the loss is {last.loss:.3f} and the accuracy {last.accuracy:.1%}: that is guessing among "
        f"{evidence.classes} classes (ln {evidence.classes} = {guessing:.3f}). Nothing has been learned."
    )
    figures = {"loss": last.loss, "guessing_loss": guessing, "accuracy": last.accuracy, "chance": chance}
    recipe = evidence.recipe
    if recipe.optimizer not in {"adam", "adamw", "nadam"} and recipe.learning_rate <= (recipe.usual_rate or 0):
        change = "Use Adam, whose steps do not shrink with the gradient; relu instead of sigmoid or tanh helps as well"
        patch = {"recipe": {"optimizer": {"name": "adam", "learning_rate": 0.001}}}
        return Advice("dead-start", "warning", finding, figures, change, patch)
    return _lower_rate(evidence, "dead-start", finding, figures)


LOW_RATE: Final = 0.2
"""Of the optimizer's usual rate: rates within a factor of five of it are a matter of taste, and of the batch size."""
STILL_HIGH: Final = 0.3
"""Of ln k: below this loss a small rate has got there all the same."""
SMOOTH: Final = 0.01
"""Of the loss before: steps too small make curves without a jolt."""


def rate_too_low(evidence: Evidence) -> Advice | None:
    """The rate is far below what is usual for its optimizer, the loss still high, and its fall slow and without a jolt."""
    recipe, losses = evidence.recipe, [each.loss for each in evidence.epochs]
    usual = recipe.usual_rate
    if usual is None or recipe.learning_rate > LOW_RATE * usual:
        return None
    if len(losses) <= CURVE or not evidence.is_cross_entropy:
        return None
    is_smooth = all(after < before * (1 + SMOOTH) for before, after in pairwise(losses))
    if not is_smooth or losses[-1] < STILL_HIGH * evidence.guessing_loss:
        return None
    finding = (
        f"After {len(losses)} epochs the loss is still {losses[-1]:.3f} (guessing gives {evidence.guessing_loss:.3f}), and it "
        f"falls slowly and evenly: the learning rate {recipe.learning_rate:g} is far below the {usual:g} that is usual for "
        f"{recipe.optimizer}."
    )
    figures: Figures = {
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "guessing_loss": evidence.guessing_loss,
        "learning_rate": recipe.learning_rate,
        "usual_rate": usual,
    }
    return Advice("rate-too-low", "warning", finding, figures, f"Raise the learning rate to {usual:g}", _rate(usual))


RECENT: Final = 3
"""Epochs whose mean is looked at, because the loss on a small validation split jumps."""
RISEN: Final = 0.2
"""Of the least validation loss: less comes and goes."""
RISEN_OF_GUESSING: Final = 0.015
"""Of ln k: a rise from 0.020 to 0.026 on a nearly perfect network is a mistake more or less."""
KEPT_FALLING: Final = 0.9
"""Of the training loss at that epoch: only if that went on falling is the rise overfitting."""
GAP: Final = 0.10
"""Between training and validation accuracy: every tenth image is known by heart only."""


def overfitting(evidence: Evidence) -> Advice | None:
    """The validation loss has risen since its least while the training loss fell on, or training is far better than validation.

    Not said where early stopping brings back the best epoch's weights and the gap is small: the illness is treated.
    """
    epochs = evidence.epochs
    validated = [each.val_loss for each in epochs if each.val_loss is not None]
    if len(epochs) <= CURVE or len(validated) < len(epochs):
        return None
    best = min(range(len(validated)), key=validated.__getitem__)
    recent = fmean(validated[-RECENT:])
    has_risen = (
        len(epochs) - 1 - best >= RECENT
        and recent >= validated[best] * (1 + RISEN)
        and recent - validated[best] >= RISEN_OF_GUESSING * evidence.guessing_loss
        and epochs[-1].loss <= KEPT_FALLING * epochs[best].loss
    )
    gap = fmean(each.accuracy - (each.val_accuracy or 0.0) for each in epochs[-RECENT:])
    if has_risen and not _is_treated(evidence):
        finding = (
            f"The validation loss was least after epoch {best + 1} ({validated[best]:.3f}) and has risen to {recent:.3f} "
            f"since, while the training loss fell from {epochs[best].loss:.3g} to {epochs[-1].loss:.3g}: the network "
            "learns the images by heart."
        )
    elif gap >= GAP:
        finding = (
            f"Training accuracy is {gap:.1%} above validation accuracy ({epochs[-1].accuracy:.1%} and "
            f"{epochs[-1].val_accuracy:.1%}): the network knows its training images by heart."
        )
    else:
        return None
    figures: Figures = {
        "best_epoch": best + 1,
        "best_val_loss": validated[best],
        "recent_val_loss": recent,
        "last_loss": epochs[-1].loss,
        "accuracy_gap": gap,
    }
    return Advice("overfitting", "warning", finding, figures, *_against_overfitting(evidence))


def _is_treated(evidence: Evidence) -> bool:
    monitored = evidence.recipe.early_stopping
    return evidence.recipe.restores_best and monitored is not None and monitored.startswith("val_")


def _against_overfitting(evidence: Evidence) -> tuple[str, dict[str, Any] | None]:
    """The most effective of what the recipe lacks."""
    recipe = evidence.recipe
    if not recipe.has_augmentation:
        moves = {"rotation": 10, "zoom": 0.1, "shift": 0.1}
        change = "Augment: images that are turned, scaled and moved a little cannot be learned by heart"
        return change, {"recipe": {"augmentation": moves}}
    if recipe.early_stopping is None:
        stopping = {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}
        return "Stop early, and keep the best epoch's weights", {"recipe": {"callbacks": {"early_stopping": stopping}}}
    if recipe.weight_decay == 0:
        return "Let the weights decay", {"recipe": {"optimizer": {"weight_decay": 0.001}}}
    return "Make the network smaller, or add Dropout before its dense layers", None


LOW: Final = 0.35
"""Of the way from guessing to perfect is missing: for ten classes, less than 68.5 % right. The lecture gets beyond it with
CIFAR-10."""
FLAT: Final = 0.01
"""Of the loss, an epoch: what falls faster has not arrived."""
EPOCHS_TO_JUDGE: Final = 5


def underfitting(evidence: Evidence) -> Advice | None:
    """The accuracy is low, in training too, and no longer rises: the network can do no better."""
    epochs = evidence.epochs
    if len(epochs) < EPOCHS_TO_JUDGE or evidence.missing(evidence.best_accuracy) < LOW:
        return None
    falls = _fall([each.loss for each in epochs[-RECENT - 1 :]])
    if falls > FLAT:
        return None
    finding = (
        f"Accuracy has come to rest at {evidence.best_accuracy:.1%}, on the training images too, and the loss falls by only "
        f"{max(falls, 0.0):.1%} an epoch: more epochs of this will not help, the network is too small for the task."
    )
    figures: Figures = {
        "accuracy": epochs[-1].accuracy,
        "last_loss": epochs[-1].loss,
        "fall_an_epoch": falls,
    }
    if evidence.larger_network is None:
        change = "Give it more to learn with: more filters or units, another layer"
        return Advice("underfitting", "warning", finding, figures, change)
    change = f"Take a larger network, such as {evidence.larger_network}"
    return Advice("underfitting", "warning", finding, figures, change, {"network": evidence.larger_network})


FALLING: Final = 0.06
"""Of the loss, an epoch: at this pace it halves in about eleven more."""
FALLING_OF_GUESSING: Final = 0.005
"""Of ln k, an epoch: a loss near zero may halve without any more images being recognised."""


def not_finished(evidence: Evidence) -> Advice | None:
    """It succeeded, and its loss was still falling when it ran out of epochs; or it had too few for a curve.

    Not said where a schedule brings the rate to zero: its last epochs always fall fast, and the training ends as planned.
    """
    recipe, losses = evidence.recipe, evidence.watched_losses
    if evidence.state != "succeeded" or not losses or len(losses) < recipe.epochs:
        return None
    if len(losses) < CURVE:
        finding = (
            f"{len(losses)} of the {CURVE} epochs that a curve needs at least: what more would bring cannot be seen."
        )
        return _more_epochs(evidence, finding, {"epochs": len(losses)})
    last = losses[-RECENT:]
    falls = _fall(last)
    is_falling = falls >= FALLING and (last[0] - last[-1]) / (len(last) - 1) >= (
        FALLING_OF_GUESSING * evidence.guessing_loss
    )
    if recipe.schedule != "constant" or not is_falling or losses[-1] > min(losses):
        return None
    which = "loss" if evidence.epochs[-1].val_loss is None else "validation loss"
    finding = f"The {which} was still falling by {falls:.0%} an epoch when the training ended, at {losses[-1]:.3g}."
    return _more_epochs(evidence, finding, {"epochs": len(losses), "last_loss": losses[-1], "fall_an_epoch": falls})


def _more_epochs(evidence: Evidence, finding: str, figures: Figures) -> Advice:
    epochs = max(10, 2 * evidence.recipe.epochs)
    patch = {"recipe": {"epochs": epochs}}
    return Advice("not-finished", "info", finding, figures, f"Train for {epochs} epochs", patch)


def _fall(losses: list[float]) -> float:
    """The mean share by which the loss falls from one epoch to the next; negative where it rises."""
    if losses[0] <= 0 or losses[-1] <= 0:
        return 0.0
    return float(1 - (losses[-1] / losses[0]) ** (1 / (len(losses) - 1)))


def _lower_rate(evidence: Evidence, rule: str, finding: str, figures: Figures) -> Advice:
    """Advise a third of the rate, or the optimizer's usual one where that is lower still."""
    rate = lowered(evidence)
    figures = {**figures, "learning_rate": evidence.recipe.learning_rate}
    return Advice(rule, "warning", finding, figures, f"Lower the learning rate to {rate:g}", _rate(rate))


def lowered(evidence: Evidence) -> float:
    """Return a third of the rate, or the optimizer's usual one where that is lower still."""
    third = float(f"{evidence.recipe.learning_rate / 3:.1g}")
    usual = evidence.recipe.usual_rate
    return third if usual is None else min(third, usual)


def _rate(rate: float) -> dict[str, Any]:
    return {"recipe": {"optimizer": {"learning_rate": rate}}}
