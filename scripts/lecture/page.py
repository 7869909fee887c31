"""The table of docs/lecture.md: a line for each training of the deck, of which each run replaces its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cyfra.wording import count, percent
from scripts.lecture.deck import ROWS, DeckRow

START: Final = "<!-- reproduce-lecture -->\n"
END: Final = "<!-- end -->\n"
HEAD: Final = (
    "| training | the deck: accuracy, loss, wrong | ours: accuracy (95 % interval), loss, wrong | beside the deck "
    "| time | seed | on |\n|---|---|---|---|---|---|---|\n"
)
NOT_RUN: Final = "not run yet"


@dataclass(frozen=True)
class Outcome:
    """What a training of ours came to: fractions of `test_count` images, seconds of all attempts, and what it ran on."""

    accuracy: float
    low: float
    high: float
    loss: float
    wrong: int
    test_count: int
    seconds: float
    seed: int | None
    hardware: str
    attempts: int


def line_of(row: DeckRow, outcome: Outcome | None) -> str:
    """Return a row's line, with its end."""
    deck = f"{percent(row.accuracy)}, {row.loss:g}, {count(row.wrong)}"
    if outcome is None:
        return f"| {row.title} | {deck} | {NOT_RUN} | | | | |\n"
    interval = f"{100 * outcome.low:.2f} to {100 * outcome.high:.2f}"
    ours = f"**{percent(outcome.accuracy)}** ({interval}), {outcome.loss:.4f}, {count(outcome.wrong)}"
    again = "" if outcome.attempts == 1 else f", in {outcome.attempts} attempts"
    cells = (row.title, deck, ours, row.compared(outcome.accuracy), clock(outcome.seconds), str(outcome.seed))
    return f"| {' | '.join(cells)} | {outcome.hardware}{again} |\n"


def clock(seconds: float) -> str:
    """Return `4 min 11 s`, or from an hour on `1 h 12 min`."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def table(page: str, found: dict[str, Outcome]) -> str:
    """Return the table of a page with the lines of `found` anew, and the others as they are.

    Raises:
        ValueError: If the page has no place for it.
    """
    _, start, rest = page.partition(START)
    inside, end, _ = rest.partition(END)
    if not (start and end):
        raise ValueError(f"The page has no place for the table: it must hold {START.strip()} and {END.strip()}.")
    kept = {line.split(" | ")[0].removeprefix("| "): line + "\n" for line in inside.splitlines()}
    return HEAD + "".join(
        line_of(row, found[row.name]) if row.name in found else kept.get(row.title, line_of(row, None))
        for row in ROWS.values()
    )


def write(path: Path, found: dict[str, Outcome]) -> None:
    """Put the lines of `found` into the page at `path`; its other lines and its prose stay. Raise ValueError as `table`."""
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    path.write_text(before + START + table(page, found) + END + after, encoding="utf-8")
