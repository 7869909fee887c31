"""A form with files that are too large for memory, read as it comes: files go to a folder, text stays."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.errors import InvalidFields, UnreadableArchive
from service.images import sniffing
from service.images.archives.kinds import HEAD_BYTES, kind_of

MOST_PARTS: Final = 64
MOST_TEXT_BYTES: Final = 256 << 10  # of all fields together
LONGEST_FILENAME: Final = 200


@dataclass
class ReceivedFile:
    """A file that has come: the field it was in, the name it had, and where it lies."""

    field: str
    filename: str
    path: Path
    size: int = 0
    sha256: str = ""


class FileWriter:
    """Writes a file as it comes, and refuses one whose first bytes are of no kind that is read."""

    def __init__(self, received: ReceivedFile) -> None:
        self.received = received
        self._digest = hashlib.sha256()
        self._head = b""
        self._file: IO[bytes] = received.path.open("wb")

    def write(self, content: bytes) -> None:
        """Write some more of it; raise UnreadableArchive."""
        if len(self._head) < HEAD_BYTES:
            self._head += content[:HEAD_BYTES]
            if len(self._head) >= HEAD_BYTES:
                self._judge()
        self._file.write(content)
        self._digest.update(content)
        self.received.size += len(content)

    def finish(self) -> ReceivedFile:
        """End the file; raise UnreadableArchive for one that is too short to have been judged."""
        self._file.close()
        self._judge()
        self.received.sha256 = self._digest.hexdigest()
        return self.received

    def close(self) -> None:
        """Let go of a file that will not be finished."""
        self._file.close()

    def _judge(self) -> None:
        if kind_of(self._head) is None:
            what = sniffing.describe(self._head) if self._head else "an empty file"
            raise UnreadableArchive(
                f"Received {what}. Send a zip with a folder for each class, an npz, or a pair of IDX files."
            )


@dataclass
class Form:
    """What a form held."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[ReceivedFile] = field(default_factory=list)


class FormReader:
    """Reads a form piece by piece."""

    def __init__(self, content_type: str, folder: Path) -> None:
        """Raise InvalidFields for a content type without a boundary."""
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise InvalidFields(
                "The form has no boundary in its content type: let your client set it, as curl -F does."
            )
        self.form = Form()
        self._folder = folder
        self._parts = self._text_bytes = 0
        self._header = [b"", b""]
        self._disposition = b""
        self._writer: FileWriter | None = None
        self._text: bytearray | None = None
        self._name = ""
        self._has_ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, content: bytes) -> None:
        """Read some more; raise InvalidFields or UnreadableArchive."""
        try:
            self._parser.write(content)
        except FormParserError as error:
            raise InvalidFields(f"The form cannot be read: {error}. Send it as curl -F does.") from error

    def finish(self) -> Form:
        """Return what has come; raise InvalidFields for a form that was cut short."""
        if not self._has_ended:
            raise InvalidFields("The form ends before its last boundary. Was it sent whole?")
        return self.form

    def close(self) -> None:
        """Let go of a file that is being written."""
        if self._writer is not None:
            self._writer.close()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise InvalidFields(f"The form has more than {MOST_PARTS} parts.")
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _end_header(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._disposition = self._header[1]
        self._header = [b"", b""]

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" not in options:
            self._text = bytearray()
            return
        filename = options[b"filename"].decode(errors="replace")[:LONGEST_FILENAME]
        path = self._folder / f"part-{self._parts}"
        self._writer = FileWriter(ReceivedFile(self._name, filename, path))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._writer is not None:
            self._writer.write(data[start:end])
        elif self._text is not None:
            self._text_bytes += end - start
            if self._text_bytes > MOST_TEXT_BYTES:
                raise InvalidFields(
                    f"The form has more than {MOST_TEXT_BYTES >> 10} KiB of text. Send the file as a file: -F file=@data.zip"
                )
            self._text += data[start:end]

    def _end_part(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            self.form.files.append(writer.finish())
        elif self._text is not None:
            self.form.fields.append((self._name, self._text.decode(errors="replace")))
            self._text = None

    def _end(self) -> None:
        self._has_ended = True
