"""`cyfra batch`: what is on many pictures at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal.asking import print_json, print_text
from service.terminal.consoles import error_console
from service.terminal.options import DEFAULT_URL, AsJson, Normalizing, Url

if TYPE_CHECKING:
    from cyfra.batches import Batch
    from service.terminal.client import Client

# ruff: noqa: PLC0415 - imported where they are needed: `cyfra --help` needs no HTTP

LOOK_SECONDS = 1


def batch(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", exists=True, dir_okay=False, readable=True, help="A zip, an npz, an IDX file, or pictures."
        ),
    ],
    url: Url = DEFAULT_URL,
    labels: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A table (name,label), or an IDX file of labels.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model that answers; the default one if not given.")] = None,
    normalize: Normalizing = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the answers there: .csv or .jsonl.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is on many pictures: the workers answer, and with labels there is a report."""
    from cyfra import TrainingEnded
    from cyfra.batches import submit
    from service.terminal.client import Client, troubles_told
    from service.terminal.exits import FAILED, CommandFailed

    with Client(url) as client, troubles_told(url):
        pictures = files[0] if len(files) == 1 else files
        found = submit(
            client.connection, pictures, labels=labels, model=model, version=None, array=None, normalize=normalize
        )
        try:
            _wait(found)
        except TrainingEnded as ended:
            raise CommandFailed(FAILED, str(ended)) from ended
        if output is not None:
            found.save(output)
        if as_json:
            return print_json(client.get(f"/v1/batch-predictions/{found.id}"))
        return _tell(client, found, output)


def _wait(found: "Batch") -> None:
    from cyfra import WaitedTooLong

    with error_console().status(str(found)) as status:
        while True:
            try:
                found.wait(LOOK_SECONDS)
            except WaitedTooLong:
                status.update(str(found))
            else:
                return


def _tell(client: "Client", found: "Batch", output: Path | None) -> None:
    if found.facts.progress.labelled:
        print_text(found.report.rstrip())
    elif output is None:
        print_text(client.get(f"/v1/batch-predictions/{found.id}/results.csv").text.rstrip())
    for note in found.facts.notes:
        error_console().print(f"note: {note}", style="dim", markup=False)
    error_console().print(str(found), markup=False)
