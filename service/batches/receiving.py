"""A batch as it comes in: straight to a file, whatever its size; a form's parts lie one after another in it.

Starlette's forms keep each small file in memory and each large one open: ten thousand of either are too many. So the parts are
written to one file here, by the same parser (python-multipart), and nothing but their names and places is kept in memory.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.errors import ArchiveTooLarge, NoImage
from service.images.archives.kinds import HEAD_BYTES
from service.storage import uploads

EXAMPLE: Final = "curl -F file=@pictures.zip …/v1/batch-predictions"
BLOCK_BYTES: Final = 1 << 20
MOST_HEADER_BYTES: Final = 8 << 10
LONGEST_NAME: Final = 1000
_FORM: Final = b"multipart/form-data"


@dataclass
class Part:
    """One part of a form: its field, the name of its file, where it lies in the received file, and its first bytes."""

    field: str
    filename: str | None
    offset: int
    size: int = 0
    head: bytes = b""


@dataclass(frozen=True)
class Received:
    """A body that has come to its end. `sha256` is of all that counts in it: of a form not its boundary, which changes."""

    file: Path
    parts: Sequence[Part]
    sha256: str
    is_form: bool

    def read(self, part: Part) -> bytes:
        """Return the content of a part."""
        with self.file.open("rb") as opened:
            opened.seek(part.offset)
            return opened.read(part.size)

    def alone(self, part: Part) -> Path:
        """Return a file that holds a part and nothing else."""
        if part.offset == 0 and part.size == self.file.stat().st_size:
            return self.file
        copy = self.file.with_name(f"part-{part.offset}")
        with self.file.open("rb") as opened, copy.open("wb") as written:
            opened.seek(part.offset)
            left = part.size
            while left:
                block = opened.read(min(BLOCK_BYTES, left))
                written.write(block)
                left -= len(block)
        return copy


@contextmanager
def folder(home: Path) -> Iterator[Path]:
    """Give a folder of its own, which goes at the end with what is in it."""
    with TemporaryDirectory(prefix="upload-", dir=uploads(home)) as made:
        yield Path(made)


async def receive(request: Request, into: Path, most_parts: int) -> Received:
    """Receive a request to its end into a file in the folder `into`.

    Raises:
        NoImage: it is empty, or a form that cannot be read.
        ArchiveTooLarge: a form of more than `most_parts`.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    file = into / "body"
    with file.open("wb") as opened:
        boundary = options.get(b"boundary", b"")
        reader = _Form(opened, boundary, most_parts) if kind == _FORM else _Raw(opened)
        async for block in _blocks(request.stream()):
            await run_in_threadpool(reader.write, block)
        parts = reader.finish()
    return Received(file, parts, reader.digest.hexdigest(), is_form=kind == _FORM)


async def _blocks(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give what comes in larger pieces: a thread is woken for each."""
    block = bytearray()
    async for piece in stream:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


class _Raw:
    """A body that is the file itself."""

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._part = Part("file", None, 0)

    def write(self, block: bytes) -> None:
        """Write some bytes."""
        self._file.write(block)
        self.digest.update(block)
        _grow(self._part, block)

    def finish(self) -> Sequence[Part]:
        """Return the one part there is."""
        if not self._part.size:
            raise NoImage(f"Received an empty body. Send a zip, an npz, an IDX file or pictures: {EXAMPLE}")
        return [self._part]


@dataclass
class _Headers:
    """The headers of the part that has begun."""

    name: bytes = b""
    value: bytes = b""
    disposition: bytes = b""
    size: int = 0


@dataclass
class _Form:
    """A form whose parts are written one after another."""

    file: BinaryIO
    boundary: bytes
    most_parts: int
    parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256()
        self._headers = _Headers()
        self._offset = 0
        self._has_ended = False
        if not self.boundary:
            raise NoImage(f"The form has no boundary in its content type. Let the client write that header: {EXAMPLE}")
        try:
            self._parser = MultipartParser(
                self.boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._open,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError as error:
            raise _unreadable(error) from error

    def write(self, block: bytes) -> None:
        """Read some bytes of the form."""
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise _unreadable(error) from error

    def finish(self) -> Sequence[Part]:
        """Return the parts; raise NoImage if the form has not come to its end."""
        if not self._has_ended:
            raise NoImage(f"The form is cut short: its last boundary has not come. Send it whole: {EXAMPLE}")
        return self.parts

    def _begin(self) -> None:
        self._headers = _Headers()
        if len(self.parts) == self.most_parts:
            raise ArchiveTooLarge(f"Received a form of more than {self.most_parts:,} parts, which is the most.")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._headers.name += self._counted(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._headers.value += self._counted(data[start:end])

    def _counted(self, piece: bytes) -> bytes:
        self._headers.size += len(piece)
        if self._headers.size > MOST_HEADER_BYTES:
            raise NoImage(f"A part of the form has headers of more than {MOST_HEADER_BYTES:,} bytes. {EXAMPLE}")
        return piece

    def _header_end(self) -> None:
        if self._headers.name.lower() == b"content-disposition":
            self._headers.disposition = self._headers.value
        self._headers.name = self._headers.value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.disposition)
        if b"name" not in options:
            raise NoImage(f"A part of the form has no name. {EXAMPLE}")
        filename = options.get(b"filename")
        part = Part(_text(options[b"name"]), None if filename is None else _text(filename), self._offset)
        self.parts.append(part)
        self.digest.update(repr((part.field, part.filename)).encode(errors="backslashreplace"))

    def _data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        self.file.write(piece)
        self.digest.update(piece)
        self._offset += len(piece)
        _grow(self.parts[-1], piece)

    def _end(self) -> None:
        self.digest.update(self.parts[-1].size.to_bytes(8))

    def _finish(self) -> None:
        self._has_ended = True


def _grow(part: Part, piece: bytes) -> None:
    part.size += len(piece)
    if len(part.head) < HEAD_BYTES:
        part.head += piece[: HEAD_BYTES - len(part.head)]


def _text(written: bytes) -> str:
    return written.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:LONGEST_NAME]


def _unreadable(error: FormParserError) -> NoImage:
    return NoImage(f"The form cannot be read: {str(error)[:200]}. {EXAMPLE}")
