"""One model version, ready to answer: in the API for requests, in a worker for batches."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from service.images.expectation import Expectation

BATCH: Final = 32  # images at once: more gains nothing on one thread


@dataclass(frozen=True)
class Engine:
    """One model version, ready to answer. `seconds` is what a picture took when it was loaded, 0 if not measured."""

    name: str
    version: int
    classes: tuple[str, ...]
    expects: Expectation
    session: onnxruntime.InferenceSession
    onnx_sha256: str
    seconds: float = 0.0

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `(n, classes)` for images `(n, height, width, channels)` float32 in 0..1."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return np.concatenate([self.session.run(None, {"images": batch})[0] for batch in batches])


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
