"""The client commands that ask: lists, one training, a report, a prediction, a cancel."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from service.terminal.consoles import console, error_console
from service.terminal.options import DEFAULT_URL, AsJson, TrainingId, Url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx
    from rich.console import RenderableType

    from service.terminal.shapes import Datasets, Models, Networks, Training, Trainings

# Client, rich and the tables are imported in the functions: `cyfra --help` and `cyfra worker` need none of them.
# ruff: noqa: PLC0415


def trainings(
    url: Url = DEFAULT_URL,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only those on this data set.")] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only those with this label.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List trainings, newest first."""
    from service.terminal.client import Client, decoded
    from service.terminal.tables import trainings_table

    query: dict[str, str | int | Sequence[str]] = {"limit": limit}
    query |= {name: value for name, value in (("state", state), ("dataset", dataset)) if value is not None}
    for assignment in label or ():
        key, _, value = assignment.partition("=")
        query[f"label.{key}"] = value
    with Client(url) as client:
        response = client.get("/v1/trainings", query)
    if as_json:
        return print_json(response)
    page = cast("Trainings", decoded(response))
    if not page["trainings"]:
        return print_text("No trainings. Start one: cyfra train --preset quickstart --follow")
    console().print(trainings_table(page["trainings"]))
    if page["next"]:
        error_console().print(f"There are more: --limit shows more than {limit}.", style="dim")
    return None


def show(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show everything about one training."""
    from service.terminal.client import Client, decoded
    from service.terminal.details import training_details

    with Client(url) as client:
        response = client.get(f"/v1/trainings/{training_id}")
    if as_json:
        return print_json(response)
    return console().print(training_details(cast("Training", decoded(response))))


def cancel(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Ask for the end of a training. Saying it twice does no harm."""
    from service.terminal.client import Client, decoded

    with Client(url) as client:
        response = client.post(f"/v1/trainings/{training_id}/cancel")
    if as_json:
        return print_json(response)
    return print_text(f"Training {training_id}: {cast('Training', decoded(response))['state']}")


def report(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Print what the test set said, the classification report and the confusion matrix, and what the curves say."""
    from service.terminal.client import Client
    from service.terminal.confusion import confusion_table

    with Client(url) as client:
        if as_json:
            return print_json(client.get(f"/v1/trainings/{training_id}/report.json"))
        print_text(client.get(f"/v1/trainings/{training_id}/report.txt").text.rstrip())
        console().print(confusion_table(client.confusion_matrix(training_id)))
        return print_text("Advice for " + client.get(f"/v1/trainings/{training_id}/advice.txt").text.rstrip())


def predict(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)],
    url: Url = DEFAULT_URL,
    model: Annotated[str | None, typer.Option(help="The model that answers; the default one if not given.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Show this many of the likeliest classes.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is on images."""
    from service.terminal.answers import predictions_table
    from service.terminal.client import Client, predictions

    with Client(url) as client:
        response = client.predict(files, model, top)
    if as_json:
        return print_json(response)
    return console().print(predictions_table(files, predictions(response)["predictions"], top))


def datasets(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the data sets."""
    from service.terminal.tables import datasets_table

    _list(url, "/v1/datasets", as_json, lambda answer: datasets_table(cast("Datasets", answer)["datasets"]))


def networks(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the networks that have a name."""
    from service.terminal.tables import networks_table

    _list(url, "/v1/networks", as_json, lambda answer: networks_table(cast("Networks", answer)["networks"]))


def models(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the models and their versions."""
    from service.terminal.tables import models_table

    _list(url, "/v1/models", as_json, lambda answer: models_table(cast("Models", answer)["models"]))


def _list(url: str, path: str, as_json: bool, table: "Callable[[object], RenderableType]") -> None:
    from service.terminal.client import Client, decoded

    with Client(url) as client:
        response = client.get(path)
    if as_json:
        print_json(response)
    else:
        console().print(table(decoded(response)))


def print_json(response: "httpx.Response") -> None:
    """Print the service's answer as it came."""
    sys.stdout.write(response.text.rstrip("\n") + "\n")


def print_text(text: str) -> None:
    """Print text as it is: no markup, no colours, no wrapping."""
    sys.stdout.write(text + "\n")
