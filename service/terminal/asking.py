"""The client commands that ask: lists, one training, a report, a prediction, a cancel."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal.consoles import console, error_console
from service.terminal.options import DEFAULT_URL, AsJson, Normalizing, TrainingId, Url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx
    from rich.console import RenderableType

    from service.terminal.client import Client

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
    from cyfra import Facts
    from service.terminal.client import Client, all_told
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
    found = all_told(Facts, response, "trainings")
    if not found:
        return print_text("No trainings. Start one: cyfra train --preset quickstart --follow")
    console().print(trainings_table(found))
    if response.json().get("next"):
        error_console().print(f"There are more: --limit shows more than {limit}.", style="dim")
    return None


def show(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show everything about one training."""
    from cyfra import Facts
    from service.terminal.client import Client, told
    from service.terminal.details import training_details

    with Client(url) as client:
        response = client.get(f"/v1/trainings/{training_id}")
    if as_json:
        return print_json(response)
    return console().print(training_details(told(Facts, response)))


def cancel(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Ask for the end of a training. Saying it twice does no harm."""
    from cyfra import Facts
    from service.terminal.client import Client, told

    with Client(url) as client:
        response = client.post(f"/v1/trainings/{training_id}/cancel")
    if as_json:
        return print_json(response)
    return print_text(f"Training {training_id}: {told(Facts, response).state}")


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
    normalize: Normalizing = None,
    as_json: AsJson = False,
) -> None:
    """Say what is on images."""
    from service.terminal.answers import predictions_table
    from service.terminal.client import Client, predicted

    with Client(url) as client:
        response = client.predict(files, model, top, normalize)
    if as_json:
        return print_json(response)
    return console().print(predictions_table(files, predicted(response), top))


def digits(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)],
    url: Url = DEFAULT_URL,
    model: Annotated[str | None, typer.Option(help="The model that reads; the default one if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read all digits on images: a postcode, a column of numbers, a sheet of cells."""
    from service.terminal.answers import pages_told
    from service.terminal.client import Client, pages_read

    with Client(url) as client:
        response = client.read_digits(files, model)
    if as_json:
        return print_json(response)
    return print_text(pages_told(files, pages_read(response)))


def networks(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the networks that have a name."""
    from cyfra import Network
    from service.terminal.client import all_told
    from service.terminal.tables import networks_table

    def table(client: "Client", answer: "httpx.Response") -> "RenderableType":
        return networks_table(all_told(Network, answer, "networks", _connection=client.connection))

    list_of(url, "/v1/networks", as_json, table)


def models(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the models and their versions."""
    from cyfra import Model
    from service.terminal.client import all_told
    from service.terminal.tables import models_table

    def table(client: "Client", answer: "httpx.Response") -> "RenderableType":
        return models_table(all_told(Model, answer, "models", _connection=client.connection))

    list_of(url, "/v1/models", as_json, table)


def list_of(url: str, path: str, as_json: bool, table: "Callable[[Client, httpx.Response], RenderableType]") -> None:
    from service.terminal.client import Client

    with Client(url) as client:
        response = client.get(path)
        if as_json:
            print_json(response)
        else:
            console().print(table(client, response))


def print_json(response: "httpx.Response") -> None:
    """Print the service's answer as it came."""
    sys.stdout.write(response.text.rstrip("\n") + "\n")


def print_text(text: str) -> None:
    """Print text as it is: no markup, no colours, no wrapping."""
    sys.stdout.write(text + "\n")
