"""What 200 who watch one training cost the API, beside 200 who ask for it each second.

One API process, over each kind of database; in turn, streams of events and pollers, while nothing happens and with ten changes
a second. Prints the process' CPU time and its SQL statements, per second.

    make bench-live
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from service import migrating
from service.database import Database
from tests import requirements
from tests.waiting import wait_until
from worker import claims
from worker.claims import Claim

MANY = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SECONDS = 5.0
ROUNDS = 3
EVENTS_A_SECOND = 10
SERVER = """
import mmap, sys, sqlalchemy, uvicorn
from sqlalchemy import event
from service.app import create_app
app = create_app()
file = open(sys.argv[2], "r+b")  # kept open: a file that nobody holds is closed before it is mapped
count = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")
@event.listens_for(sqlalchemy.Engine, "before_cursor_execute")
def executed(*_):
    count[0] += 1
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", loop="uvloop", http="httptools")
"""


@dataclass(frozen=True)
class Api:
    """A process of the API that counts its statements."""

    port: int
    process: psutil.Process
    counted: Path

    def statements(self) -> int:
        """Return how many it has executed."""
        return int.from_bytes(self.counted.read_bytes(), sys.byteorder)

    def cpu_seconds(self) -> float:
        """Return what it has computed."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass
class Cost:
    """What one way costs in a second, over all its rounds."""

    cpu: float = 0.0
    statements: float = 0.0


def main() -> None:
    """Measure on both databases."""
    table = Table(
        "database", "changes a second", f"{MANY} streams: CPU ms/s", "statements/s", f"{MANY} pollers: CPU ms/s",
        "statements/s", "CPU ratio",
    )  # fmt: skip
    for kind in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = f"sqlite:///{home / 'cyfra.sqlite3'}"
            if kind == "postgresql":
                url = stack.enter_context(requirements.postgresql_database())
            database = Database(url)
            stack.callback(database.close)
            migrating.migrate(database)
            api = stack.enter_context(serving(home, url))
            training_id = httpx.post(
                f"http://127.0.0.1:{api.port}/v1/trainings", json={"preset": "quickstart"}, timeout=60
            ).json()["id"]
            claim = claims.claim(database, "bench", 3600)
            assert claim is not None
            for rate in (0, EVENTS_A_SECOND):
                streams, pollers = asyncio.run(measured(api, database, claim, training_id, rate))
                table.add_row(
                    kind,
                    str(rate),
                    *(f"{1000 * streams.cpu:.1f}", f"{streams.statements:.1f}"),
                    *(f"{1000 * pollers.cpu:.1f}", f"{pollers.statements:.1f}"),
                    f"{pollers.cpu / max(streams.cpu, 1e-4):.0f}x",
                )
    Console(width=120).print(table)


async def measured(api: Api, database: Database, claim: Claim, training_id: str, rate: int) -> tuple[Cost, Cost]:
    """Return what streams cost and what pollers cost, measured in turn."""
    streams, pollers = Cost(), Cost()
    path = f"/v1/trainings/{training_id}"
    for _ in range(ROUNDS):
        for cost, client in ((streams, watch), (pollers, poll)):
            async with together(client(api.port, path) for _ in range(MANY)):
                await asyncio.sleep(2)  # all are connected, and the first answers are over
                cpu, statements = api.cpu_seconds(), api.statements()
                await changing(database, claim, rate)
                cost.statements += (api.statements() - statements) / SECONDS / ROUNDS
                cost.cpu += (api.cpu_seconds() - cpu) / SECONDS / ROUNDS
    return streams, pollers


async def changing(database: Database, claim: Claim, rate: int) -> None:
    """Change the training so often a second, for some seconds."""
    for number in range(max(1, round(rate * SECONDS))):
        if rate:
            await asyncio.to_thread(step, database, claim, number)
        await asyncio.sleep(1 / rate if rate else SECONDS)


def step(database: Database, claim: Claim, number: int) -> None:
    """Write progress, as a worker does."""
    with database.transaction() as session:
        claims.execute_fenced(session, claims.fenced_update(claim).values(step=number))


async def watch(port: int, path: str) -> None:
    """Read a stream of events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while await reader.read(65_536):
            pass
    finally:
        writer.close()


async def poll(port: int, path: str) -> None:
    """Ask for a training each second, over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
            await asyncio.sleep(1)
    finally:
        writer.close()


@asynccontextmanager
async def together(clients: Iterator[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Run clients beside the block."""
    running = [asyncio.ensure_future(client) for client in clients]
    try:
        yield
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@contextmanager
def serving(home: Path, url: str) -> Iterator[Api]:
    """Run the API until it answers, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    counted = home / "statements"
    counted.write_bytes(bytes(8))
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port), str(counted)],
        env=os.environ | {"CYFRA_HOME": str(home), "CYFRA_DATABASE_URL": url},
    )

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=10).is_success
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, 120, "the API")
        yield Api(port, psutil.Process(process.pid), counted)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
