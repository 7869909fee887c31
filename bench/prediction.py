"""How fast `POST /predict` answers, beside what a user would pick instead, all in one run and in turn.

Each server has the lecture's network; wrk posts the same 28x28 PNG over 1, 8 and 32 connections, as it is and, as people
upload it, in a form. Prints the medians of some rounds and the ratios of ours to the others', how the work was divided between
our two processes, what a request cost them, their memory, and how long after its start a process gave its first answer.

    make bench-prediction                 needs wrk; a row for mosec too if `pip install mosec` was run
    make bench-prediction ARGS="1 1"      rounds, and seconds of each; ARGS="5 3 handwriting" with that preset's network
"""

import importlib.util
import io
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from rich.console import Console
from rich.table import Table

from bench.rivals import wrk
from bench.rivals.wrk import Load
from service.images.sets.opening import open_set
from service.settings import Settings
from tests.trained import trained_service

ROUNDS, SECONDS = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (5, 3)
CONNECTIONS = (1, 8, 32)
PRESET = sys.argv[3] if len(sys.argv) > 3 else "lecture-mnist"
SERVED = {"preset": PRESET, "dataset": "mnist-5k", "recipe": {"epochs": 1}, "register_as": "default"}
OURS, KERAS, ONNX, MOSEC = "Cyfra", "FastAPI + model.predict", "FastAPI + ONNX Runtime", "mosec"


@dataclass
class Server:
    """One that answers at `url` what `script` posts, its processes, and what was measured of it by connections."""

    name: str
    url: str
    script: Path
    process: psutil.Process
    first_answer: float
    loads: dict[int, list[Load]] = field(default_factory=lambda: {count: [] for count in CONNECTIONS})

    def rate(self, connections: int) -> float:
        """Return the median of its rates, answers a second."""
        return statistics.median(load.rate for load in self.loads[connections])


def main() -> None:
    """Measure, and print the tables."""
    wrk.require()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        picture = prepare(home)
        path = wrk.script(home, picture, "image/png")
        servers = [stack.enter_context(serving(*each, picture, path)) for each in commands(home)]
        uploads = as_forms(servers, wrk.script(home, *wrk.form(picture)))
        measure([*servers, *uploads])
        console.print(table(servers), table(uploads))
        for line in details(servers[0]):
            console.print(line)


def as_forms(servers: Sequence[Server], script: Path) -> list[Server]:
    """Return ours and FastAPI + ONNX Runtime, asked with forms."""
    paths = {OURS: "/predict", ONNX: "/upload"}
    return [
        replace(
            server,
            name=f"{server.name}, form",
            url=server.url.rpartition("/")[0] + paths[server.name],
            script=script,
            loads={count: [] for count in CONNECTIONS},
        )
        for server in servers
        if server.name in paths
    ]


def prepare(home: Path) -> bytes:
    """Train the lecture's network for an epoch, keep its files in `home`, and return a picture of a digit."""
    with trained_service(Settings(home=home)) as service:
        training_id = service.submit(**SERVED)
        service.work()
        for suffix in ("keras", "onnx"):
            reply = service.client.get(f"/v1/trainings/{training_id}/model.{suffix}")
            assert reply.status_code == 200, reply.text
            (home / f"lecture.{suffix}").write_bytes(reply.content)
    digit: np.ndarray = open_set("mnist-5k", home, None).x_test[0, :, :, 0]
    content = io.BytesIO()
    Image.fromarray(digit).save(content, "PNG")
    return content.getvalue()


def commands(home: Path) -> Iterator[tuple[str, str, list[str], Mapping[str, str]]]:
    """Give each server's name, its path, the command that starts it (a port to be added), and its environment."""
    python, onnx = [sys.executable, "-m"], {"MODEL": str(home / "lecture.onnx")}
    ours = [sys.executable, "-P", "-m", "service.cli", "api", "--workers", "2", "--port"]
    yield OURS, "/predict", ours, {"CYFRA_HOME": str(home)}
    yield KERAS, "/predict", [*python, "bench.rivals.keras_fastapi", str(home / "lecture.keras")], {}
    fastapi = [*python, "uvicorn", "bench.rivals.onnx_fastapi:app", "--workers", "2", "--log-level", "error", "--port"]
    yield ONNX, "/predict", fastapi, onnx
    if importlib.util.find_spec("mosec") is None:
        print("mosec is not measured: it is not installed. .venv/bin/python -m pip install mosec")
    else:
        yield MOSEC, "/inference", [*python, "bench.rivals.mosec_server", "--port"], onnx


@contextmanager
def serving(
    name: str, path: str, command: Sequence[str], environment: Mapping[str, str], picture: bytes, script: Path
) -> Iterator[Server]:
    """Run a server on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}{path}"
    began = time.monotonic()
    with subprocess.Popen(
        [*command, str(port)], env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for_an_answer(url, picture)
            yield Server(name, url, script, psutil.Process(process.pid), time.monotonic() - began)
        finally:
            process.send_signal(signal.SIGTERM)


def wait_for_an_answer(url: str, picture: bytes) -> None:
    """Return once the server has answered a picture; raise after two minutes."""
    deadline = time.monotonic() + 120
    request = urllib.request.Request(url, picture, {"Content-Type": "image/png"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def measure(servers: Sequence[Server]) -> None:
    """Load each in turn, so that all meet the same moods of the machine; the first round does not count."""
    for round_ in range(ROUNDS + 1):
        for connections in CONNECTIONS:
            for server in servers:
                load = wrk.run(server.url, server.script, connections, SECONDS if round_ else 1)
                if round_:
                    server.loads[connections].append(load)


def table(servers: Sequence[Server]) -> Table:
    """Return the rates (p50, p99), and ours as multiples of each other's."""
    found = Table("", *[f"{count} connection{'s' * (count > 1)}" for count in CONNECTIONS], "Cyfra is")
    for server in servers:
        cells = []
        for count in CONNECTIONS:
            loads = server.loads[count]
            p50, p99 = (statistics.median(getattr(load, name) for load in loads) for name in ("p50", "p99"))
            failed = sum(load.failed for load in loads)
            cells.append(f"{server.rate(count):,.0f}/s ({p50:.1f}, {p99:.1f} ms){f' {failed} FAILED' * bool(failed)}")
        ratios = [servers[0].rate(count) / server.rate(count) for count in CONNECTIONS]
        found.add_row(server.name, *cells, "" if server is servers[0] else " / ".join(f"{one:.2f}x" for one in ratios))
    return found


def details(ours: Server) -> Iterator[str]:
    """Say what our processes used: over 32 connections, for `SECONDS`."""
    workers = [child for child in ours.process.children() if "resource_tracker" not in " ".join(child.cmdline())]
    before = [sum(worker.cpu_times()[:2]) for worker in workers]
    load = wrk.run(ours.url, ours.script, 32, SECONDS)
    used = [sum(worker.cpu_times()[:2]) - start for worker, start in zip(workers, before, strict=True)]
    yield f"CPU of a request: {1000 * sum(used) / (load.rate * SECONDS):.2f} ms"
    yield f"parts of the two processes: {' and '.join(f'{part / sum(used):.0%}' for part in used)}"
    *each, parent = (one.memory_full_info().pss / 2**20 for one in (*workers, ours.process))
    yield f"memory of both (PSS): {sum(each):.0f} MiB; with their parent: {sum(each) + parent:.0f} MiB"
    yield f"first answer after the start: {ours.first_answer:.1f} s"


if __name__ == "__main__":
    main()
