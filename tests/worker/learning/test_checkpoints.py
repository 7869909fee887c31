"""Trainings that are interrupted, and go on as if they had not been. Small ones: 100 digits, 7 steps an epoch."""

import contextlib
import gc
import hashlib
import io
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.learning.conftest import LINEAR, to_unit
from worker.learning.checkpoints import Place, State, fingerprint, read, write
from worker.learning.datasets import LabelledImages
from worker.learning.errors import UnusableCheckpoint
from worker.learning.following import EpochResult
from worker.learning.recipes import Recipe
from worker.learning.training import Fitted, Job, Validation, fit

DATASET = "0" * 64

RANDOM = (
    {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "strides": 3, "activation": "relu"},
    {"layer": "BatchNormalization"},
    {"layer": "SpatialDropout2D", "rate": 0.2},
    {"layer": "Flatten"},
    {"layer": "Dropout", "rate": 0.1},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
)
DROPOUT = (LINEAR[0], {"layer": "Dropout", "rate": 0.3}, LINEAR[1])

AUGMENTATION = {"rotation": 10, "zoom": 0.1, "shift": 0.1, "shear": 0.1, "horizontal_flip": True}
CONSTANT = {"name": "constant", "warmup_epochs": 0}


def optimizer(name: str, learning_rate: float, **others: object) -> dict[str, object]:
    plain = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    return {"name": name, "learning_rate": learning_rate, **plain, **others}


def plateau(monitor: str) -> dict[str, object]:
    # Few measures improve for ever at this rate: the callback waits, and lowers it, in every epoch or two.
    return {"monitor": monitor, "factor": 0.5, "patience": 1, "min_lr": 0.0001}


def stopping(monitor: str, *, restore: bool) -> dict[str, object]:
    return {"monitor": monitor, "patience": 2, "restore_best_weights": restore}


def job(
    *, seed: int = 1, layers: Sequence[Mapping[str, object]] = LINEAR, validation: object = None, **recipe: object
) -> Job:
    """Three epochs of 16 images a step; keywords say what else."""
    callbacks = {"reduce_lr_on_plateau": None, "early_stopping": None, **recipe.pop("callbacks", {})}
    json_ = {
        "epochs": 3,
        "batch_size": 16,
        "drop_remainder": False,
        "optimizer": optimizer("sgd", 0.1, momentum=0.9),
        "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.1},
        "schedule": CONSTANT,
        "augmentation": None,
        "callbacks": callbacks,
        **recipe,
    }
    return Job(layers, (28, 28, 1), Recipe.from_json(json_), Validation.from_json(validation or {"from": "none"}), seed)


OVERSHOOTING = {
    "epochs": 12,
    "layers": DROPOUT,
    "optimizer": optimizer("sgd", 0.1, momentum=0.9),
    "validation": {"from": "test"},
}
"""Its validation loss soon rises again: early stopping has something to do."""

TWISTED = "random layers, augmentation, one cycle"
STOPPED = "early stopping, best weights, plateau"
MIXED_UP = "mixup, cutout, class weights, focal loss"
AVERAGED = "moving average, early stopping, best weights, plateau"

JOBS = {
    "adadelta": job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0)),
    "sgd": job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1)),
    "sgd with momentum": job(optimizer=optimizer("sgd", 0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    "adam": job(optimizer=optimizer("adam", 0.01)),
    "adamw": job(optimizer=optimizer("adamw", 0.01, weight_decay=0.01)),
    "rmsprop": job(optimizer=optimizer("rmsprop", 0.01, momentum=0.5)),
    "nadam": job(layers=DROPOUT, optimizer=optimizer("nadam", 0.01)),
    "adagrad": job(optimizer=optimizer("adagrad", 0.1)),
    TWISTED: job(
        layers=RANDOM,
        augmentation=AUGMENTATION,
        schedule={"name": "one_cycle", "warmup_epochs": 0},
        validation={"from": "train", "fraction": 0.2},
    ),
    "constant with warm-up": job(schedule={"name": "constant", "warmup_epochs": 1.5}, drop_remainder=True),
    "cosine": job(schedule={"name": "cosine", "warmup_epochs": 0.5}, augmentation=AUGMENTATION),
    "plateau": job(
        epochs=6,
        optimizer=optimizer("sgd", 1.0),
        validation={"from": "test"},
        callbacks={"reduce_lr_on_plateau": plateau("val_loss")},
    ),
    "early stopping": job(**OVERSHOOTING, callbacks={"early_stopping": stopping("val_loss", restore=False)}),
    "lion": job(optimizer=optimizer("lion", 0.001, beta_1=0.8, global_clipnorm=1.0)),
    "muon": job(
        layers=(LINEAR[0], {"layer": "Dense", "units": 20, "activation": "relu"}, LINEAR[1]),
        optimizer=optimizer("muon", 0.01, momentum=0.95, nesterov=True, weight_decay=0.01),
    ),
    "step with warm-up": job(schedule={"name": "step", "warmup_epochs": 0.5, "factor": 0.5, "every_epochs": 0.7}),
    "exponential": job(schedule={"name": "exponential", "warmup_epochs": 0, "factor": 0.5, "every_epochs": 1}),
    MIXED_UP: job(
        augmentation={**AUGMENTATION, "vertical_flip": True, "brightness": 0.2, "cutout": 0.3, "mixup": 0.4},
        loss={"name": "categorical_focal_crossentropy", "label_smoothing": 0.1, "gamma": 1.0, "alpha": 0.5},
        class_weight="balanced",
        validation={"from": "train", "fraction": 0.2},
    ),
    "moving average": job(layers=RANDOM, ema={"momentum": 0.9}),
    AVERAGED: job(
        **OVERSHOOTING,
        ema={"momentum": 0.5},
        callbacks={
            "early_stopping": {**stopping("val_loss", restore=True), "min_delta": 0.001},
            "reduce_lr_on_plateau": {**plateau("loss"), "min_delta": 0.01, "cooldown": 1},
        },
    ),
    "mixed precision": job(layers=RANDOM, precision="mixed", ema={"momentum": 0.9}),
    STOPPED: job(
        **OVERSHOOTING,
        callbacks={
            "early_stopping": stopping("val_loss", restore=True),
            "reduce_lr_on_plateau": plateau("loss"),
        },
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Every training begins with a garbage collection, which looks at half a million objects of TensorFlow's."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def few(digits: LabelledImages) -> LabelledImages:
    return LabelledImages(digits.images[:100], digits.labels[:100], 10)


@pytest.fixture(scope="module")
def others(digits: LabelledImages) -> LabelledImages:
    return LabelledImages(digits.images[100:200], digits.labels[100:200], 10)


Train = Callable[..., "Ended"]


@pytest.fixture(scope="module")
def run(few: LabelledImages, others: LabelledImages) -> Train:
    """Fits a job on the few images; keywords as in `fit`."""

    def train(job: Job, **keywords: object) -> Ended:
        return Ended.of(fit(job, few, others, to_unit, fingerprint=fingerprint(job, DATASET), **keywords))

    return train


Uninterrupted = Callable[[str], tuple["Album", "Ended"]]


@pytest.fixture(scope="module")
def uninterrupted(run: Train) -> Uninterrupted:
    """Trains the job of a name without interruption, keeping a checkpoint of every place; each job once."""

    @cache
    def train(name: str) -> tuple[Album, Ended]:
        album = Album()
        return album, run(JOBS[name], keep=album)

    return train


class Interrupted(Exception):
    pass


@dataclass
class Album:
    """Keeps a checkpoint of every place; interrupts the training at one."""

    until: Place | None = None
    checkpoints: dict[Place, bytes] = field(default_factory=dict)

    def __call__(self, place: Place, capture: Callable[[], bytes]) -> None:
        self.checkpoints[place] = capture()
        if place == self.until:
            raise Interrupted

    def state(self, place: Place) -> State:
        return read(self.checkpoints[place])


@dataclass(frozen=True)
class Ended:
    """What a training left behind: the values of all variables that it changed, and its log."""

    arrays: list[np.ndarray]
    epochs: list[EpochResult]

    @classmethod
    def of(cls, fitted: Fitted) -> "Ended":
        optimizer = getattr(
            fitted.model, "optimizer", None
        )  # a network that was trained in mixed precision has none any more
        variables = (*fitted.model.variables, *(() if optimizer is None else optimizer.variables))
        return cls([variable.numpy() for variable in variables], fitted.epochs)


def assert_same(one: Ended, other: Ended) -> None:
    assert_equal(one.arrays, other.arrays)
    assert [replace(result, seconds=0.0) for result in one.epochs] == [
        replace(result, seconds=0.0) for result in other.epochs
    ]


def assert_equal(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> None:
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


def any_of(places: Sequence[Place]) -> Place:
    seed = random.SystemRandom().randrange(2**32)
    place = random.Random(seed).choice(places)
    print(f"seed {seed}: interrupted at {place}")
    return place


@pytest.mark.parametrize("name", JOBS)
def test_a_training_interrupted_anywhere_ends_with_the_same_weights_and_log(
    name: str, run: Train, uninterrupted: Uninterrupted
):
    album, expected = uninterrupted(name)

    resumed = run(JOBS[name], resume=album.state(any_of(list(album.checkpoints))))

    assert_same(resumed, expected)


def test_the_training_that_the_next_tests_resume_did_stop_early_and_go_back(uninterrupted: Uninterrupted):
    album, ended = uninterrupted(STOPPED)
    losses = [result.val_loss for result in ended.epochs]

    assert len(losses) < 12
    assert 0 < losses.index(min(losses)) == len(losses) - 3
    assert len({result.learning_rate for result in ended.epochs}) > 1
    assert max(album.checkpoints) == Place(len(losses), 0)


@pytest.mark.parametrize("name", [STOPPED, AVERAGED])
@pytest.mark.parametrize(
    "where",
    ["first step", "last step of an epoch", "epoch's end", "before the last validation", "after the last epoch"],
)
def test_a_training_goes_on_from_the_edges_of_an_epoch_and_still_goes_back_to_its_best_weights(
    name: str, where: str, run: Train, uninterrupted: Uninterrupted
):
    album, expected = uninterrupted(name)
    epochs = len(expected.epochs)
    place = {
        "first step": Place(0, 1),
        "last step of an epoch": Place(1, 7),
        "epoch's end": Place(2, 0),
        "before the last validation": Place(epochs - 1, 7),
        "after the last epoch": Place(epochs, 0),
    }[where]

    resumed = run(JOBS[name], resume=album.state(place))

    assert_same(resumed, expected)


def test_a_training_goes_on_from_its_last_step_without_validation(run: Train, uninterrupted: Uninterrupted):
    album, expected = uninterrupted("sgd")

    resumed = run(JOBS["sgd"], resume=album.state(Place(2, 7)))

    assert_same(resumed, expected)


def test_a_training_may_be_interrupted_twice_even_within_one_epoch(run: Train, uninterrupted: Uninterrupted):
    album, expected = uninterrupted(TWISTED)
    again = Album(until=Place(1, 5))
    with pytest.raises(Interrupted):
        run(JOBS[TWISTED], keep=again, resume=album.state(Place(1, 2)))

    resumed = run(JOBS[TWISTED], resume=again.state(Place(1, 5)))

    assert_same(resumed, expected)
    assert list(again.checkpoints) == [Place(1, 3), Place(1, 4), Place(1, 5)]


def test_a_resumed_training_keeps_what_the_uninterrupted_one_kept(run: Train, uninterrupted: Uninterrupted):
    album, _ = uninterrupted(STOPPED)
    again = Album(until=Place(3, 2))
    with pytest.raises(Interrupted):
        run(JOBS[STOPPED], keep=again, resume=album.state(Place(2, 5)))

    kept, expected = again.state(Place(3, 2)), album.state(Place(3, 2))

    assert kept.callbacks == expected.callbacks
    assert list(kept.arrays) == list(expected.arrays)
    assert_equal(list(kept.arrays.values()), list(expected.arrays.values()))


def test_a_training_goes_on_in_another_process(
    few: LabelledImages, others: LabelledImages, uninterrupted: Uninterrupted, tmp_path: Path
):
    np.savez(tmp_path / "images.npz", few.images, few.labels, others.images, others.labels)
    names = ("nadam", TWISTED, STOPPED, AVERAGED, MIXED_UP)
    for name in names:
        album, _ = uninterrupted(name)
        place = any_of([place for place in album.checkpoints if place.step])
        (tmp_path / f"{name}.checkpoint").write_bytes(album.checkpoints[place])

    code = f"from tests.worker.learning import test_checkpoints as t; t.resume_all({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True)

    for name in names:
        with np.load(tmp_path / f"{name}.npz") as resumed:
            assert_equal([resumed[key] for key in resumed.files], uninterrupted(name)[1].arrays)


def resume_all(folder: str) -> None:
    """In a process of its own: go on from every checkpoint in the folder, and write the weights beside it."""
    with np.load(Path(folder) / "images.npz") as images:
        few = LabelledImages(images["arr_0"], images["arr_1"], 10)
        others = LabelledImages(images["arr_2"], images["arr_3"], 10)
    for file in Path(folder).glob("*.checkpoint"):
        job = JOBS[file.stem]
        state = read(file.read_bytes())
        fitted = fit(job, few, others, to_unit, resume=state, fingerprint=fingerprint(job, DATASET))
        np.savez(file.with_suffix(".npz"), *Ended.of(fitted).arrays)


def test_neither_captures_nor_the_global_generators_have_a_part_in_a_training(run: Train, uninterrupted: Uninterrupted):
    # If the generators had, they would have to be kept: here every step finds them in another state.
    def stir(place: Place, capture: Callable[[], bytes]) -> None:
        keras.utils.set_random_seed(place.epoch * 100 + place.step)
        keras.random.normal((3,))

    stirred = run(JOBS[TWISTED], keep=stir)

    assert_same(stirred, uninterrupted(TWISTED)[1])


class Listening(keras.callbacks.Callback):
    """Notes every hook of the training with its number, and what `params` said at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []
        self.begun: list[dict[str, object]] = []
        self.ended = 0
        for hook in ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end"):
            setattr(self, hook, partial(self._hear, hook))

    def _hear(self, hook, number, logs=None):
        self.heard.append((hook, number))

    def on_train_begin(self, logs=None):
        self.begun.append(dict(self.params))

    def on_train_end(self, logs=None):
        self.ended += 1

    def on_train_batch_end(self, batch, logs=None):
        pass


def test_callbacks_of_a_resumed_training_hear_true_numbers_one_beginning_and_one_end(
    run: Train, uninterrupted: Uninterrupted
):
    album, _ = uninterrupted("sgd")
    listening = Listening()

    run(JOBS["sgd"], resume=album.state(Place(1, 4)), callbacks=[listening])

    def steps(first: int) -> list[tuple[str, int]]:
        return [(hook, step) for step in range(first, 7) for hook in ("on_train_batch_begin", "on_train_batch_end")]

    second = [("on_epoch_begin", 1), *steps(4), ("on_epoch_end", 1)]
    third = [("on_epoch_begin", 2), *steps(0), ("on_epoch_end", 2)]
    assert listening.heard == second + third
    assert listening.begun == [{"verbose": 0, "epochs": 3, "steps": 7}]
    assert listening.ended == 1


def test_a_training_that_is_over_goes_on_without_a_step(run: Train, uninterrupted: Uninterrupted):
    album, expected = uninterrupted("sgd")
    listening = Listening()

    resumed = run(JOBS["sgd"], resume=album.state(Place(3, 0)), callbacks=[listening])

    assert_same(resumed, expected)
    assert listening.heard == []
    assert listening.ended == 1


def test_an_interrupted_epoch_lasted_as_long_as_all_of_its_parts(run: Train, uninterrupted: Uninterrupted):
    state = uninterrupted("sgd")[0].state(Place(1, 4))
    assert state.seconds > 0

    resumed = run(JOBS["sgd"], resume=replace(state, seconds=1000.0))

    assert resumed.epochs[0] == state.epochs[0]
    assert 1000 < resumed.epochs[1].seconds < 1060
    assert resumed.epochs[2].seconds < 60


def test_every_step_and_every_epoch_offers_a_checkpoint(uninterrupted: Uninterrupted):
    album, _ = uninterrupted("sgd")

    epochs = ([*(Place(epoch, step) for step in range(1, 8)), Place(epoch + 1, 0)] for epoch in range(3))
    assert list(album.checkpoints) == [place for places in epochs for place in places]


def test_resuming_leaves_the_state_as_it_was(run: Train, uninterrupted: Uninterrupted):
    album, expected = uninterrupted(STOPPED)
    state = album.state(Place(2, 3))

    resumed = run(JOBS[STOPPED], resume=state)

    assert_same(resumed, expected)
    assert write(state) == album.checkpoints[Place(2, 3)]


@pytest.fixture(scope="module")
def kept(uninterrupted: Uninterrupted) -> bytes:
    """A checkpoint in the second epoch of a small network."""
    return uninterrupted("sgd")[0].checkpoints[Place(1, 3)]


@pytest.mark.parametrize(
    "other",
    [
        job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1), seed=2),
        job(layers=RANDOM, optimizer=optimizer("sgd", 0.1)),
        job(layers=DROPOUT, optimizer=optimizer("sgd", 0.2)),
    ],
    ids=["another seed", "another network", "another rate"],
)
def test_another_trainings_checkpoint_is_refused(other: Job, kept: bytes, run: Train):
    with pytest.raises(UnusableCheckpoint, match="fingerprint"):
        run(other, resume=read(kept))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (job(layers=RANDOM, optimizer=optimizer("sgd", 0.1)), "model"),
        (job(layers=DROPOUT, optimizer=optimizer("adam", 0.1)), "optimizer"),
        (job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1), epochs=1), "no such place"),
        (job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1), batch_size=50), "no such place"),
        (
            job(
                layers=DROPOUT,
                optimizer=optimizer("sgd", 0.1),
                callbacks={"early_stopping": stopping("loss", restore=True)},
            ),
            "callbacks",
        ),
    ],
)
def test_what_does_not_fit_is_refused_even_under_the_right_fingerprint(other: Job, why: str, kept: bytes, run: Train):
    mislabelled = replace(read(kept), fingerprint=fingerprint(other, DATASET))

    with pytest.raises(UnusableCheckpoint, match=why):
        run(other, resume=mislabelled)


def test_another_backends_checkpoint_is_refused(kept: bytes, run: Train):
    with pytest.raises(UnusableCheckpoint, match="backend"):
        run(JOBS["sgd"], resume=replace(read(kept), backend="jax"))


@pytest.mark.parametrize(
    "change", [lambda array: array[:-1], lambda array: array.astype(">f4"), lambda _: np.array("text")]
)
def test_an_array_of_another_shape_or_type_is_refused(
    change: Callable[[np.ndarray], np.ndarray], kept: bytes, run: Train
):
    state = read(kept)
    key = next(key for key in state.arrays if key.endswith("kernel"))

    with pytest.raises(UnusableCheckpoint, match=key):
        run(JOBS["sgd"], resume=replace(state, arrays={**state.arrays, key: change(state.arrays[key])}))


def test_a_fingerprint_follows_from_the_job_and_its_images_not_from_how_they_were_written_down():
    reordered = [dict(reversed(layer.items())) for layer in DROPOUT]

    assert fingerprint(job(layers=reordered), DATASET) == fingerprint(job(layers=DROPOUT), DATASET)
    assert fingerprint(job(), "1" * 64) != fingerprint(job(), DATASET)
    assert fingerprint(job(epochs=4), DATASET) != fingerprint(job(), DATASET)


def test_a_fingerprint_is_that_of_the_first_version_where_the_recipe_says_nothing_that_it_did_not_know():
    """What the version before recipes had more fields gave: its checkpoints are still resumed from."""
    recorded = "5538b1cb88e70df2afb2c4484d19ce9b85c84f5b8fea8cfedd48e419a5dd1408"
    said = job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0, rho=None, clipnorm=None), precision="float32")

    assert fingerprint(JOBS["adadelta"], DATASET) == fingerprint(said, DATASET) == recorded
    assert fingerprint(job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0, rho=0.9)), DATASET) != recorded
    assert (
        fingerprint(job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0), ema={"momentum": 0.9}), DATASET)
        != recorded
    )


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"\x93NUMPY", bytes(32), bytes(100)])
def test_bytes_that_never_were_a_checkpoint_are_refused(content: bytes):
    for one in (content, sealed(content)):
        with pytest.raises(UnusableCheckpoint):
            read(one)


def sealed(archive: bytes) -> bytes:
    return archive + hashlib.sha256(archive).digest()


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_torn_or_altered_bytes_are_refused(kept: bytes, data: st.DataObject):
    start = data.draw(st.integers(0, len(kept) - 1))
    end = data.draw(st.integers(start, min(len(kept), start + 64)))
    altered = kept[:start] + data.draw(st.binary(max_size=64)) + kept[end:]
    torn = kept[:start]

    for content in {altered, torn} - {kept}:
        with pytest.raises(UnusableCheckpoint):
            read(content)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_altered_bytes_under_a_right_digest_are_refused_or_read_as_a_state(kept: bytes, data: st.DataObject):
    # Half of the positions in what says where the arrays are, at the end.
    archive = bytearray(kept[:-32])
    where = st.one_of(st.integers(0, len(archive) - 1), st.integers(len(archive) - 1500, len(archive) - 1))
    for position in data.draw(st.lists(where, min_size=1, max_size=3)):
        archive[position] = data.draw(st.integers(0, 255))

    with contextlib.suppress(UnusableCheckpoint):
        assert isinstance(read(sealed(bytes(archive))), State)


def test_an_array_whose_header_breaks_off_is_refused(kept: bytes):
    """NumPy reads it as Python's own literals, and lets a tokenizer's error through. Found by the test above."""
    archive = bytearray(kept[:-32])
    for position in [place for place in range(len(archive)) if archive[place : place + 1] == b"}"]:
        altered = archive.copy()
        altered[position] = 0
        with contextlib.suppress(UnusableCheckpoint):
            assert isinstance(read(sealed(bytes(altered))), State)


def with_metadata(content: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    with np.load(io.BytesIO(content[:-32])) as members:
        arrays = {name: members[name] for name in members.files}
    metadata = json.loads(arrays["metadata"].tobytes())
    change(metadata)
    arrays["metadata"] = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return sealed(file.getvalue())


def test_a_checkpoint_of_another_format_is_refused(kept: bytes):
    with pytest.raises(UnusableCheckpoint, match=r"format must be 1\. Received: 2"):
        read(with_metadata(kept, lambda metadata: metadata.update(format=2)))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["epoch", "step", "loss"]), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(["place", "epochs", "seconds", "callbacks", "format"]), value=ANY_JSON)
@settings(max_examples=100, deadline=None)
def test_metadata_that_says_anything_else_is_refused_or_read_as_a_state(kept: bytes, name: str, value: object):
    with contextlib.suppress(UnusableCheckpoint):
        assert isinstance(read(with_metadata(kept, lambda metadata: metadata.update({name: value}))), State)
