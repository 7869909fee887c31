"""A training's whole state as bytes, at any step, and back.

The bytes are an `.npz` file (NumPy's arrays in a ZIP file, nothing compressed, nothing pickled) and then the 32 bytes
of its SHA-256. The member `metadata` is a JSON object in UTF-8; every other member is an array of `State.arrays`.
"""

import hashlib
import io
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from lzma import LZMAError
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, TypeAlias
from zipfile import BadZipFile, ZipFile

import keras
import numpy as np
from numpy.typing import NDArray

from worker.learning.errors import UnusableCheckpoint
from worker.learning.following import EpochResult
from worker.learning.versions import content as content_of

if TYPE_CHECKING:
    from worker.learning.training import Job

FORMAT = 1
"""Raised when the bytes, or what they mean, change: a checkpoint of another format is not resumed from."""

_METADATA = "metadata"
_DIGEST_BYTES = hashlib.sha256().digest_size

_UNREADABLE = (
    *(BadZipFile, EOFError, KeyError, LZMAError, OSError, RuntimeError, TypeError, ValueError, zlib.error),
    *(SyntaxError, TokenError, struct.error),  # NumPy reads an array's header as Python's own literals
)
"""What `zipfile`, `numpy` and `json` raise where the digest is right and the content is not."""

CallbackState: TypeAlias = Mapping[str, int | float | None]


@dataclass(frozen=True, order=True)
class Place:
    """A moment of a training: `epoch` epochs are finished, and `step` steps of the next are done.

    At an epoch's last step `step` is the number of its steps: its validation is still to come.
    """

    epoch: int
    step: int


@dataclass(frozen=True)
class State:
    """Everything that a training at `place` needs to go on as if it had never stopped.

    Data order and augmentation are not in it: they follow from the job's seed and the place.
    """

    place: Place
    fingerprint: str
    """Which training this is; see `fingerprint`."""
    backend: str
    """Keras' backend: each draws its random numbers in its own way."""
    keras_version: str
    """For people: restoring does not compare it."""
    epochs: tuple[EpochResult, ...]
    """The log of the finished epochs."""
    seconds: float
    """Spent in the epoch at hand so far."""
    stopped: bool
    """Whether the training stopped early: it has epochs left, and will not run them."""
    callbacks: Mapping[str, CallbackState]
    """By the name of the Keras callback, its attributes."""
    arrays: Mapping[str, NDArray[np.generic]]
    """Variables, and early stopping's best weights; the keys are those of `worker.learning.capturing`."""


Keep: TypeAlias = Callable[[Place, Callable[[], bytes]], None]
"""Is told the place, and may call the function, before it returns, to get a checkpoint of it."""


def fingerprint(job: "Job", dataset_sha256: str) -> str:
    """Name a training by everything that its weights follow from: the SHA-256, as hex, of canonical JSON of the job and
    its data set's SHA-256. A job that an earlier version could have carried out has the name that it gave.
    """
    content = {"job": content_of(job), "dataset_sha256": dataset_sha256}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write(state: State) -> bytes:
    """The checkpoint of a state."""
    metadata = {
        "format": FORMAT,
        "place": asdict(state.place),
        "fingerprint": state.fingerprint,
        "backend": state.backend,
        "keras": state.keras_version,
        "epochs": [asdict(result) for result in state.epochs],
        "seconds": state.seconds,
        "stopped": state.stopped,
        "callbacks": state.callbacks,
    }
    members = {_METADATA: np.frombuffer(json.dumps(metadata).encode(), np.uint8), **state.arrays}
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name, array in members.items():
            with archive.open(f"{name}.npy", "w") as member:
                _write_array(member, np.asarray(array, order="C"))
    with file.getbuffer() as content:
        digest = hashlib.sha256(content).digest()
    file.write(digest)
    return file.getvalue()


def read(content: bytes) -> State:
    """The state in a checkpoint.

    Raises UnusableCheckpoint for any other bytes: torn, altered, of another format, or never a checkpoint.
    """
    view = memoryview(content)
    archive, digest = view[:-_DIGEST_BYTES], view[-_DIGEST_BYTES:]
    if hashlib.sha256(archive).digest() != digest:
        raise UnusableCheckpoint(f"The {len(content):,} bytes are no checkpoint, or not all of one, or were altered.")
    try:
        arrays = _arrays(archive)
        metadata = json.loads(arrays.pop(_METADATA).tobytes())
        if metadata["format"] != FORMAT:
            raise UnusableCheckpoint(f"The checkpoint's format must be {FORMAT}. Received: {metadata['format']!r}")
        return _state(metadata, arrays)
    except _UNREADABLE as error:
        raise UnusableCheckpoint(f"The checkpoint cannot be read: {type(error).__name__}: {error}") from error


class Checkpointing(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types
    """Offers a checkpoint at the end of every step and every epoch. The last of a training's callbacks, so that it
    finds what the others made of that step or epoch.
    """

    def __init__(self, keep: Keep, capture: Callable[[keras.Model, Place], State]) -> None:
        """`keep` decides at which places it wants one. What it raises ends the training at once."""
        super().__init__()
        self._keep = keep
        self._capture = capture
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._offer(Place(self._epoch, batch + 1))

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._offer(Place(epoch + 1, 0))

    def _offer(self, place: Place) -> None:
        self._keep(place, partial(self._checkpoint, place))

    def _checkpoint(self, place: Place) -> bytes:
        # `self.model`, unlike a model kept from before, brings the state of JAX's loop back into its variables.
        return write(self._capture(self.model, place))


def _write_array(file: IO[bytes], array: NDArray[np.generic]) -> None:
    """What `np.save` writes, without its copy of every array: of a checkpoint's time, that is a third."""
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
    file.write(array.reshape(-1).view(np.uint8).data)


def _arrays(archive: memoryview) -> dict[str, NDArray[np.generic]]:
    with np.load(io.BytesIO(archive), allow_pickle=False) as members:
        return {name: members[name] for name in members.files}


def _state(metadata: Mapping[str, object], arrays: Mapping[str, NDArray[np.generic]]) -> State:
    """Raises KeyError, TypeError or ValueError where the metadata is not what `write` makes."""
    where = _object(metadata["place"])
    place = Place(_count(where["epoch"]), _count(where["step"]))
    epochs = tuple(_epoch_result(_object(row)) for row in _list(metadata["epochs"]))
    if [result.epoch for result in epochs] != list(range(1, place.epoch + 1)):
        raise ValueError(f"the log must hold the {place.epoch} finished epochs. Received: {len(epochs)}")
    return State(
        place=place,
        fingerprint=str(metadata["fingerprint"]),
        backend=str(metadata["backend"]),
        keras_version=str(metadata["keras"]),
        epochs=epochs,
        seconds=_number(metadata["seconds"]),
        stopped=metadata["stopped"] is True,
        callbacks={name: _callback_state(_object(state)) for name, state in _object(metadata["callbacks"]).items()},
        arrays=arrays,
    )


def _epoch_result(row: dict[str, object]) -> EpochResult:
    numbers = {name: None if value is None else _number(value) for name, value in row.items() if name != "epoch"}
    return EpochResult(epoch=row["epoch"], **numbers)  # type: ignore[arg-type]  # `_state` compares the epochs


def _callback_state(state: dict[str, object]) -> CallbackState:
    # An integer stays one: a count of epochs that became 2.0 would be written as 2.0 for ever after.
    return {name: value if value is None or isinstance(value, int) else _number(value) for name, value in state.items()}


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected. Received: {value!r}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected. Received: {value!r}")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"a number was expected. Received: {value!r}")
    return float(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"an integer of at least 0 was expected. Received: {value!r}")
    return value
