"""Lists of the service as tables."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cyfra import Compared, Dataset, Facts, Model, Network
from cyfra.wording import NOTHING, count, duration, percent, size
from service.terminal.wording import moment, state_colour, time_spent


def trainings_table(trainings: Sequence[Facts]) -> Table:
    """Return one row a training."""
    table = _table("training", "state", "preset", "data set")
    table.add_column("accuracy", justify="right")
    table.add_column("time", justify="right")
    table.add_column("submitted")
    for training in trainings:
        metrics = training.metrics
        table.add_row(
            training.id,
            Text(training.state_text, style=state_colour(training.state)),
            training.preset or training.network or "its own",
            training.dataset,
            percent(metrics.test_accuracy if metrics else None),
            time_spent(training),
            moment(training.created_at),
        )
    return table


def compared_table(trainings: Sequence[Compared]) -> Table:
    """Return one row a training that is compared."""
    table = _table("training", "network")
    for heading in ("accuracy", "95 % interval", "loss", "epochs", "parameters", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    for training in trainings:
        accuracy = training.test_accuracy
        table.add_row(
            training.id,
            training.preset or training.network or "its own",
            percent(accuracy.value),
            f"{100 * accuracy.low:.2f} \N{EN DASH} {percent(accuracy.high)}",
            f"{training.test_loss:.4f}",
            count(training.epochs),
            count(training.parameters),
            duration(training.compute_seconds),
        )
    return table


def datasets_table(datasets: Sequence[Dataset]) -> Table:
    """Return one row a data set."""
    table = _table("data set", "title", "picture", "classes")
    table.add_column("train", justify="right")
    table.add_column("test", justify="right")
    table.add_column("here")
    for dataset in datasets:
        table.add_row(
            dataset.name,
            dataset.title,
            size(dataset.shape) if dataset.shape else NOTHING,
            str(len(dataset.classes)),
            count(dataset.train_count),
            count(dataset.test_count),
            _whether_here(dataset),
        )
    return table


def _whether_here(dataset: Dataset) -> Text:
    if dataset.state != "ready":
        return Text(dataset.state, style="cyan" if dataset.state == "importing" else "red")
    return Text("yes", style="green") if dataset.available else Text("on demand", style="yellow")


def networks_table(networks: Sequence[Network]) -> Table:
    """Return one row a network."""
    table = _table("network", "title", "picture")
    table.add_column("parameters", justify="right")
    table.add_column("MFLOP an image", justify="right")
    for network in networks:
        table.add_row(
            network.name,
            network.title,
            size(network.input_shape),
            count(network.parameters),
            f"{network.mflops:.1f}",
        )
    return table


def models_table(models: Sequence[Model]) -> Table:
    """Return one row a version of a model; the version that answers is marked."""
    table = _table("model")
    table.add_column("version", justify="right")
    for heading in ("answers", "aliases", "training", "data set"):
        table.add_column(heading)
    table.add_column("accuracy", justify="right")
    table.add_column("parameters", justify="right")
    for model in models:
        for version in model.versions:
            aliases = [alias for alias, target in model.aliases.items() if target == version.version]
            table.add_row(
                model.name,
                str(version.version),
                Text("yes", style="green") if version.version == model.serving_version else "",
                ", ".join(aliases),
                version.training or NOTHING,
                version.dataset,
                percent(version.test_accuracy),
                count(version.parameters),
            )
    return table


def _table(*headings: str) -> Table:
    """Return an empty table; its first column is never broken, for it holds what one copies."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column(headings[0], no_wrap=True)
    for heading in headings[1:]:
        table.add_column(heading, overflow="fold")
    return table
