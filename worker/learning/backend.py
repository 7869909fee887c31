"""What must be said to TensorFlow before anybody imports it.

This module imports neither keras nor tensorflow, and must stay so: a worker calls `configure` after the fork and before
its first training.
"""

import importlib
import os
import sys
from tempfile import TemporaryFile


def configure(threads: int | None = None) -> None:
    """Set the environment that Keras' backends read when they are first imported. A variable already set is kept.

    - `TF_ENABLE_ONEDNN_OPTS=1`: on CPUs without AVX-512 VNNI TensorFlow leaves oneDNN off, and trains 4 times slower.
    - `TF_CPP_MIN_LOG_LEVEL=3`: TensorFlow's C++ side is quiet; its errors come as exceptions anyway, and "failed call to
      cuInit" on a machine without GPU is none.
    - `KERAS_BACKEND=tensorflow`: Keras' own default, made visible.
    - `threads` (None: as many as the machine has cores; otherwise at least 1): threads that one operation may use.

    Has no effect on a backend that was imported before.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if threads is None:
        return
    if threads < 1:
        raise ValueError(f"threads must be at least 1. Received: threads={threads}")
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, str(threads))


def load() -> None:
    """Import Keras and its backend, some seconds, without the lines that TensorFlow writes on stderr before any of its
    settings count. When the import fails, they are shown.
    """
    sys.stderr.flush()
    with TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            importlib.import_module("keras")
        except BaseException:
            said.seek(0)
            os.write(stderr, said.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
