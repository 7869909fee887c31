"""An API of two processes."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import migrating
from service.database import Database


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Return what starts an API of two processes on a free port, its last word; its home, the test's folder, is ready."""
    database = Database(f"sqlite:///{tmp_path / 'cyfra.sqlite3'}")
    migrating.migrate(database)
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return [sys.executable, "-P", "-m", "service.cli", "api", "--workers", "2", "--port", str(port)]


@pytest.fixture
def api(tmp_path: Path, command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Give an API that runs, and its port."""
    with subprocess.Popen(command, env=os.environ | {"CYFRA_HOME": str(tmp_path)}, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            ready = 0
            while ready < 2:
                ready += bool(re.search(rb"Application startup complete", process.stderr.readline()))
            yield process, int(command[-1])
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
