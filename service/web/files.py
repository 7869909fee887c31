"""The page's files, read once and ready to send: hashed, typed, and compressed where that pays."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
}
INDEX: Final = "index.html"
FIRST: Final = "boot.js"  # what the page runs first; the modules beside it come along with it
_LEAST_GAIN: Final = 0.9  # compressed to more than this, a file is sent as it is


@dataclass(frozen=True)
class Page:
    """One file: its bytes as they are and, where it pays, compressed; a strong ETag for each."""

    content: bytes
    compressed: bytes | None
    media_type: str
    sha256: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Page":
        """Return the file with these bytes."""
        compressed = gzip.compress(content, mtime=0)
        pays = len(compressed) < len(content) * _LEAST_GAIN
        return cls(content, compressed if pays else None, media_type, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class Pages:
    """All files. Those that the page loads stand under one address that their content names (`/static/DIGEST/…`).

    Modules name each other by relative address, so that the digest is a single one: whatever changes, all addresses do.
    """

    digest: str
    index: Page
    files: Mapping[str, Page]


@cache
def pages() -> Pages:
    """Read all files; the names are theirs below `service/web/pages`, with slashes."""
    found = dict(_walk(files("service.web") / "pages"))
    index = found.pop(INDEX)
    digest = hashlib.sha256()
    for name, page in sorted(found.items()):
        digest.update(f"{name}\0{page.sha256}\n".encode())
    short = digest.hexdigest()[:16]
    return Pages(short, _completed(index, f"/static/{short}", found), found)


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Page]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif (media_type := MEDIA_TYPES.get(entry.name.rpartition(".")[2])) is not None:
            yield prefix + entry.name, Page.of(entry.read_bytes(), media_type)


def _completed(index: Page, base: str, found: Mapping[str, Page]) -> Page:
    """Fill in where the files are, and let the browser fetch the modules that every view needs before it asks for them."""
    wanted = _imported(FIRST, found)
    preloads = "\n    ".join(f'<link rel="modulepreload" href="{base}/{name}">' for name in wanted)
    html = index.content.decode().replace("{{static}}", base).replace("{{preloads}}", preloads)
    return Page.of(html.encode(), index.media_type)


def _imported(first: str, found: Mapping[str, Page]) -> list[str]:
    """Return the modules that `first` imports statically, and those import in turn."""
    seen: dict[str, None] = {}
    waiting = [first]
    while waiting:
        for line in found[waiting.pop()].content.decode().splitlines():
            name = line.partition(' from "./')[2].rpartition('"')[0]
            if line.startswith(("import ", "} from ")) and name and name not in seen:
                seen[name] = None
                waiting.append(name)
    return list(seen)
