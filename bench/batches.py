"""How fast a batch of 10,000 pictures is answered, beside a loop of single `POST /predict` requests.

An API process and a worker's process for batches, as `cyfra up` runs them, on SQLite; the pictures are mnist-5k's 5,000 digits
twice, as an npz with labels. In the same run the same pictures go to `POST /predict` as 28x28 PNG files over one kept
connection: 200 of them after each batch. The time of a batch is from the first byte sent to the answer that it has ended.

    make bench-batches

The lecture's network is hardly trained here: its accuracy says nothing, its time does.
"""

import http.client
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.prediction import serving
from service.images.sets.opening import open_set
from service.settings import Settings
from tests.pictures import encoded
from tests.trained import trained_service

ROUNDS, PICTURES, SINGLE = 3, 10_000, 200
NETWORKS = {
    "quickstart": {"preset": "quickstart", "recipe": {"epochs": 6}, "register_as": "quickstart"},
    "lecture-mnist": {
        "preset": "lecture-mnist",
        "dataset": "mnist-5k",
        "recipe": {"epochs": 1},
        "register_as": "lecture-mnist",
    },
}


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        digits, labels = prepare(home)
        content = io.BytesIO()
        np.savez(content, x=digits, y=labels)
        environment = os.environ | {"CYFRA_HOME": folder, "CYFRA_LOG_LEVEL": "warning"}
        api = [sys.executable, "-m", "service.cli", "api", "--port"]
        worker = [sys.executable, "-P", "-m", "worker.batches"]
        with (
            serving(api, environment) as (port, _),
            subprocess.Popen(worker, env=environment, stdin=subprocess.PIPE) as process,
        ):
            try:
                for model in NETWORKS:
                    report(model, port, content.getvalue(), digits)
                peak = Path(f"/proc/{process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
                print(f"most memory of the process for batches: {int(peak) / 1024:.0f} MiB")
            finally:
                process.stdin.close()


def prepare(home: Path) -> tuple[np.ndarray, np.ndarray]:
    """Train the networks, and return 10,000 digits with their labels."""
    with trained_service(Settings(home=home)) as service:
        for body in NETWORKS.values():
            service.submit(**body)
            service.work()
    found = open_set("mnist-5k", home, None)
    digits = np.concatenate([found.x_train, found.x_test])[:, :, :, 0]
    labels = np.concatenate([found.y_train, found.y_test])
    times = -(-PICTURES // len(digits))
    return np.tile(digits, (times, 1, 1))[:PICTURES], np.tile(labels, times)[:PICTURES]


def report(model: str, port: int, npz: bytes, digits: np.ndarray) -> None:
    """Measure one network, and print its lines."""
    batch: list[float] = []
    single: list[float] = []
    accuracy = None
    for number in range(ROUNDS):  # in turn, so that both meet the same moods of the machine
        seconds, accuracy = send_batch(port, model, npz)
        batch.append(seconds)
        single += ask(
            port, model, [encoded_digit(digits[(number * SINGLE + at) * 7 % len(digits)]) for at in range(SINGLE)]
        )
    each = statistics.median(single)
    print(
        f"{model}: {PICTURES:,} pictures in {statistics.median(batch):.1f} s ({min(batch):.1f} to {max(batch):.1f})",
        end="",
    )
    print(f", {PICTURES / statistics.median(batch):,.0f} pictures/s, accuracy {accuracy:.4f}")
    print(f"  a loop of POST /predict: {each * 1000:.2f} ms each, {1 / each:,.0f} pictures/s", end="")
    print(f": the batch is {each * PICTURES / statistics.median(batch):.1f} times as fast")


def encoded_digit(pixels: np.ndarray) -> bytes:
    """Return a PNG file."""
    from PIL import Image  # noqa: PLC0415

    return encoded(Image.fromarray(pixels))


def send_batch(port: int, model: str, npz: bytes) -> tuple[float, float]:
    """Return how long a batch took, and how many of its answers were right."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    began = time.perf_counter()
    connection.request("POST", f"/v1/batch-predictions?model={model}", npz)
    reply = connection.getresponse()
    batch = json.loads(reply.read())
    assert reply.status == 202, batch
    while batch["state"] not in {"succeeded", "failed", "cancelled"}:
        connection.request("GET", batch["links"]["self"], headers={"Prefer": "wait=30"})
        batch = json.loads(connection.getresponse().read())
    seconds = time.perf_counter() - began
    assert batch["state"] == "succeeded", batch
    assert batch["progress"]["done"] == PICTURES
    return seconds, batch["accuracy"]


def ask(port: int, model: str, pictures: list[bytes]) -> list[float]:
    """Return the seconds that each request took, after five that do not count."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seconds = []
    for number, picture in enumerate([*pictures[:5], *pictures]):
        began = time.perf_counter()
        connection.request("POST", f"/v1/models/{model}/predict", picture, {"Content-Type": "image/png"})
        reply = connection.getresponse()
        content = reply.read()
        assert reply.status == 200, content
        if number >= 5:
            seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    main()
