"""A confusion matrix in colours: green where the model was right, redder the more often it was wrong."""

from rich import box
from rich.style import Style
from rich.table import Table
from rich.text import Text

from cyfra import ConfusionMatrix
from cyfra.wording import NOTHING


def confusion_table(confusion: ConfusionMatrix) -> Table:
    """Return the matrix as a table: a row for each true class, a column for each predicted one; zeros are dots.

    The red of a cell grows with its share of its row, and 10 % of a class confused with one other is full red.
    """
    table = Table(
        title="rows: true class, columns: predicted class", title_style="dim", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("", style="bold", justify="right")
    for name in confusion.classes:
        table.add_column(name, justify="right", min_width=3)
    table.add_column("right", justify="right", style="dim")
    for row, (name, counts) in enumerate(zip(confusion.classes, confusion.matrix, strict=True)):
        total = sum(counts)
        cells = [_cell(number, total, is_right=row == column) for column, number in enumerate(counts)]
        share = f"{100 * counts[row] / total:.1f} %" if total else NOTHING
        table.add_row(name, *cells, share)
    return table


def _cell(number: int, total: int, *, is_right: bool) -> Text:
    if is_right:
        return Text(str(number), style="bold green")
    if number == 0:
        return Text("·", style="dim")
    strength = min(1.0, number / total / 0.10)
    return Text(str(number), style=Style(color="white", bgcolor=f"rgb({round(70 + 150 * strength)},20,20)"))
