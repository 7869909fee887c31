"""`cyfra datasets`: the data sets there are; `cyfra datasets add`: one of your own; `cyfra datasets delete`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.terminal.consoles import console, error_console
from service.terminal.exits import FAILED, CommandFailed
from service.terminal.options import DEFAULT_URL, AsJson, Url

if TYPE_CHECKING:
    import httpx
    from rich.console import RenderableType

    from cyfra import Dataset
    from service.terminal.client import Client

# Client, rich and the tables are imported in the functions: `cyfra --help` and `cyfra worker` need none of them.
# ruff: noqa: PLC0415

datasets = typer.Typer(
    help="List the data sets; add your own.",
    invoke_without_command=True,
    no_args_is_help=False,
    rich_markup_mode="rich",
)


@datasets.callback()
def list_datasets(context: typer.Context, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the data sets; `add` and `delete` your own."""
    from cyfra import Dataset
    from service.terminal.asking import list_of
    from service.terminal.client import all_told
    from service.terminal.tables import datasets_table

    if context.invoked_subcommand is not None:
        return

    def table(client: "Client", answer: "httpx.Response") -> "RenderableType":
        return datasets_table(all_told(Dataset, answer, "datasets", _connection=client.connection))

    list_of(url, "/v1/datasets", as_json, table)


@datasets.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            exists=True,
            dir_okay=False,
            readable=True,
            help="A zip of class folders, or an npz; or IDX files, pictures and labels.",
        ),
    ],
    name: Annotated[str, typer.Option("--name", "-n", help="How it will be called.")],
    size: Annotated[
        str | None, typer.Option(metavar="HEIGHTxWIDTH", help="That of most pictures if not given.")
    ] = None,
    colour: Annotated[str | None, typer.Option(help="grey or colour; the pictures tell if not given.")] = None,
    handwriting: Annotated[bool, typer.Option("--handwriting", help="Lay every picture out as MNIST does.")] = False,
    classes: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="For npz and IDX: the names of the labels.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Send a data set of your own, and wait until it is imported. Prints what was odd about it."""
    from cyfra.datasets import Datasets
    from service.terminal.asking import print_text
    from service.terminal.client import Client, troubles_told
    from service.terminal.importing import Showing

    with Client(url) as client, troubles_told(url), Showing(error_console()) as showing:
        latest = Datasets(client.connection).add(
            *files,
            name=name,
            size=size,
            colour=_colour(colour),
            handwriting=handwriting or None,
            classes=None if classes is None else classes.split(","),
            sent=showing.sent,
        )
        for latest in latest.follow():  # noqa: B020 - it goes through what it yields
            showing.imported(latest)
        answer = client.get(f"/v1/datasets/{name}") if as_json else None
    if answer is not None:
        print_text(answer.text)
    else:
        _tell(latest)
    if latest.state != "ready":
        raise CommandFailed(FAILED, f"{name} was {latest.state}: {latest.error.detail if latest.error else ''}")


@datasets.command()
def delete(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The data set's name.")], url: Url = DEFAULT_URL
) -> None:
    """Delete a data set that was sent. Reports and models of trainings on it stay."""
    from urllib.parse import quote

    from service.terminal.asking import print_text
    from service.terminal.client import Client, troubles_told

    with Client(url) as client, troubles_told(url):
        client.connection.delete(f"/v1/datasets/{quote(name, safe='')}")
    print_text(f"Deleted the data set {name}.")


def _colour(given: str | None) -> Literal["grey", "colour"] | None:
    if given is None:
        return None
    if given not in {"grey", "gray", "colour", "color"}:
        raise typer.BadParameter(f"Received {given!r}; it is grey or colour.", param_hint="--colour")
    return "grey" if given.startswith("gr") else "colour"


def _tell(found: "Dataset") -> None:
    colours = {"note": "dim", "warning": "yellow", "refusal": "red"}
    for finding in found.lint:
        console().print(str(finding), style=colours.get(finding.severity, ""), markup=False, soft_wrap=True)
    if found.state == "ready":
        console().print(str(found), markup=False, soft_wrap=True)
        example = f"cyfra train --dataset {found.name} --network NETWORK --follow"
        console().print(f"Train on it: {example}", style="dim", markup=False, soft_wrap=True)
