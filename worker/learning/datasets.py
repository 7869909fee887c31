"""Batches of labelled images, from uint8 arrays that are never copied to float whole."""

import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Self, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from worker.learning.augmentation import augment
from worker.learning.errors import InvalidRecipe
from worker.learning.mixing import mix
from worker.learning.recipes import Recipe
from worker.learning.weighting import class_weights

Scale: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(n, height, width, channels) uint8 -> the same shape, float32 in 0..1; one function for training and prediction."""

Batch: TypeAlias = (
    tuple[NDArray[np.float32], NDArray[np.float32]]
    | tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
)
"""(n, height, width, channels) images and (n, classes) one-hot labels, and perhaps (n,) how much each counts."""

MIXING = 1
"""The last part of the seed of what mixup draws, so that they are no other draws."""

CHUNK = 4096
"""About so many images are gathered and warped at a time: bounds memory, and is large enough to cost little."""


def split_validation(
    labels: NDArray[np.integer], fraction: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide a training set into one to train on and one to validate on, each class in proportion.

    Args:
        labels: (n,) class indices.
        fraction: of each class's images, rounded to whole images, that goes to validation; between 0 and 1. Each class
            keeps at least one image to train on, and a class of two or more gives at least one.
        seed: decides which.

    Returns:
        The indices of the two parts, each sorted; together they are 0 … n - 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie between 0 and 1. Received: fraction={fraction}")
    rng = np.random.default_rng(seed)
    validating = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = min(max(round(fraction * len(members)), 1), len(members) - 1)
        validating[rng.permutation(members)[:count]] = True
    return np.flatnonzero(~validating), np.flatnonzero(validating)


@dataclass(frozen=True)
class LabelledImages:
    """Images with their classes, or some of them: nothing is copied.

    images: (n, height, width, channels) uint8, perhaps memory-mapped; labels: (n,) class indices below `classes`;
    indices: (m,) which of them count, in which order; all n when None.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.integer]
    classes: int
    indices: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels) if self.indices is None else len(self.indices)

    @property
    def order(self) -> NDArray[np.int64]:
        """(m,) the indices that count."""
        return np.arange(len(self.labels)) if self.indices is None else self.indices


class OrderedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras has no types
    """Images in their own order, every one once, the last batch as small as it comes: for validation and testing."""

    def __init__(self, examples: LabelledImages, batch_size: int, scale: Scale) -> None:
        super().__init__()
        self._examples = examples
        self._order = examples.order
        self._one_hot = np.eye(examples.classes, dtype=np.float32)
        self._batch_size = batch_size
        self._scale = scale

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._batch_size)

    def __getitem__(self, index: int) -> Batch:
        picked = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._scale(self._examples.images[picked]), self._one_hot[self._examples.labels[picked]]


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras has no types
    """Images in an order, and warped in ways, that follow from the seed and the epoch's number alone.

    A batch is a pure function of (seed, epoch, index), whatever thread asks for it and however often. Images are
    gathered and warped in chunks of about `CHUNK`, one chunk ahead in a thread of its own, also across the end of an
    epoch; `close`, or leaving a `with` block, ends the thread.
    """

    def __init__(self, examples: LabelledImages, recipe: Recipe, scale: Scale, seed: int) -> None:
        """Of the recipe: epochs, batch_size, drop_remainder, augmentation and class_weight.

        Raises InvalidRecipe when there is no full batch and `drop_remainder` leaves out the rest.
        """
        super().__init__()
        self._examples = examples
        self._one_hot = np.eye(examples.classes, dtype=np.float32)
        self._recipe = recipe
        self._scale = scale
        self._seed = seed
        self._epoch = 0
        self._mixup = 0.0 if recipe.augmentation is None else recipe.augmentation.mixup
        self._weights = (
            None
            if recipe.class_weight is None
            else class_weights(recipe.class_weight, examples.labels[examples.order], examples.classes)
        )
        whole, rest = divmod(len(examples), recipe.batch_size)
        self._batches = whole if recipe.drop_remainder or not rest else whole + 1
        if not self._batches:
            raise InvalidRecipe(
                f"batch_size must be at most {len(examples)}, the images to train on, because drop_remainder leaves "
                f"out a batch that is not full. Received: {recipe.batch_size}"
            )
        self._chunk_batches = max(1, CHUNK // recipe.batch_size)
        self._prepared: dict[tuple[int, int], Future[tuple[NDArray[np.uint8], NDArray[np.integer]]]] = {}
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="augmentation")

    def __len__(self) -> int:
        return self._batches

    def start_epoch(self, epoch: int) -> None:
        """From now on batches are those of `epoch`, counted from 0."""
        self._epoch = epoch

    def __getitem__(self, index: int) -> Batch:
        epoch = self._epoch
        chunk, within = divmod(index, self._chunk_batches)
        images, labels = self._take(epoch, chunk)
        size = self._recipe.batch_size
        part = slice(within * size, (within + 1) * size)
        scaled, targets = self._scale(images[part]), self._one_hot[labels[part]]
        if self._mixup:
            rng = np.random.default_rng((self._seed, epoch, index, MIXING))
            scaled, targets = mix(scaled, targets, self._mixup, rng)
        return (scaled, targets) if self._weights is None else (scaled, targets, targets @ self._weights)

    def close(self) -> None:
        """End the thread. Asking for a batch afterwards raises RuntimeError."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._prepared.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, epoch: int, chunk: int) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
        """One chunk, waiting for the thread if need be; the next is asked for, others are forgotten."""
        following = (epoch, chunk + 1) if (chunk + 1) * self._chunk_batches < self._batches else (epoch + 1, 0)
        wanted = [(epoch, chunk), following] if following[0] < self._recipe.epochs else [(epoch, chunk)]
        with self._lock:
            self._prepared = {
                key: self._prepared.get(key) or self._thread.submit(self._prepare, *key) for key in wanted
            }
            future = self._prepared[wanted[0]]
        return future.result()

    def _prepare(self, epoch: int, chunk: int) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
        order = np.random.default_rng((self._seed, epoch)).permutation(self._examples.order)
        batch, size = self._recipe.batch_size, self._chunk_batches * self._recipe.batch_size
        picked = order[: self._batches * batch][chunk * size : (chunk + 1) * size]
        images, labels = self._examples.images[picked], self._examples.labels[picked]
        spec = self._recipe.augmentation
        if spec is not None:
            digits = np.array(spec.digits)[labels] if spec.variants else None
            images = augment(images, spec, np.random.default_rng((self._seed, epoch, chunk)), digits)
        return images, labels
