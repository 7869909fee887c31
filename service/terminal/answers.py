"""What a model answered about images, as a table."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from cyfra import Page, Prediction

BAR_WIDTH = 20


def predictions_table(files: Sequence[Path], predictions: Sequence[Prediction], top: int | None) -> Table:
    """Return one row an image; with `top`, as many of its likeliest classes."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("file", "label", "confidence", "", "verdict", "model"):
        table.add_column(heading, overflow="fold")
    for file, prediction in zip(files, predictions, strict=True):
        ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1]) if top else []
        model = "" if prediction.model is None else f"{prediction.model.name} {prediction.model.version}"
        first = (prediction.label, prediction.confidence)
        verdict = prediction.verdict or ""
        style = "bold green" if verdict in {"", "sure"} else "bold yellow"
        table.add_row(Text(str(file)), *_cells(*first, style=style), verdict, model)
        for label, probability in ranked[1:top]:
            table.add_row("", *_cells(label, probability, style="dim"), "")
    return table


def pages_told(files: Sequence[Path], pages: Sequence[Page]) -> str:
    """Return the text of each page; below the name of its file where there are several."""
    if len(pages) == 1:
        return pages[0].text
    return "\n\n".join(f"{file}:\n{page.text}" for file, page in zip(files, pages, strict=True))


def _cells(label: str, probability: float, style: str) -> tuple[Text, Text, Text]:
    bar = "█" * round(BAR_WIDTH * probability)
    return Text(label, style=style), Text(f"{100 * probability:.1f} %", style=style), Text(bar, style=style)
