"""What bytes look like, in words, for messages that say what was received."""

import re
import string

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a PNG"),
    (b"\xff\xd8\xff", "a JPEG"),
    (b"GIF87a", "a GIF"),
    (b"GIF89a", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x00\x00\x01\x00", "an ICO"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\x93NUMPY", "a NumPy array"),
)
# The brand of an ISO media file (ISO/IEC 14496-12, `ftyp` box) lies in bytes 8 to 12.
_BRANDS = {
    b"heic": "an HEIC photo",
    b"heix": "an HEIC photo",
    b"heim": "an HEIC photo",
    b"heis": "an HEIC photo",
    b"mif1": "an HEIF photo",
    b"msf1": "an HEIF photo",
    b"avif": "an AVIF",
    b"avis": "an AVIF",
}
_PNG_WITH_HEADER = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"  # then width and height, 4 bytes each
_SMALL_SIDE = 32
_SMALL_BYTES = 8192
_PNM = re.compile(rb"P[1-7][ \t\r\n]")
_PRINTABLE = frozenset(string.printable)


def is_small_png(data: bytes) -> bool:
    """Whether the bytes begin like a PNG with no side over 32 pixels, and are few: it is decoded faster than handed on."""
    return (
        len(data) <= _SMALL_BYTES
        and data.startswith(_PNG_WITH_HEADER)
        and int.from_bytes(data[16:20]) <= _SMALL_SIDE
        and int.from_bytes(data[20:24]) <= _SMALL_SIDE
    )


def looks_like_svg(data: bytes) -> bool:
    """Whether the bytes begin like an SVG drawing, with or without an XML prologue."""
    head = data[:2048].decode("utf-8", errors="ignore").lstrip("\ufeff \t\r\n").lower()
    return head.startswith("<svg") or (head.startswith(("<?xml", "<!doctype svg", "<!--")) and "<svg" in head)


def kind(data: bytes) -> str | None:
    """Name the kind of file, such as `an HEIC photo`; None where the first bytes tell none."""
    if looks_like_svg(data):
        return "an SVG"
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "a WEBP"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "a video or another media file")
    return "a PPM" if _PNM.match(data) else None


def describe(data: bytes) -> str:
    """Name the kind of file, or quote its first bytes: `an HEIC photo`, `text that begins with "hello"`."""
    name = kind(data)
    if name is not None:
        return name
    text = data[:64].decode("utf-8", errors="ignore")
    if text and all(letter in _PRINTABLE or letter.isprintable() for letter in text):
        return f'text that begins with "{" ".join(text.split())[:24]}"'
    return f"bytes that begin with {data[:8].hex(' ')}"
