"""Send the file of a data set: from disk, piece by piece, and again if the service was away."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import IO, Final

import httpx

from cyfra.connection import Connection

File = str | Path | bytes
Sent = Callable[[int, int], None]
BLOCK: Final = 1 << 18
PATH: Final = "/v1/datasets"


def send(connection: Connection, query: Mapping[str, str], files: Sequence[File], sent: Sent) -> httpx.Response:
    """Send one file as the body, or several, of IDX, in a form; return the service's answer.

    An `Idempotency-Key` goes along: it is carried out once, however often it must be sent.
    """
    if not files:
        raise ValueError("Give a file: a zip, an npz, or two or four IDX files.")
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    with ExitStack() as opened:

        def build() -> httpx.Request:
            if len(files) > 1:
                parts = [("file", (_name(one), opened.enter_context(_open(one)))) for one in files]
                return connection.request("POST", PATH, query=query, files=parts, headers=headers)
            (file,) = files
            total = len(file) if isinstance(file, bytes) else Path(file).stat().st_size
            whole = {**headers, "Content-Length": str(total), "Content-Type": "application/octet-stream"}
            pieces = _pieces(opened.enter_context(_open(file)), total, sent)
            return connection.request("POST", PATH, query=query, content=pieces, headers=whole)

        return connection.ask(build)


def _pieces(stream: IO[bytes], total: int, sent: Sent) -> Iterator[bytes]:
    done = 0
    while piece := stream.read(BLOCK):
        yield piece
        done += len(piece)
        sent(done, total)


def _open(file: File) -> IO[bytes]:
    return BytesIO(file) if isinstance(file, bytes) else Path(file).open("rb")


def _name(file: File) -> str:
    return "file" if isinstance(file, bytes) else Path(file).name
