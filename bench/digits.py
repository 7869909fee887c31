"""How well all digits on a page are found and read, layout by layout; beside it connected parts without any cutting.

    make bench-digits                    trains the preset `quickstart`; with CYFRA_DATASETS `handwriting`, on MNIST
    make bench-digits ARGS="100 m.onnx"  pages of each layout; with the network of a file instead
    make bench-digits ARGS="40 m.onnx docs/pictures/digits.webp"  also draws a page of each layout with what was found

Digits are those of the test set, which nothing was tuned on. A digit is found where a box covers it to more than half
(intersection over union), and read where it is also called what it is; a page is right when its whole text is.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from service.images.decoding import Limits
from service.images.expectation import Expectation
from service.images.segmentation.cuts import Wide
from service.images.sets.opening import LabelledSet, open_set
from service.inference.engine import Engine, Network
from service.inference.pictures import Pixels
from service.predictions.digits import finding, operations
from service.predictions.digits.finding import Found
from service.predictions.digits.schemas import PageReply
from service.predictions.operations import Wanted
from service.settings import Settings
from tests.handwritten_pages import LAYOUTS, Glyphs, Sheet, photographed
from tests.trained import trained_service

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 40
FILE = Path(sys.argv[2]) if len(sys.argv) > 2 else None
PICTURE = Path(sys.argv[3]) if len(sys.argv) > 3 else None
LIMITS = Limits(max_pixels=50_000_000)
MOST_DIGITS = 80
DIGITS = Expectation(28, 28, 1, handwriting=True)


@dataclass
class Score:
    """Counts over the pages of a layout."""

    digits: int = 0
    boxes: int = 0
    found: int = 0
    read: int = 0
    pages: int = 0
    right: int = 0
    seconds: float = 0.0

    def add(self, sheet: Sheet, reply: PageReply) -> None:
        """Compare a page with what is on it."""
        matched = matches(sheet, reply)
        self.digits += len(sheet.labels)
        self.boxes += len(reply.digits)
        self.found += len(matched)
        self.read += sum(sheet.labels[true] == reply.digits[one].label for true, one in matched)
        self.pages += 1
        self.right += reply.text == sheet.text

    def cells(self) -> list[str]:
        """Return them as shares."""
        return [
            f"{100 * self.found / self.digits:.1f}",
            f"{100 * self.found / max(1, self.boxes):.1f}",
            f"{100 * self.read / self.digits:.1f}",
            f"{100 * self.right / self.pages:.0f}",
        ]


def matches(sheet: Sheet, reply: PageReply) -> list[tuple[int, int]]:
    """Return pairs of a digit and the box that covers it to more than half: there cannot be two."""
    found = []
    for true, (left, top, right, bottom) in enumerate(sheet.boxes):
        for place, one in enumerate(reply.digits):
            box = one.box
            width = min(right, box.left + box.width) - max(left, box.left)
            height = min(bottom, box.top + box.height) - max(top, box.top)
            if width <= 0 or height <= 0:
                continue
            both = (right - left) * (bottom - top) + box.width * box.height - width * height
            if width * height > 0.5 * both:
                found.append((true, place))
                break
    return found


def engine(folder: Path) -> tuple[Engine, LabelledSet, str]:
    """Return a network, its data set, and what it is."""
    settings = Settings(home=folder)
    is_whole = settings.datasets is not None
    name = "mnist" if is_whole else "mnist-5k"
    if FILE is not None:
        return _engine(FILE.read_bytes()), open_set(name, folder, settings.datasets), FILE.name
    preset = "handwriting" if is_whole else "quickstart"
    with trained_service(settings) as service:
        training_id = service.submit(preset=preset)
        service.work()
        content = service.client.get(f"/v1/trainings/{training_id}/model.onnx").content
    return _engine(content), open_set(name, folder, settings.datasets), preset


def _engine(content: bytes) -> Engine:
    return Engine("bench", 1, tuple("0123456789"), DIGITS, Network(content), "")


def whole_parts(found: Found) -> Found:
    """Return what was found without any cut: the naive way."""
    places, rows, start = [], [], 0
    for row in found.rows:
        rows.append([])
        for wide in row:
            chosen = max(range(len(wide.pieces)), key=lambda place: wide.pieces[place].last - wide.pieces[place].first)
            piece = wide.pieces[chosen]
            rows[-1].append(Wide(1, (type(piece)(0, 1, piece.part),)))
            places.append(start + chosen)
            start += len(wide.pieces)
    return Found(found.picture, found.page, found.height, rows, found.images[places], found.filename)


def framed(picture: Image.Image, reply: PageReply) -> Image.Image:
    """Return a page with a box around each digit, and above it what it was read as."""
    picture = picture.convert("RGB")
    pen = ImageDraw.Draw(picture)
    for one in reply.digits:
        box, colour = one.box, (213, 94, 0) if one.touching else (0, 114, 178)
        pen.rectangle((box.left, box.top, box.left + box.width, box.top + box.height), outline=colour, width=2)
        font = ImageFont.load_default(22)
        pen.text((box.left, box.top - 3), one.label or "?", fill=colour, font=font, anchor="lb", stroke_width=1)
    return picture


def side_by_side(pages: list[Image.Image], width: int = 1280) -> Image.Image:
    """Put pages into two columns, the next one always where there is more room."""
    columns, gap = [0, 0], 16
    places = []
    for page in pages:
        page.thumbnail((width // 2 - gap, 10_000))
        column = columns.index(min(columns))
        places.append((column * (width // 2) + gap // 2, columns[column] + gap // 2))
        columns[column] += page.height + gap
    sheet = Image.new("RGB", (width, max(columns)), "white")
    for page, place in zip(pages, places, strict=True):
        sheet.paste(page, place)
    return sheet


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        served, data, name = engine(Path(folder))
    table = Table("", "found %", "of boxes %", "read %", "pages right %", "ms a page", "uncut: read %", "pages right %")
    rng = np.random.default_rng(2026)
    shown: list[Image.Image] = []
    for layout, make in LAYOUTS.items():
        ours, naive = Score(), Score()
        for page in range(PAGES):
            chosen = rng.integers(len(data.x_test), size=MOST_DIGITS)
            glyphs: Glyphs = [(data.x_test[one, :, :, 0], int(data.y_test[one])) for one in chosen]
            sheet = make(glyphs, rng)
            picture = photographed(sheet, rng, is_scan=page % 2 == 0)
            sent = Pixels(np.asarray(picture.convert("RGB")))
            began = perf_counter()
            found = finding.find(sent, 1, LIMITS)
            reply = operations.page(served, found, served.answers(found.images), Wanted(probabilities=False))
            ours.seconds += perf_counter() - began
            ours.add(sheet, reply)
            if page == 1:
                shown.append(framed(picture, reply))
            plain = whole_parts(found)
            naive.add(sheet, operations.page(served, plain, served.answers(plain.images), Wanted(probabilities=False)))
        table.add_row(layout, *ours.cells(), f"{1000 * ours.seconds / PAGES:.0f}", *naive.cells()[2:])
    console = Console()
    console.print(f"{name}, {PAGES} pages of each layout, half of them scanned and half photographed")
    console.print(table)
    if PICTURE is not None:
        side_by_side(shown).save(PICTURE, quality=80, method=6)


if __name__ == "__main__":
    main()
