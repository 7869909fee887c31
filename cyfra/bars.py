"""How a training goes on, while it does: a card in a notebook, a bar on a terminal, a line an epoch anywhere else."""

import sys
from types import TracebackType
from typing import Protocol, Self, TextIO, cast

from cyfra.facts import Facts
from cyfra.markup import BLUE, GREEN, ORANGE, Html, bar, block, code, quiet, strong, text
from cyfra.wording import count, duration, percent

WIDTH = 24


class Bar(Protocol):
    """Shows each state of a training as it comes."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave what was shown as it is."""

    def show(self, facts: Facts) -> None:
        """Show the training as it is now."""


def bar_for(stream: TextIO) -> Bar:
    """Return the bar that suits where this program runs."""
    if is_notebook():
        return NotebookBar()
    return TerminalBar(stream) if stream.isatty() else EpochLines(stream)


def is_notebook() -> bool:
    """Whether what is displayed is seen in Jupyter, Colab or the like. A program that runs there has loaded IPython."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class _Silent:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class NoBar(_Silent):
    """Shows nothing."""

    def show(self, facts: Facts) -> None:
        """Show nothing."""


class NotebookBar(_Silent):
    """A display of its own, that is drawn anew. It needs no widgets, so it works wherever notebooks are shown."""

    def __init__(self) -> None:
        self._display: _Display | None = None

    def show(self, facts: Facts) -> None:
        """Draw the card."""
        from IPython.display import HTML, display  # noqa: PLC0415 - it is there, or there is no notebook

        drawn = HTML(card(facts))  # type: ignore[no-untyped-call]
        if self._display is None:
            self._display = cast("_Display", display(drawn, display_id=True))  # type: ignore[no-untyped-call]
        else:
            self._display.update(drawn)


class _Display(Protocol):
    def update(self, drawn: object) -> None:
        """Put `drawn` in the place of what was there."""


class TerminalBar(_Silent):
    """`training    ━━━━━━━━━━━━╺───────────  52 %  epoch 5/8  accuracy 98.10 %  loss 0.0612  0:07 left`"""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = ""

    def show(self, facts: Facts) -> None:
        """Write over the line that is there."""
        done = round(WIDTH * facts.fraction_done)
        line = f"{facts.state_text:<12} {'━' * done}{'─' * (WIDTH - done)} {100 * facts.fraction_done:3.0f} %  {figures(facts)}"
        self._stream.write("\r" + line + " " * (len(self._shown) - len(line)))
        self._stream.flush()
        self._shown = line.rstrip()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the line."""
        if self._shown:
            self._stream.write("\n")


class EpochLines(_Silent):
    """A line for each change of what goes on, and for each finished epoch."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said = ""

    def show(self, facts: Facts) -> None:
        """Write a line, if there is news."""
        over = facts.progress.epoch if facts.state == "running" else 0
        news = f"epoch {over}/{facts.progress.epochs} is over" if over else facts.state_text
        if news != self._said:
            self._said = news
            self._stream.write(f"{news}  {figures(facts)}".rstrip() + "\n")


def figures(facts: Facts) -> str:
    """Return how good it is so far, or in the end: `epoch 5/8  accuracy 98.10 %  loss 0.0612  0:07 left`."""
    if facts.metrics is not None:
        return f"test accuracy {percent(facts.metrics.test_accuracy)}  test loss {facts.metrics.test_loss:.4f}"
    progress = facts.progress
    if not progress.epochs:
        return ""
    parts = [f"epoch {facts.epoch_text}"]
    if progress.accuracy is not None:
        parts.append(f"accuracy {percent(progress.accuracy)}")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.4f}")
    if progress.eta_seconds is not None and facts.state == "running":
        parts.append(f"{duration(progress.eta_seconds)} left")
    return "  ".join(parts)


def card(facts: Facts) -> Html:
    """Return a training as notebooks show it: what it is, how far it is, how good it is."""
    colour = {"succeeded": GREEN, "failed": ORANGE, "cancelled": ORANGE}.get(facts.state, BLUE)
    says = f"{facts.state_text}, {100 * facts.fraction_done:.0f} %"
    what = f"{facts.network or 'a network of its own'} on {facts.dataset}"
    numbers = figures(facts).replace("  ", " · ")
    if facts.metrics is not None:
        took = "" if facts.seconds is None else f" · {duration(facts.seconds)}"
        numbers += f" · {count(facts.metrics.parameters)} parameters{took}"
    trouble = Html(f'<span style="color:rgb({ORANGE})">{text(facts.ending)}</span>') if facts.error else ""
    return block(
        Html(f"{strong(what)} {quiet('training')} {code(facts.id)}"),
        Html(f"{bar(facts.fraction_done, colour=colour, width='20em', label=says)} {text(facts.state_text)}"),
        quiet(numbers),
        trouble,
    )
