"""How long a zip of 60,000 pictures takes from the first byte sent to a data set to train on, and in how much memory.

A service and a real worker, Keras loaded, on the embedded defaults; `cifar10-jpeg.zip` of CYFRA_DATASETS is sent over HTTP.
Beside it, in the same run: the loop that one writes first (zipfile, Pillow, NumPy, one thread), which only decodes.

    CYFRA_DATASETS=… make bench-datasets
"""

import io
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from fastapi.testclient import TestClient
from PIL import Image
from rich.console import Console
from rich.table import Table

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.serving import serving
from tests.waiting import wait_until
from tests.workers import Site

SOURCE: Final = "cifar10-jpeg.zip"
MOST_SECONDS, MOST_MEBIBYTES = 60.0, 1024.0  # the limits


def main() -> None:
    """Print seconds and memory, and their share of the limits."""
    folder = os.environ.get("CYFRA_DATASETS")
    if folder is None or not (Path(folder) / SOURCE).is_file():
        sys.exit(f"There is no {SOURCE}: point CYFRA_DATASETS to a folder that has it.")
    source = Path(folder) / SOURCE
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        database = Database(settings.resolved_database_url)
        migrating.migrate(database)
        app = create_app(settings)
        with serving(app) as url, Site(TestClient(app), settings, database).worker() as worker:
            worker.wait_until_ready()
            child = worker.child()
            idle = peak_mebibytes(child.pid)
            with httpx.Client(base_url=url, timeout=600) as client:
                sent, imported, found = measured(client, source)
            peak = peak_mebibytes(child.pid)
        database.close()
    plain = plainly(source)
    table = Table("what", "measured", "of the limit")
    total = sent + imported
    table.add_row(f"sent and judged ({source.stat().st_size >> 20} MiB)", f"{sent:.1f} s", "")
    table.add_row("imported by the worker", f"{imported:.1f} s", "")
    table.add_row("together", f"{total:.1f} s", f"{total / MOST_SECONDS:.0%} of {MOST_SECONDS:.0f} s")
    table.add_row("peak memory of the worker, Keras loaded", f"{peak:.0f} MiB", f"{peak / MOST_MEBIBYTES:.0%} of 1 GiB")
    table.add_row("… of which it had before", f"{idle:.0f} MiB", "")
    table.add_row("a plain loop that only decodes", f"{plain:.1f} s", f"{total / plain:.2f} times that")
    console = Console(width=120)
    console.print(table)
    console.print(f"{found['train_count']:,} + {found['test_count']:,} pictures, {os.cpu_count()} cores")


def measured(client: httpx.Client, source: Path) -> tuple[float, float, dict[str, Any]]:
    """Return the seconds to send a zip and those until it is imported, and the data set."""
    began = time.perf_counter()
    with source.open("rb") as file:
        reply = client.post("/v1/datasets?name=bench", content=file)
    assert reply.status_code == 202, reply.text
    sent = time.perf_counter() - began

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get("/v1/datasets/bench").json()
        return None if found["state"] == "importing" else found

    found = wait_until(ended, 600, "the import") or {}
    assert found["state"] == "ready", found["error"]
    return sent, time.perf_counter() - began - sent, found


def peak_mebibytes(pid: int) -> float:
    """Return the most memory that a process has held so far (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def plainly(source: Path) -> float:
    """Return the seconds of a loop that decodes every picture and keeps it."""
    began = time.perf_counter()
    with zipfile.ZipFile(source) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        pixels = np.zeros((len(names), 32, 32, 3), np.uint8)
        for number, name in enumerate(names):
            pixels[number] = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
