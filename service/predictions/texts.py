"""A picture's file written as text: a data URL (RFC 2397), or base64 (RFC 4648) with or without line breaks."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from service.images import sniffing

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_WHITESPACE: Final = b" \t\r\n"
_FIRST: Final = 64  # so many bytes tell that a file is no text, before all of it is looked at
_PREFIX: Final = b"data:"


def is_data_url(text: bytes) -> bool:
    """Whether the text begins as a data URL does."""
    return text[: len(_PREFIX)].lower() == _PREFIX


def decoded(text: bytes) -> bytes:
    """Return the bytes that a data URL or base64 stands for; raise ValueError with the reason for anything else.

    Base64 may be of the alphabet for URLs, and its padding may be missing.
    """
    text = text.strip(_WHITESPACE)
    if not is_data_url(text):
        return _of_base64(text)
    head, comma, content = text[len(_PREFIX) :].partition(b",")
    if not comma:
        raise ValueError("a data URL has a comma before its content: data:image/png;base64,…")
    raw = unquote_to_bytes(content)
    is_base64 = head.rpartition(b";")[2].strip().lower() == b"base64"
    return _of_base64(raw) if is_base64 else raw


def unwrapped(content: bytes) -> bytes:
    """Return the file that a body stands for: the body itself, unless it is a data URL, or base64 of a kind of file known."""
    text = content.lstrip(_WHITESPACE)
    if is_data_url(text):
        return decoded(text)
    if sniffing.kind(content) is not None or not _may_be_base64(text[:_FIRST]):
        return content
    try:
        found = decoded(text)
    except ValueError:
        return content
    return found if sniffing.kind(found) is not None else content


def _of_base64(text: bytes) -> bytes:
    letters = text.translate(_URL_SAFE, _WHITESPACE)
    if not _BASE64.fullmatch(letters):
        raise ValueError("this is neither base64 nor a data URL")
    letters = letters.rstrip(b"=")
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except binascii.Error as error:
        raise ValueError("this base64 is cut short") from error


def _may_be_base64(first: bytes) -> bool:
    return _BASE64.fullmatch(first.translate(_URL_SAFE, _WHITESPACE)) is not None
