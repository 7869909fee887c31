"""Sixty-four clients who send the largest allowed picture at the same time: memory stays within what the settings say."""

import struct
import threading
import zlib
from collections import Counter

import httpx
import psutil
import pytest

from service.settings import Settings
from tests.faults.apis import RunningApi
from tests.trained import Trained

CLIENTS = 64
SIDE = 7000  # 49 million pixels: one more row of thousands would be refused
HELD, DECODING, BASE = 64 << 20, 2 * (400 << 20), 300 << 20


def largest_picture(at_least: int) -> bytes:
    """A PNG with alpha of 49 million pixels, and with so many bytes that its size is near the limit of an upload."""
    row = b"\0" + bytes(4 * SIDE)
    pack = zlib.compressobj(1)
    packed = b"".join(pack.compress(row) for _ in range(SIDE)) + pack.flush()
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 6, 0, 0, 0)
    filler = bytes(at_least - len(packed))
    parts = [(b"IHDR", header), (b"prIv", filler), (b"IDAT", packed), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part)) for name, part in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.long
def test_the_largest_pictures_of_many_clients_fit_into_the_memory_that_is_set(trained: Trained) -> None:
    settings: Settings = trained.settings.model_copy(update={"max_held_bytes": HELD})
    picture = largest_picture(settings.max_upload_bytes - 100_000)
    api = RunningApi(settings)
    api.wait_until_ready()
    answers: Counter[int] = Counter()
    highest, is_over = 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        process = psutil.Process(api.process.pid)
        while not is_over.wait(0.02):
            highest = max(highest, process.memory_info().rss)

    def send() -> None:
        try:
            reply = httpx.post(api.client.base_url.join("/predict"), content=picture, timeout=300)
            answers[reply.status_code] += 1
        except httpx.WriteError:  # refused, and closed before all of it was sent
            answers[503] += 1

    watching = threading.Thread(target=watch)
    watching.start()
    senders = [threading.Thread(target=send) for _ in range(CLIENTS)]
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        assert api.client.get("/livez").status_code == 200
    is_over.set()
    watching.join()
    api.close()

    print(f"{dict(answers)}, {highest >> 20} MiB at most")
    assert set(answers) <= {422, 503}  # there is no ink on it
    assert answers[422] > 0
    assert highest < BASE + HELD + DECODING
