"""One model version, ready to answer: in the API for requests, in a worker for batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from service.images.expectation import Expectation
from service.inference.calibration import METADATA, Calibration, Verdict, traits
from service.inference.inner import PROBABILITIES, Inner, opened_up

BATCH: Final = 32  # images at once: more gains nothing on one thread

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network says of n images: `(n, classes)` probabilities as they come out of it, the same calibrated, and `(n,)` how
    like a digit each image is, or None where the model does not judge that.
    """

    raw: Array
    probabilities: Array
    likeness: Array | None = None

    def __len__(self) -> int:
        return len(self.raw)

    def part(self, start: int, end: int) -> Self:
        """Return those of some of the images."""
        some = slice(start, end)
        likeness = None if self.likeness is None else self.likeness[some]
        return type(self)(self.raw[some], self.probabilities[some], likeness)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return those of all images."""
        if len(parts) == 1:
            return parts[0]
        likeness = [part.likeness for part in parts if part.likeness is not None]
        return cls(
            np.concatenate([part.raw for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate(likeness) if likeness else None,
        )


class Network:
    """An open session: one thread, no spinning, warmed up; and what the file says of its confidence."""

    def __init__(self, content: bytes) -> None:
        """Open an ONNX file whose input is called `images`, its output `probabilities`."""
        self.calibration: Calibration | None = None
        self._inner = Inner(None, None)
        self._session = open_session(content)
        kept = self._session.get_modelmeta().custom_metadata_map.get(METADATA)
        if kept is not None:
            self.calibration = Calibration.from_text(kept)
            if self.calibration.likeness is not None:
                whole, self._inner = opened_up(content)
                self._session = open_session(whole)

    def answers(self, images: Array) -> Answers:
        """Return those to images `(n, height, width, channels)` float32 in 0..1, at most 32 of them."""
        raw, *inner = self._session.run([PROBABILITIES, *self._inner.outputs], {"images": images})
        if self.calibration is None:
            return Answers(raw, raw)
        likeness = None
        if self.calibration.likeness is not None:
            logits, features = inner if len(inner) == 2 else (inner[0], inner[0][:, :0])
            likeness = self.calibration.likeness.scores(traits(images, logits, features))
        return Answers(raw, self.calibration.calibrated(raw), likeness)

    def run_once(self) -> None:
        """Run it on one picture."""
        run_once(self._session)


@dataclass(frozen=True)
class Engine:
    """One model version, ready to answer. `seconds` is what a picture took when it was loaded, 0 if not measured."""

    name: str
    version: int
    classes: tuple[str, ...]
    expects: Expectation
    network: Network
    onnx_sha256: str
    seconds: float = 0.0

    def answers(self, images: Array) -> Answers:
        """Return those to images `(n, height, width, channels)` float32 in 0..1."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return Answers.joined([self.network.answers(batch) for batch in batches])

    def probabilities(self, images: Array) -> Array:
        """Return `(n, classes)`, calibrated."""
        return self.answers(images).probabilities

    def verdict(self, confidence: float, likeness: float | None) -> Verdict | None:
        """Return what an answer is worth; None for a model that was not calibrated."""
        calibration = self.network.calibration
        return None if calibration is None else calibration.verdict(confidence, likeness)


def open_session(content: bytes) -> onnxruntime.InferenceSession:
    """Return a session of an ONNX file whose input is called `images`: one thread, no spinning, warmed up."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "0"
    )  # spinning burns the cores a training needs
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    run_once(session)  # the first run allocates; not in a request
    return session


def run_once(session: onnxruntime.InferenceSession) -> None:
    """Run it on one picture."""
    shape = [1 if isinstance(side, str) or side is None else side for side in session.get_inputs()[0].shape]
    session.run(None, {"images": np.zeros(shape, dtype=np.float32)})
