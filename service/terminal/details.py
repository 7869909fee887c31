"""One training, everything about it on a screen."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cyfra import Facts
from cyfra.wording import count, duration, percent
from service.terminal.wording import moment, state_colour, time_spent


def training_details(training: Facts) -> RenderableType:
    """Return what `cyfra show` prints."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, value in _rows(training):
        grid.add_row(name, value)
    changes = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("when", "state", "attempt", "why"):
        changes.add_column(heading, overflow="fold")
    for change in training.changes:
        changes.add_row(moment(change.at), change.state, str(change.attempt), Text(change.reason or ""))
    return Group(grid, "", changes)


def _rows(training: Facts) -> Iterator[tuple[str, RenderableType]]:
    yield "training", training.id
    yield "state", Text(training.state_text, style=state_colour(training.state))
    yield "data set", training.dataset
    yield "network", training.network or "its own layers"
    if training.preset:
        yield "preset", training.preset
    if training.labels:
        yield "labels", Text(", ".join(f"{key}={value}" for key, value in training.labels.items()))
    yield "time", time_spent(training)
    progress = training.progress
    if progress.epochs:
        yield "epoch", training.epoch_text
        if training.state == "running" and progress.eta_seconds is not None:
            yield "time left", duration(progress.eta_seconds)
    metrics = training.metrics
    if metrics is not None:
        yield "test accuracy", percent(metrics.test_accuracy)
        yield "test loss", f"{metrics.test_loss:.4f}"
        yield "parameters", count(metrics.parameters)
    if training.models:
        yield "models", ", ".join(f"{model.name} version {model.version}" for model in training.models)
    if training.error is not None:
        yield "error", Text(f"{training.error.type}: {training.error.detail}", style="red")
