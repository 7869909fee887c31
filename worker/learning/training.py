"""One training: layer list, recipe, data and seed in; a trained model and its log out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import keras

from worker.learning.averaging import Averaging, TakingOut
from worker.learning.capturing import Workings, create_variables
from worker.learning.checkpoints import Checkpointing, Keep, Place, State
from worker.learning.compiling import compile_model
from worker.learning.datasets import LabelledImages, OrderedBatches, Scale, TrainingBatches, split_validation
from worker.learning.errors import InvalidRecipe
from worker.learning.following import EpochResult, Pacing, Recording, recipe_callbacks
from worker.learning.heads import apart
from worker.learning.networks import build, check_classifier
from worker.learning.reading import Fields
from worker.learning.recipes import Recipe
from worker.learning.resuming import Hooks, fit_from


@dataclass(frozen=True)
class Validation:
    """What a training is validated on after each epoch: `source` is train, test or none; `fraction` is for train."""

    source: str
    fraction: float = 0.0

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        """`{"from": "train", "fraction": 0.1}`, `{"from": "test"}` or `{"from": "none"}`; else InvalidRecipe."""
        if json.get("from") == "train":
            return cls("train", Fields(json, "/validation", ("from", "fraction")).number("fraction", 0.001, 0.9))
        return cls(Fields(json, "/validation", ("from",)).word("from", ("train", "test", "none")))


@dataclass(frozen=True)
class Job:
    """Everything a training follows from, but its images.

    `layers` as in `networks.build`, `input_shape` (height, width, channels), `seed` from 0 to 2**32 - 1. Raises
    InvalidRecipe when a callback watches a validation that there is not.
    """

    layers: Sequence[Mapping[str, object]]
    input_shape: tuple[int, int, int]
    recipe: Recipe
    validation: Validation
    seed: int

    def __post_init__(self) -> None:
        if self.validation.source == "none" and any(name.startswith("val_") for name in self.recipe.monitors):
            raise InvalidRecipe(
                'Validation {"from": "none"} leaves nothing to monitor: the callbacks must monitor loss or accuracy. '
                f"Received: {', '.join(self.recipe.monitors)}"
            )


@dataclass(frozen=True)
class Fitted:
    """A trained model, and one result for each epoch that ran (fewer than asked for after early stopping)."""

    model: keras.Model
    epochs: list[EpochResult]


def fit(
    job: Job,
    train: LabelledImages,
    test: LabelledImages,
    scale: Scale,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    keep: Keep | None = None,
    resume: State | None = None,
    *,
    fingerprint: str = "",
) -> Fitted:
    """Train a network, from fresh weights or from where an earlier run of the same job left it. On the CPU the same job
    on the same machine and versions gives bit-equal weights, however often it was interrupted and resumed.

    Starts from a clean Keras session and sets the global seeds: one training at a time a process, and no model of an
    earlier one in use.

    Args:
        job: what to train and how.
        train: what to train on, and to validate on when the job says train.
        test: what to validate on when the job says test.
        scale: makes a batch of images what the network expects.
        callbacks: get Keras' hooks, those of each batch included; `params` holds `epochs` and `steps` from the start.
            In `on_epoch_end` the logs also hold `learning_rate` and `seconds` (see `EpochResult.from_logs`). What they
            raise ends the training at once and comes out of here as it is. In a resumed training they hear of the
            epochs and steps that are left, each by its true number; the epoch in whose middle it goes on begins again.
        keep: is called at the end of every step and, after its validation, of every epoch, with the place and a
            function that makes a checkpoint of it; calling that is up to it, and has to be done before it returns.
            What it raises ends the training at once, too.
        resume: what `checkpoints.read` made of a checkpoint: go on from there. Where all epochs are done, nothing is
            trained. It is not changed, and can be used again.
        fingerprint: of this job and its images (`checkpoints.fingerprint`); written into checkpoints, and compared with
            that of `resume`.

    Raises:
        UnusableCheckpoint: `resume` is the state of another training, network or backend.
        UnbuildableNetwork: the layers make no classifier of these images.
        InvalidRecipe: fewer images to train on than one batch, with `drop_remainder`.
        Diverged: the loss became NaN or infinite.
    """
    keras.utils.clear_session()
    whole = build(job.layers, job.input_shape, job.seed, job.recipe.precision)
    check_classifier(job.layers, whole, train.classes)
    model = apart(whole) if job.recipe.loss.each_head else whole
    compile_model(model, job.recipe)
    create_variables(model, train.classes)
    training, validation = _parts(job, train, test)
    recording, watching = Recording(), recipe_callbacks(job.recipe)
    workings = Workings(recording, watching, fingerprint)
    with TrainingBatches(training, job.recipe, scale, job.seed) as batches:
        last = Place(job.recipe.epochs, len(batches))
        if resume is not None:
            workings.restore(model, resume, last)
        ours = [Pacing(job.recipe, batches), recording, *callbacks, *watching]
        if job.recipe.ema_momentum is not None:
            averaging = Averaging()
            ours = [averaging, *ours, TakingOut(averaging)]
        if keep is not None:
            ours.append(Checkpointing(keep, workings.capture))
        fit_from(
            Place(0, 0) if resume is None else resume.place,
            model,
            batches,
            None if validation is None else _whole(validation, job.recipe, scale),
            Hooks(ours, model, workings, resume, last),
            job.recipe.epochs,
        )
    return Fitted(_in_float32(whole, job), recording.epochs)


def _in_float32(model: keras.Model, job: Job) -> keras.Model:
    """The network as it answers: mixed precision is for training, and its weights were float32 all the time."""
    if job.recipe.precision == "float32":
        return model
    whole = build(job.layers, job.input_shape, job.seed)
    whole.set_weights(model.get_weights())
    return whole


def _parts(job: Job, train: LabelledImages, test: LabelledImages) -> tuple[LabelledImages, LabelledImages | None]:
    """What to train on, and what to validate on."""
    match job.validation.source:
        case "train":
            kept, held_out = split_validation(train.labels[train.order], job.validation.fraction, job.seed)
            return replace(train, indices=train.order[kept]), replace(train, indices=train.order[held_out])
        case "test":
            return train, test
        case _:
            return train, None


def _whole(examples: LabelledImages, recipe: Recipe, scale: Scale) -> OrderedBatches:
    """Forward only, so batches of 256 fit wherever a smaller one could be trained, and cost less a batch."""
    return OrderedBatches(examples, max(recipe.batch_size, 256), scale)
