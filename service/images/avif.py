"""How large the frames in an AVIF may be: its header says one size, its AV1 stream may hold another.

Pillow judges by the header, and libavif decodes whatever the stream holds, up to 16,384 x 16,384 pixels. So the stream's own
sequence headers are read before it is decoded. Boxes: ISO/IEC 14496-12; items: ISO/IEC 23008-12; OBUs: the AV1 Bitstream and
Decoding Process Specification, sections 5.3 and 5.5.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_PARTS: Final = 10_000  # boxes, items and OBUs; a photo has dozens
_SEQUENCE_HEADER: Final = 1
_LONGEST_SEQUENCE_HEADER: Final = 512


def most_pixels(data: bytes) -> int:
    """Return how many pixels the largest frame may have; raise ValueError for a file whose stream is not found.

    Of a still picture's short header that is the frame's size. After a full header each frame may say a size of its own: then
    it is what fits into the bits for it.
    """
    budget = _Budget(_MOST_PARTS)
    boxes = [(kind, body) for kind, body in _boxes(memoryview(data), budget)]
    if not boxes or boxes[0][0] != b"ftyp":
        raise ValueError("no ftyp box comes first")
    brand = bytes(boxes[0][1][:4])
    if brand == b"avis" or (brand != b"avif" and any(kind == b"moov" for kind, _ in boxes)):
        raise ValueError("it is a film")
    found = [
        _pixels(header)
        for kind, meta in boxes
        if kind == b"meta"
        for item in _items(memoryview(data), meta, budget)
        for header in _sequence_headers(item, budget)
    ]
    if not found:
        raise ValueError("no sequence header is in it")
    return max(found)


class _Budget:
    """So many parts are looked at, then no more."""

    def __init__(self, parts: int) -> None:
        self._left = parts

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError("it has too many parts")


@dataclass
class _Bytes:
    """Numbers of whole bytes, read one after another."""

    data: memoryview
    place: int = 0

    def number(self, size: int) -> int:
        end = self.place + size
        if end > len(self.data):
            raise ValueError("a box is cut short")
        found = int.from_bytes(self.data[self.place : end])
        self.place = end
        return found


class _Bits:
    """Numbers of any number of bits, read one after another."""

    def __init__(self, data: memoryview) -> None:
        self._left = len(data) * 8
        self._value = int.from_bytes(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("a sequence header is cut short")
        return (self._value >> self._left) & ((1 << count) - 1)


def _boxes(data: memoryview, budget: _Budget) -> Iterator[tuple[bytes, memoryview]]:
    place = 0
    while place < len(data):
        budget.spend()
        head = _Bytes(data, place)
        size, kind = head.number(4), head.number(4).to_bytes(4)
        if size == 1:
            size = head.number(8)
        end = len(data) if size == 0 else place + size
        if not head.place <= end <= len(data):
            raise ValueError("a box is cut short")
        yield kind, data[head.place : end]
        place = end


def _items(data: memoryview, meta: memoryview, budget: _Budget) -> Iterator[memoryview]:
    """Yield the bytes of every item, whatever it is: what is no AV1 has no sequence header."""
    boxes = list(_boxes(meta[4:], budget))  # behind the version and flags
    inside = next((body for kind, body in boxes if kind == b"idat"), memoryview(b""))
    for kind, body in boxes:
        if kind == b"iloc":
            yield from _located(data, inside, body, budget)


def _located(data: memoryview, inside: memoryview, iloc: memoryview, budget: _Budget) -> Iterator[memoryview]:
    reader = _Bytes(iloc)
    version = reader.number(4) >> 24
    sizes = reader.number(2)
    offset_size, length_size, base_size, index_size = ((sizes >> shift) & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(reader.number(wide)):
        budget.spend()
        reader.number(wide)  # the item's id
        method = reader.number(2) & 15 if version in {1, 2} else 0
        if method > 1:
            raise ValueError("an item is made of others")
        reader.number(2)  # which file it is in
        base = reader.number(base_size)
        source = inside if method else data
        pieces = []
        for _ in range(reader.number(2)):
            budget.spend()
            if version in {1, 2}:
                reader.number(index_size)
            start = base + reader.number(offset_size)
            length = reader.number(length_size)
            pieces.append(_piece(source, start, length))
        yield pieces[0] if len(pieces) == 1 else _joined(pieces, len(source))


def _piece(source: memoryview, start: int, length: int) -> memoryview:
    end = start + length if length else len(source)
    if not start <= end <= len(source):
        raise ValueError("an item lies outside of the file")
    return source[start:end]


def _joined(pieces: list[memoryview], most: int) -> memoryview:
    if sum(map(len, pieces)) > most:
        raise ValueError("an item is longer than the file")
    return memoryview(b"".join(pieces))


def _sequence_headers(item: memoryview, budget: _Budget) -> Iterator[memoryview]:
    place = 0
    while place < len(item):
        budget.spend()
        head = item[place]
        place += 2 if head & 0b100 else 1
        size = len(item) - place
        if head & 0b10:
            size, place = _leb128(item, place)
        if (head >> 3) & 15 == _SEQUENCE_HEADER:
            yield item[place : place + size][:_LONGEST_SEQUENCE_HEADER]
        place += size


def _leb128(data: memoryview, place: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and where it ends."""
    found = 0
    for index in range(8):
        if place + index >= len(data):
            break
        found |= (data[place + index] & 0x7F) << (7 * index)
        if not data[place + index] & 0x80:
            return found, place + index + 1
    raise ValueError("an OBU has no end")


def _pixels(sequence_header: memoryview) -> int:
    bits = _Bits(sequence_header)
    bits.take(4)  # profile, still picture
    is_short = bits.take(1)
    if is_short:
        bits.take(5)  # level
    else:
        _skip_timing_and_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    return width * height if is_short else 1 << (width_bits + height_bits)


def _skip_timing_and_operating_points(bits: _Bits) -> None:
    delay_bits = _skip_timing(bits) if bits.take(1) else 0
    has_display_delays = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)  # tier
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delays and bits.take(1):
            bits.take(4)


def _skip_timing(bits: _Bits) -> int:
    """Return the number of bits of a buffer's delay; 0 where no decoder model is described."""
    bits.take(64)
    if bits.take(1):  # one number with as many leading zeros as it has bits behind its first
        zeros = 0
        while not bits.take(1):
            zeros += 1
        bits.take(zeros)
    if not bits.take(1):
        return 0
    delay_bits = bits.take(5) + 1
    bits.take(32 + 5 + 5)
    return delay_bits
