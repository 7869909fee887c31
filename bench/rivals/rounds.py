"""Rivals that are measured in turn: a process that does its work once for each line it reads, and says how long it took."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def answer(work: Callable[[], object], amount: float) -> None:
    """Work once that does not count, then for each line of stdin; print what was done a second."""
    work()
    print(json.dumps(None), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        work()
        print(json.dumps(amount / (time.perf_counter() - began)), flush=True)


def images(path: str, batch: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images to train on and their labels, whole batches of them."""
    with np.load(path) as arrays:
        count = len(arrays["y_train"]) // batch * batch
        return arrays["x_train"][:count], arrays["y_train"][:count]


def cores() -> int:
    """Return how many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Rival:
    """A process that waits for its turn."""

    process: subprocess.Popen[str]

    def rate(self) -> float:
        """Let it work once; return what it does a second."""
        assert self.process.stdin is not None
        print(file=self.process.stdin, flush=True)
        return float(self._line())

    def ready(self) -> None:
        """Wait until it has worked once."""
        self._line()

    def _line(self) -> float:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended with {self.process.wait()}")
        return json.loads(line) or 0.0


@contextmanager
def rival(module: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Iterator[Rival]:
    """Run one until the block ends; it has warmed up."""
    command = [sys.executable, "-m", module, *arguments]
    everything = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | dict(environment or {})
    with subprocess.Popen(
        command, env=everything, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        found = Rival(process)
        try:
            found.ready()
            yield found
        finally:
            process.kill()
