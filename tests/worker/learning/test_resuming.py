"""Trainings that are interrupted, and go on as if they had not been."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import to_unit
from tests.worker.learning.jobs import (
    AVERAGED,
    DATASET,
    JOBS,
    MIXED_UP,
    STOPPED,
    TWISTED,
    Album,
    Ended,
    Interrupted,
    Train,
    Uninterrupted,
    any_of,
    assert_equal,
    assert_same,
)
from worker.learning.checkpoints import Place, fingerprint, read, write
from worker.learning.datasets import LabelledImages
from worker.learning.training import fit

pytestmark = pytest.mark.usefixtures("quick_collections")


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
    if keras.backend.backend() == "tensorflow":  # another draws other numbers, and need not come to a plateau
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

    code = f"from tests.worker.learning import test_resuming as t; t.resume_all({str(tmp_path)!r})"
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
