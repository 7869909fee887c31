"""How long a picture takes the first time and the next, beside the house's limits and what people draw with otherwise.

A report of 10 classes and one of 100 classes with 10,000 misclassified examples lie in a fresh database. Each document is asked
for over HTTP, first when it was never drawn, then again; round after round, with other figures each time, so that
nothing is kept from before. scikit-learn's own `ConfusionMatrixDisplay`, drawn by pyplot, takes its turn in between.

    make bench-pictures
"""

import io
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.service.reports.fabricated import add_report
from tests.serving import serving

ROUNDS: Final = 5
FIRST_MS, NEXT_MS = 500.0, 10.0  # the limits
DOCUMENTS: Final = (
    *("confusion-matrix.png", "confusion-matrix.svg", "curves.png", "curves.svg"),
    *("misclassified.png?count=100", "report.html", "report.pdf"),
)


def main() -> None:
    """Print medians in ms and their share of the limits."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        database = Database(settings.resolved_database_url)
        migrating.migrate(database)
        with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
            taken, sklearn = measured(client, database)
        database.close()
    table = Table("classes", "document", "first, ms", f"of {FIRST_MS:.0f} ms", "next, ms", f"of {NEXT_MS:.0f} ms")
    for (classes, document), times in taken.items():
        first, following = (statistics.median(each) for each in zip(*times, strict=True))
        table.add_row(
            str(classes),
            document,
            f"{first:.0f}",
            f"{first / FIRST_MS:.0%}",
            f"{following:.1f}",
            f"{following / NEXT_MS:.0%}",
        )
    console = Console(width=120)
    console.print(table)
    for classes, times in sklearn.items():
        ours = statistics.median(first for first, _ in taken[classes, "confusion-matrix.png"])
        theirs = statistics.median(times)
        console.print(
            f"{classes} classes: scikit-learn's display takes {theirs:.0f} ms, {theirs / ours:.1f} times our heat map"
        )


Times = dict[tuple[int, str], list[tuple[float, float]]]


def measured(client: httpx.Client, database: Database) -> tuple[Times, dict[int, list[float]]]:
    """Return the times of each document, first and next, and those of scikit-learn's display, by number of classes."""
    taken: Times = defaultdict(list)
    sklearn: dict[int, list[float]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        for classes, each, accuracy in ((10, 100, 0.9), (100, 200, 0.5)):
            with database.transaction() as session:
                names = [f"class {index:02d}" for index in range(classes)]
                training_id = add_report(
                    session, names, each=each, accuracy=accuracy - 0.02 * number, epochs=6 + 2 * number + classes // 100
                )
            matrix = client.get(f"/v1/trainings/{training_id}/confusion-matrix.json").json()["matrix"]
            drawn = display(np.array(matrix), names)
            for document in DOCUMENTS:
                address = f"/v1/trainings/{training_id}/{document}"
                times = asked(client, address), asked(client, address)
                if number:  # the first round loads libraries and the data set
                    taken[classes, document].append(times)
            if number:
                sklearn[classes].append(drawn)
    return taken, sklearn


def asked(client: httpx.Client, address: str) -> float:
    """Return how many ms an answer takes."""
    began = time.perf_counter()
    reply = client.get(address)
    assert reply.status_code == 200, reply.text
    return 1000 * (time.perf_counter() - began)


def display(matrix: np.ndarray, names: list[str]) -> float:
    """Return how many ms scikit-learn and pyplot take for the same matrix as a PNG."""
    import matplotlib  # noqa: PLC0415 - the service under test must choose its backend itself

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415
    from sklearn.metrics import ConfusionMatrixDisplay  # noqa: PLC0415

    began = time.perf_counter()
    side = max(6.0, 0.35 * len(names))
    figure, axes = pyplot.subplots(figsize=(side, side))
    ConfusionMatrixDisplay(matrix, display_labels=names).plot(ax=axes, xticks_rotation="vertical")
    figure.savefig(io.BytesIO(), format="png", dpi=100)
    pyplot.close(figure)
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
