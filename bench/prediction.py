"""How fast `POST /predict` answers, beside what most tutorials do: FastAPI and `model.predict`.

Both serve the lecture's network, each from a process of its own, asked in turn by this process over one kept connection with
the same 28x28 PNG. Prints the medians, their ratio, and the memory of the API process.

    make bench-prediction
"""

import http.client
import io
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from service.images.sets.opening import open_set
from service.settings import Settings
from tests.trained import trained_service

ROUNDS, REQUESTS = 5, 200
LECTURE = {"preset": "lecture-mnist", "dataset": "mnist-5k", "recipe": {"epochs": 1}, "register_as": "default"}
TUTORIAL = """
import io, sys
import keras, numpy as np
from fastapi import FastAPI, UploadFile
from PIL import Image
app, model = FastAPI(), keras.models.load_model(sys.argv[1])
@app.post("/predict")
def predict(file: UploadFile):
    pixels = np.asarray(Image.open(io.BytesIO(file.file.read())).convert("L"), np.float32)[None, :, :, None] / 255
    return {"digit": int(model.predict(pixels, verbose=0).argmax())}
@app.get("/livez")
def livez(): return {}
import uvicorn
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        keras_file, picture = prepare(home)
        environment = os.environ | {"CYFRA_HOME": folder}
        cyfra = [sys.executable, "-m", "service.cli", "api", "--port"]
        tutorial = [sys.executable, "-c", TUTORIAL, str(keras_file)]
        with serving(cyfra, environment) as (ours, process), serving(tutorial, environment) as (theirs, _):
            mine: list[float] = []
            others: list[float] = []
            for _ in range(ROUNDS):  # in turn, so that both meet the same moods of the machine
                mine += ask(ours, picture, REQUESTS)
                others += ask(theirs, picture, REQUESTS // 10)
            report("cyfra, ONNX Runtime", mine)
            report("FastAPI + model.predict", others)
            print(f"ratio of the medians: {statistics.median(others) / statistics.median(mine):.1f}x")
            print(f"memory of the API process with one model: {process.memory_info().rss / 2**20:.0f} MiB")


def prepare(home: Path) -> tuple[Path, bytes]:
    """Train the lecture's network for an epoch, and return its Keras file and a picture of a digit."""
    with trained_service(Settings(home=home)) as service:
        training_id = service.submit(**LECTURE)
        service.work()
        reply = service.client.get(f"/v1/trainings/{training_id}/model.keras")
        assert reply.status_code == 200, reply.text
        keras_file = home / "lecture.keras"
        keras_file.write_bytes(reply.content)
    digit: np.ndarray = open_set("mnist-5k", home, None).x_test[0, :, :, 0]
    content = io.BytesIO()
    Image.fromarray(digit).save(content, "PNG")
    return keras_file, content.getvalue()


@contextmanager
def serving(command: list[str], environment: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """Run a server on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([*command, str(port)], env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_alive(port)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()


def wait_until_alive(port: int) -> None:
    """Return once the server answers; raise after a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def ask(port: int, picture: bytes, count: int) -> list[float]:
    """Return the seconds that each of `count` requests took, after five that do not count."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="digit.png"\r\n\r\n' + picture + b"\r\n--x--\r\n"
    )
    seconds = []
    for number in range(count + 5):
        began_at = time.perf_counter()
        connection.request("POST", "/predict", body, {"Content-Type": "multipart/form-data; boundary=x"})
        reply = connection.getresponse()
        content = reply.read()
        assert reply.status == 200, content
        if number >= 5:
            seconds.append(time.perf_counter() - began_at)
    return seconds


def report(name: str, seconds: list[float]) -> None:
    """Print median and 99th percentile."""
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    print(f"{name:26} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   ({len(seconds)} requests)")


if __name__ == "__main__":
    main()
