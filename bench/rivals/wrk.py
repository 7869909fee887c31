"""Load from another process: wrk (https://github.com/wg/wrk), with a picture as every request's body."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_UNITS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Load:
    """What came of it: answers a second, their latencies in milliseconds, and how many were no answers."""

    rate: float
    p50: float
    p99: float
    failed: int


def require() -> None:
    """End the program if wrk is not installed."""
    if shutil.which("wrk") is None:
        sys.exit("This benchmark needs wrk, which makes the load: apt-get install wrk")


def form(picture: bytes) -> tuple[bytes, str]:
    """Return what `curl -F file=@digit.png` sends of it, and its content type."""
    boundary = "------------------------d74496d66958873e"
    head = 'Content-Disposition: form-data; name="file"; filename="digit.png"\r\nContent-Type: image/png\r\n\r\n'
    body = f"--{boundary}\r\n{head}".encode() + picture + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def script(folder: Path, body: bytes, content_type: str) -> Path:
    """Write what tells wrk to post a body."""
    content = folder / f"{content_type.partition('/')[0]}.body"
    content.write_bytes(body)
    path = content.with_suffix(".lua")
    path.write_text(
        f'local f = io.open("{content}", "rb")\n'
        'wrk.method, wrk.body = "POST", f:read("*a")\n'
        f'wrk.headers["Content-Type"] = "{content_type}"\n'
    )
    return path


def run(url: str, path: Path, connections: int, seconds: int) -> Load:
    """Ask over so many connections for so long."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency", "-s", str(path), url]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert rate is not None, printed
    failed = re.findall(r"(?:Non-2xx or 3xx responses: |connect |read |write |timeout )(\d+)", printed)
    return Load(float(rate[1]), _latency(printed, 50), _latency(printed, 99), sum(map(int, failed)))


def _latency(printed: str, percentile: int) -> float:
    found = re.search(rf"{percentile}%\s+([\d.]+)(us|ms|s)", printed)
    assert found is not None, printed
    return float(found[1]) * _UNITS[found[2]]
