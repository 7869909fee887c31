"""What is fuzzed: each a function of bytes that may raise our own errors and nothing else, and the good inputs to begin with.

    python -m tests.fuzz.subjects decoder COUNT SEED LAST

carries out `COUNT` damaged inputs in a process of its own, which a crash of a C library may take with it: the input at hand is
always in the file LAST. Prints the memory after a fifth of them and at the end, and how many were refused.
"""

import json
import mmap
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil

from service.errors import CyfraError
from service.images.decoding import Limits, decode
from service.images.expectation import Expectation, prepare
from service.memory import give_back
from service.protocols.open_inference import requests
from tests.fuzz.mutating import damaged
from tests.pictures import drawn_digit, encoded, png_of_16_bit_grey, quarters

DIGITS = Expectation(height=28, width=28, channels=1, handwriting=True)
COLOURS = Expectation(height=32, width=32, channels=3, handwriting=False)
LIMITS = Limits(max_pixels=1_000_000)
LAST_BYTES = 1 << 20


def pictures() -> list[bytes]:
    """Return small files of every kind that is read."""
    grey, colour = drawn_digit(size=(40, 36), height=20), quarters()
    files = [encoded(picture, kind) for kind in KINDS for picture in (grey, colour)]
    files += [encoded(grey.convert("1")), encoded(colour.convert("P")), encoded(colour.convert("RGBA"), "WEBP")]
    files += [encoded(colour.convert("CMYK"), "JPEG"), encoded(colour, "TIFF", compression="tiff_lzw")]
    files.append(png_of_16_bit_grey(np.asarray(grey, dtype=np.uint16) * 257))
    return files


KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "HEIF")


def decode_and_prepare(data: bytes) -> None:
    """Do what a prediction does before the network."""
    picture = decode(data, LIMITS)
    for expects in (DIGITS, COLOURS):
        values = prepare(picture, expects)
        assert values.shape == (expects.height, expects.width, expects.channels)
        assert 0 <= values.min() <= values.max() <= 1


def tensors() -> list[bytes]:
    """Return bodies of /v2: flat, nested and binary ones, each behind the length of its JSON, in four bytes."""
    flat = [0.5] * 784
    nested = np.linspace(0, 1, 784).reshape(1, 28, 28, 1).tolist()
    bodies = [(_body([1, 784], "FP32", {"data": flat}), b""), (_body([1, 28, 28, 1], "FP32", {"data": nested}), b"")]
    bodies.append((_body([2, 28, 28, 1], "UINT8", {"data": [7] * 1568}), b""))
    for kind, width in (("FP32", 4), ("UINT8", 1)):
        size = {"parameters": {"binary_data_size": 784 * width}}
        bodies.append((_body([1, 28, 28, 1], kind, size), bytes(784 * width)))
    return [len(head).to_bytes(4, "big") + head + tail for head, tail in bodies]


def _body(shape: list[int], datatype: str, rest: dict[str, object]) -> bytes:
    wanted = [{"name": "probabilities", "parameters": {"classification": 3, "binary_data": True}}]
    tensor = {"name": "images", "shape": shape, "datatype": datatype, **rest}
    return json.dumps({"id": "42", "inputs": [tensor], "outputs": wanted}).encode()


def read_tensors(data: bytes) -> None:
    """Do what /v2 does before the network; the first four bytes are the header that tells the length of the JSON."""
    read = requests.read(data[4:], str(int.from_bytes(data[:4], "big")))
    values = read.tensor.images(DIGITS, 1024)
    assert values.shape[1:] == (28, 28, 1)
    assert 0 <= values.min() <= values.max() <= 1


SUBJECTS: dict[str, tuple[Callable[[bytes], None], Callable[[], Sequence[bytes]]]] = {
    "decoder": (decode_and_prepare, pictures),
    "tensors": (read_tensors, tensors),
}


def main() -> None:
    """Fuzz, and print what became of it as JSON."""
    name, count, seed, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    carry_out, make_seeds = SUBJECTS[name]
    seeds, chance, refused, memory = make_seeds(), random.Random(seed), 0, []
    for good in seeds:
        carry_out(good)
    last.write_bytes(bytes(LAST_BYTES))
    with last.open("r+b") as file, mmap.mmap(file.fileno(), LAST_BYTES) as kept:
        for number in range(count):
            data = damaged(seeds, chance)
            kept[: len(data) + 4] = len(data).to_bytes(4, "big") + data
            try:
                carry_out(data)
            except CyfraError:
                refused += 1
            if number in {count // 5, count - 1}:
                give_back()  # what the C library only keeps for the next time is no leak, and depends on the largest of all
                memory.append(psutil.Process().memory_info().rss)
    print(json.dumps({"refused": refused, "memory": memory}))


if __name__ == "__main__":
    main()
