"""How fast a worker trains the lecture's network, beside what people write by hand, all in one run and in turn.

Ours is everything that a training is: submitted over HTTP to `cyfra up`, claimed, augmented, its progress and checkpoints
written; the rate is that of its second epoch, of 29 batches of 512. The others are bare loops over the same images without
augmentation, a process each, warmed up. Prints medians over the rounds, the ratios, the share of the machine's matrix products,
how long after the submission the first step was done, and the worker's peak memory.

    make bench-training                   a row for PyTorch too if it is installed
    make bench-training ARGS="5"          rounds
"""

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from bench.rivals.rounds import rival
from cyfra import Client
from cyfra.events import EpochEvent, ProgressEvent
from scripts.lecture.serving import service_at
from service.images.sets.opening import open_set
from service.networks.layers import LAYER_LIST
from service.networks.measuring import measure
from service.networks.presets import LECTURE_MNIST

ROUNDS: Final = int(sys.argv[1]) if len(sys.argv) > 1 else 3
BATCH: Final = 512
IMAGES: Final = 15_000
OURS: Final = "Cyfra, the whole path"
KERAS, PLAIN, TORCH, PRODUCTS = "Keras, oneDNN on", "Keras, oneDNN off", "PyTorch", "matrix products"
TRAINING: Final = {
    "preset": "lecture-mnist",
    "dataset": "bench",
    "recipe": {"epochs": 2, "callbacks": {"reduce_lr_on_plateau": None}},
    "validation": {"from": "none"},  # the bare loops have none
}


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        data = digits(home)
        environments = {KERAS: "1", PLAIN: "0"}
        rivals = {
            name: stack.enter_context(
                rival("bench.rivals.keras_training", [str(data)], {"TF_ENABLE_ONEDNN_OPTS": value})
            )
            for name, value in environments.items()
        }
        if importlib.util.find_spec("torch") is None:
            print("PyTorch is not measured: it is not installed.")
        else:
            rivals[TORCH] = stack.enter_context(rival("bench.rivals.torch_training", [str(data)]))
        rivals[PRODUCTS] = stack.enter_context(rival("bench.rivals.matrix_products"))
        ours = Ours(stack.enter_context(service_at(home / "service")).client.url, data)
        turns: dict[str, Callable[[], float]] = {OURS: ours.rate} | {name: each.rate for name, each in rivals.items()}
        rates: dict[str, list[float]] = {name: [] for name in turns}
        for _ in range(ROUNDS):
            for name, turn in turns.items():
                rates[name].append(turn())
        show(rates, ours)


class Ours:
    """A service with one worker, which has trained once and so imported TensorFlow."""

    def __init__(self, url: str, data: Path) -> None:
        self._client = Client(url)
        self._client.datasets.add(data, name="bench").wait()
        self.first_steps: list[float] = []
        self.rate()
        self.first_steps.clear()

    def rate(self) -> float:
        """Train for two epochs; return the second's images a second, and note after how long the first step was told."""
        began = time.monotonic()
        training = self._client.train(**TRAINING)  # type: ignore[arg-type] # fields by their names
        first_step, seconds = None, None
        for event in training.events():
            match event:
                case ProgressEvent(progress) if progress.step and first_step is None:
                    first_step = time.monotonic() - began
                case EpochEvent(epoch=2):
                    seconds = event.seconds
        assert first_step is not None, training.refresh().facts
        assert seconds is not None, training.refresh().facts
        self.first_steps.append(first_step)
        return IMAGES // BATCH * BATCH / seconds


def digits(home: Path) -> Path:
    """Write mnist-5k's digits three times, moved by a pixel so that none is there twice, as an npz file."""
    found = open_set("mnist-5k", home, None)
    x, y = np.concatenate([found.x_train, found.x_test]), np.concatenate([found.y_train, found.y_test])
    moved = np.concatenate([np.roll(x, by, axis=2) for by in (-1, 0, 1)])
    path = home / "bench.npz"
    np.savez(path, x_train=moved, y_train=np.tile(y, 3), x_test=np.roll(x[::10], 1, axis=1), y_test=y[::10])
    assert len(moved) == IMAGES
    return path


def peak_memory() -> float:
    """Return the most that a worker's process has held, MiB."""
    held = []
    for process in psutil.Process().children(recursive=True):
        if "worker.app" in process.cmdline():
            status = Path(f"/proc/{process.pid}/status").read_text()
            held.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return max(held)


def show(rates: dict[str, list[float]], ours: Ours) -> None:
    """Print the table and the lines below it."""
    middle = {name: statistics.median(each) for name, each in rates.items()}
    flops = 3 * measure(LAYER_LIST.validate_python(LECTURE_MNIST.layers_for(10)), LECTURE_MNIST.input_shape).flops
    table = Table(
        "what", "images/s", "from, to", "Cyfra is, times", title=f"lecture-mnist, batch {BATCH}, {ROUNDS} rounds"
    )
    for name, found in rates.items():
        if name != PRODUCTS:
            span = f"{min(found):.0f}, {max(found):.0f}"
            table.add_row(name, f"{middle[name]:.0f}", span, f"{middle[OURS] / middle[name]:.2f}")
    console = Console(width=110)
    console.print(table)
    share = middle[OURS] * flops / 1e9 / middle[PRODUCTS]
    console.print(
        f"matrix products: {middle[PRODUCTS]:.0f} GFLOP/s; Cyfra at {flops / 1e6:.0f} MFLOP an image: {share:.0%} of that"
    )
    steps = ", ".join(f"{seconds:.2f}" for seconds in ours.first_steps)
    console.print(f"from the submission until the first step is told, on a warm worker: {steps} s")
    console.print(f"the worker's peak memory: {peak_memory():.0f} MiB")


if __name__ == "__main__":
    main()
