"""Show a training that goes on: a bar on a terminal, one line an epoch anywhere else."""

from collections.abc import Callable, Iterable
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from cyfra import Epoch, Facts
from cyfra.wording import duration, percent
from service.terminal.client import Client
from service.terminal.exits import Refused


class Watcher(Protocol):
    """Shows what `follow` yields."""

    def show(self, trainings: Iterable[Facts]) -> Facts:
        """Show each state of the training as it comes; return the last."""


def watcher_for(console: Console, client: Client) -> Watcher:
    """Return the bar for a terminal, the lines for a file or a pipe."""
    if console.is_terminal:
        return ProgressBar(console)
    return EpochLines(lambda line: console.print(line, markup=False, soft_wrap=True), client)


class ProgressBar:
    """`training ━━━━━━╸   62 %  epoch 5/8  accuracy 0.981  loss 0.061  0:07 left`"""

    def __init__(self, console: Console) -> None:
        """Prepare a bar on `console`."""
        self._console = console

    def show(self, trainings: Iterable[Facts]) -> Facts:
        """Move the bar to each state of the training; return the last."""
        latest: Facts | None = None
        with self._bar() as bar:
            task = bar.add_task("waiting", total=1.0, figures="")
            furthest = (0, 0.0)  # attempt and fraction: only a new attempt takes the bar back
            for latest in trainings:
                furthest = max(furthest, (latest.attempt, latest.fraction_done))
                bar.update(task, description=latest.state_text, completed=furthest[1], figures=_figures(latest))
        assert latest is not None, "follow yields at least once"
        return latest

    def _bar(self) -> Progress:
        return Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[figures]}", style="cyan"),
            console=self._console,
        )


class EpochLines:
    """One line for each change of what is going on, and one for each finished epoch."""

    def __init__(self, write: Callable[[str], None], client: Client) -> None:
        """Prepare to give lines to `write`; the figures of an epoch are asked from `client`."""
        self._write = write
        self._client = client
        self._printed_epochs = 0
        self._attempt = 0
        self._said = ""

    def show(self, trainings: Iterable[Facts]) -> Facts:
        """Write a line where there is news; return the last state of the training."""
        latest: Facts | None = None
        for latest in trainings:
            self._print_epochs(latest)
            self._say(latest.state_text)
        assert latest is not None, "follow yields at least once"
        return latest

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._write(text)

    def _print_epochs(self, training: Facts) -> None:
        if training.attempt != self._attempt:
            self._attempt, self._printed_epochs = training.attempt, 0
        progress = training.progress
        if progress.epoch <= self._printed_epochs:
            return
        try:
            epochs = self._client.history(training.id).epochs
        except Refused:
            return  # no history yet
        for figures in epochs[self._printed_epochs :]:
            self._write(_epoch_line(figures, progress.epochs))
            self._printed_epochs = figures.epoch


def _epoch_line(figures: Epoch, epochs: int) -> str:
    line = f"epoch {figures.epoch}/{epochs}  accuracy {percent(figures.accuracy)}  loss {figures.loss:.4f}"
    if figures.val_accuracy is not None:
        line += f"  validation accuracy {percent(figures.val_accuracy)}"
    return f"{line}  {figures.seconds:.1f} s"


def _figures(training: Facts) -> str:
    progress = training.progress
    if not progress.epochs:
        return ""
    parts = [f"epoch {training.epoch_text}"]
    if progress.accuracy is not None:
        parts.append(f"accuracy {percent(progress.accuracy)}")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.4f}")
    if progress.eta_seconds is not None and training.state == "running":
        parts.append(f"{duration(progress.eta_seconds)} left")
    return "  ".join(parts)
