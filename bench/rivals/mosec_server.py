"""mosec: a server for models whose HTTP front end and batcher are written in Rust, with Python processes behind it.

MODEL=model.onnx python -m bench.rivals.mosec_server --port PORT
"""

import io
import os
from typing import Any

import numpy as np
import onnxruntime
from mosec import Server, Worker
from PIL import Image

BATCH, WAIT_MILLISECONDS = 32, 1  # the best of 1, 2, 5, 10 ms here


class Classifier(Worker):  # type: ignore[misc] # mosec has no hints
    """Decode, run, name."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(os.environ["MODEL"], options)

    def deserialize(self, data: bytes) -> Any:
        """Return what the network sees."""
        return np.asarray(Image.open(io.BytesIO(data)).convert("L"), np.float32)[:, :, None] / 255

    def forward(self, data: list[Any]) -> list[Any]:
        """Answer a batch."""
        rows = self._session.run(None, {"images": np.stack(data)})[0]
        return [{"digit": int(row.argmax()), "probabilities": [float(one) for one in row]} for row in rows]


if __name__ == "__main__":
    server = Server()
    server.append_worker(Classifier, num=2, max_batch_size=BATCH, max_wait_time=WAIT_MILLISECONDS)
    server.run()
