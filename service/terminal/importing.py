"""Show a data set that is sent and imported: a bar on a terminal, a line for each step anywhere else."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from cyfra import Dataset
from cyfra.wording import count, duration
from service.terminal.wording import volume


class Showing:
    """`decoding the pictures ━━━━━━╸   62 %  37,000 of 60,000  0:07 left`"""

    def __init__(self, console: Console) -> None:
        """Prepare to show it on `console`."""
        self._console = console
        self._latest = ""
        self._bar = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[figures]}", style="cyan"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("sending", total=None, figures="")

    def __enter__(self) -> Self:
        """Begin."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def sent(self, done: int, total: int) -> None:
        """Show how many bytes have been sent."""
        self._say("sending")
        self._bar.update(self._task, completed=done, total=total, figures=f"{volume(done)} of {volume(total)}")

    def imported(self, dataset: Dataset) -> None:
        """Show how far the import is."""
        progress = dataset.progress
        if progress is None:
            return
        self._say(progress.activity or "waiting for a worker")
        figures = f"{count(progress.done)} of {count(progress.total)}" if progress.total else ""
        if progress.eta_seconds is not None:
            figures += f"  {duration(progress.eta_seconds)} left"
        self._bar.update(self._task, completed=progress.done, total=progress.total or None, figures=figures)

    def _say(self, what: str) -> None:
        if what == self._latest:
            return
        self._latest = what
        self._bar.update(self._task, description=what)
        if not self._console.is_terminal:
            self._console.print(what, markup=False)
