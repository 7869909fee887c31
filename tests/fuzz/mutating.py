"""Good inputs, damaged: what a broken disk, a cut connection or a stranger with time on their hands makes of them."""

import random
from collections.abc import Sequence
from typing import Final

EXTREMES: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
MOST_DAMAGE: Final = 6


def damaged(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return one of the seeds with one to six things done to it."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, MOST_DAMAGE)):
        chance.choice(DAMAGE)(data, seeds, chance)
    return bytes(data)


def _flip(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    if data:
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    """Write a number that is often a limit, of one to four bytes, either way round."""
    width, order = chance.choice((1, 2, 4)), chance.choice(("big", "little"))
    number = (chance.choice(EXTREMES) & (1 << 8 * width) - 1).to_bytes(width, order)
    if len(data) >= width:
        start = min(_place(data, chance), len(data) - width)
        data[start : start + width] = number


def _cut(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


def _remove(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    del data[start : start + chance.randint(1, 64)]


def _repeat(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    data[start:start] = data[start : start + chance.randint(1, 256)]


def _insert(data: bytearray, _seeds: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    data[start:start] = chance.randbytes(chance.randint(1, 16))


def _splice(data: bytearray, seeds: Sequence[bytes], chance: random.Random) -> None:
    """Go on as another seed does."""
    other = chance.choice(seeds)
    start = chance.randint(0, len(data))
    data[start:] = other[chance.randint(0, len(other)) :]


DAMAGE: Final = (_flip, _flip, _overwrite, _overwrite, _overwrite, _cut, _remove, _repeat, _insert, _splice)


def _place(data: bytearray, chance: random.Random) -> int:
    """Return an index: half of them near the beginning, where the headers are."""
    return chance.randrange(min(len(data), 128) if chance.random() < 0.5 else len(data))
