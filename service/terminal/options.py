"""The options that every client command has."""

from typing import Annotated, Literal

import typer

Url = Annotated[str, typer.Option("--url", envvar="CYFRA_URL", help="Where the service is.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the service's JSON and nothing else.")]
TrainingId = Annotated[str, typer.Argument(metavar="ID", help="The training's id.")]
Normalizing = Annotated[
    Literal["auto", "always", "never"] | None,
    typer.Option(
        "--normalize", help="Lay a handwritten digit out as in MNIST: unless it is 28x28 (auto), always, or never."
    ),
]

DEFAULT_URL = "http://127.0.0.1:8000"
