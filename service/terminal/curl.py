"""Upload an image the way a user would: with curl."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

from rich.console import Console

from service.terminal.client import Client
from service.terminal.exits import FAILED, CommandFailed

LIMIT_SECONDS: Final = 60


def classify(console: Console, image: Path, url: str) -> str:
    """Print the command, run it, return the answer (JSON). Raise CommandFailed if there is no prediction in it."""
    command = ["curl", "-s", "-F", f"file=@{image}", f"{url}/predict"]
    console.print(f"$ {shlex.join(command)}", style="green", markup=False, highlight=False, soft_wrap=True)
    answer = _run(command) if shutil.which("curl") else _without_curl(console, image, url)
    try:
        prediction = json.loads(answer)
    except ValueError as error:
        raise CommandFailed(FAILED, f"The answer is not JSON: {answer[:500]!r}") from error
    if not isinstance(prediction, dict) or "label" not in prediction:
        raise CommandFailed(FAILED, f"The answer holds no prediction: {answer[:500]}")
    return answer


def _run(command: list[str]) -> str:
    environment = {**os.environ, "no_proxy": "*", "NO_PROXY": "*"}  # a proxy does not know this machine's loopback
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, timeout=LIMIT_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(FAILED, f"curl got no answer within {LIMIT_SECONDS} s.") from error
    if done.returncode != 0:
        raise CommandFailed(FAILED, f"curl failed with exit status {done.returncode}. {done.stderr}".strip())
    return done.stdout


def _without_curl(console: Console, image: Path, url: str) -> str:
    console.print("(There is no curl on this machine: Python sends the same.)", style="yellow")
    with Client(url) as client:
        return client.predict([image], model=None, top=None).text
