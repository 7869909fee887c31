"""How well other people's handwriting is read: raw pictures beside normalised ones, one row a way of writing and sending.

Each way of `tests/degraded.py` is applied to digits of MNIST's test set (of `mnist-5k` without CYFRA_DATASETS); the sevens and
ones of `tests/continental.py` are written in code, as many of each. "raw" scales a
picture to 28x28 and turns dark on light to light on dark, and no more; "normalised" is what `/predict` does. Without models
given, the presets are trained first: `handwriting` where CYFRA_DATASETS holds MNIST, else `quickstart` alone.

    make bench-handwriting
    python -m bench.handwriting --model name=file.onnx --digits 1000 --write docs
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from service.errors import Unprocessable
from service.images.decoding import Limits, decode
from service.images.expectation import scale
from service.images.handwriting import normalise
from service.images.sets.opening import open_set
from service.settings import Settings
from tests.continental import HANDS
from tests.degraded import WAYS
from tests.trained import trained_service

BLANK = np.zeros((28, 28), np.uint8)
START, END = "<!-- bench-handwriting -->\n", "<!-- end -->\n"


def main() -> None:
    """Train or load the models, measure, print the table; with --write put it and the pictures into the documentation."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder:
        models = dict(one.split("=", 1) for one in asked.model) or trained(Path(folder))
        sessions = {name: onnxruntime.InferenceSession(path) for name, path in models.items()}
        datasets = os.environ.get("CYFRA_DATASETS")
        name = "mnist" if datasets and not asked.tuning else "mnist-5k"
        labelled = open_set(name, Path(folder), Path(datasets) if datasets else None)
        chosen = np.random.default_rng(asked.seed).permutation(len(labelled.x_test))[: asked.digits]
        digits, labels = labelled.x_test[chosen, :, :, 0], labelled.y_test[chosen]
        lines, examples = measured(sessions, digits, labels, asked.only)
    table = "\n".join(lines)
    print(
        f"{asked.digits} digits of {name}'s test set for each row, seed {asked.seed}; right answers in percent\n\n{table}"
    )
    if asked.sheet:
        contact_sheet(examples).save(asked.sheet, quality=80, method=6)
    if asked.write:
        page = asked.write / "handwriting.md"
        before, _, rest = page.read_text().partition(START)
        page.write_text(before + START + table + "\n" + END + rest.partition(END)[2])
        contact_sheet(examples).save(asked.write / "pictures" / "handwriting.webp", quality=80, method=6)


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", default=[], help="name=file.onnx; may be given several times")
    parser.add_argument("--digits", type=int, default=200, help="how many for each row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--tuning", action="store_true", help="digits of mnist-5k, to keep the test set for the end")
    parser.add_argument("--write", type=Path, help="the folder of handwriting.md")
    parser.add_argument("--sheet", type=Path, help="where to put the contact sheet")
    return parser.parse_args()


def trained(home: Path) -> dict[str, str]:
    """Train the presets, and return their ONNX files."""
    datasets = os.environ.get("CYFRA_DATASETS")
    found = {}
    with trained_service(Settings(home=home, datasets=Path(datasets) if datasets else None)) as service:
        for preset in ["quickstart", *(["handwriting"] if datasets else [])]:
            training_id = service.submit(preset=preset)
            service.work()
            path = home / f"{preset}.onnx"
            path.write_bytes(service.client.get(f"/v1/trainings/{training_id}/model.onnx").content)
            found[preset] = str(path)
    return found


def measured(
    sessions: Mapping[str, onnxruntime.InferenceSession], digits: np.ndarray, labels: np.ndarray, only: str
) -> tuple[list[str], list[tuple[str, Image.Image, np.ndarray]]]:
    """Return the table's lines, and of each way its first picture and what the network saw."""
    heads = [f"{name}, {how}" for name in sessions for how in ("raw", "normalised")]
    lines = ["| | " + " | ".join(heads) + " | ms |", "|---|" + "---|" * (len(heads) + 1)]
    examples, rates = [], []
    for way, files, true in written(digits, labels, only):
        pictures = [decode(content, Limits()) for content in files]
        raw = np.stack([scaled(picture) for picture in pictures])
        began = time.process_time()
        seen = np.stack([normalised(picture) for picture in pictures])
        spent = (time.process_time() - began) / len(pictures)
        rates.append([right(session, images, true) for session in sessions.values() for images in (raw, seen)])
        examples.append((way, pictures[0], seen[0]))
        lines.append(row(way, rates[-1], f"{1000 * spent:.1f}"))
    lines.append(row("**mean**", list(np.mean(rates, axis=0)), ""))
    return lines, examples


def written(digits: np.ndarray, labels: np.ndarray, only: str) -> Iterator[tuple[str, list[bytes], np.ndarray]]:
    """Return the ways whose name contains `only`, each with its files and what they show."""
    for place, (way, make) in enumerate(WAYS.items()):
        rng = np.random.default_rng(place)
        if only in way:
            yield way, [make(digit, rng) for digit in digits], labels
    for place, (way, (digit, write)) in enumerate(HANDS.items(), len(WAYS)):
        rng = np.random.default_rng(place)
        if only in way:
            yield way, [write(rng) for _ in digits], np.full(len(digits), digit)


def row(name: str, rates: list[float], last: str) -> str:
    """Return a line of the table."""
    return f"| {name} | " + " | ".join(f"{rate:.1f}" for rate in rates) + f" | {last} |"


def scaled(picture: Image.Image) -> np.ndarray:
    """Return what a client gets who only makes the picture fit: 28x28, light on dark."""
    pixels = np.asarray(picture.convert("L").resize((28, 28), Image.Resampling.LANCZOS))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return 255 - pixels if np.median(border) > 127 else pixels


def normalised(picture: Image.Image) -> np.ndarray:
    """Return what the network sees; where the service says that there is nothing on it, nothing."""
    try:
        return normalise(picture)
    except Unprocessable:
        return BLANK


def right(session: onnxruntime.InferenceSession, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the percentage of right answers; a picture called blank is a wrong one."""
    [given] = session.run(None, {session.get_inputs()[0].name: scale(images)[..., None]})
    answered = images.reshape(len(images), -1).any(axis=1)
    return float(100 * np.mean((given.argmax(axis=1) == labels) & answered))


def contact_sheet(examples: list[tuple[str, Image.Image, np.ndarray]]) -> Image.Image:
    """Return every way's first picture as it was sent, and beside it what the network saw."""
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415 - only here

    side, across, font = 150, 5, ImageFont.load_default(size=13)
    wide, high = 2 * side + 22, side + 28
    sheet = Image.new("RGB", (across * wide, -(-len(examples) // across) * high), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (way, picture, seen) in enumerate(examples):
        left, top = place % across * wide + 8, place // across * high
        draw.text((left, top + 6), way, fill="black", font=font)
        small = picture.convert("RGB")
        small.thumbnail((side, side))
        sheet.paste(small, (left, top + 24))
        large = Image.fromarray(seen).resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(large.convert("RGB"), (left + side + 4, top + 24))
        draw.rectangle((left, top + 24, left + small.width - 1, top + 23 + small.height), outline="#bbbbbb")
    return sheet


if __name__ == "__main__":
    main()
