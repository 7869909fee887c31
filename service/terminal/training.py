"""`cyfra train`: submit a training, and follow it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal.asking import print_json, print_text
from service.terminal.consoles import console, error_console
from service.terminal.exits import FAILED, CommandFailed
from service.terminal.options import DEFAULT_URL, AsJson, Url

if TYPE_CHECKING:
    from cyfra import Facts
    from service.terminal.client import Client

# ruff: noqa: PLC0415 - imported where they are needed, so that `cyfra --help` is quick


def train(  # noqa: PLR0913, PLR0917 - an option each
    url: Url = DEFAULT_URL,
    preset: Annotated[str | None, typer.Option(help="A preset: quickstart (the default), lecture-mnist, …")] = None,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A training in JSON.")] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Any field, such as recipe.epochs=5. May be repeated."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Short for --set recipe.epochs=N.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same training.")] = None,
    register_as: Annotated[str | None, typer.Option(metavar="NAME", help="The name of the model it makes.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="To find it by. May be repeated.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay and show how it goes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Submit a training. With --follow: stay until it has ended, and fail if it does."""
    from service.terminal.client import Client
    from service.terminal.submission import build_spec
    from service.terminal.submitting import submit, submitted

    spec = build_spec(
        preset=preset,
        file=file,
        assignments=assignments or (),
        epochs=epochs,
        seed=seed,
        register_as=register_as,
        labels=label or (),
    )
    with Client(url) as client:
        response = submit(client, spec, lost_sight=wait_for_service)
        if as_json and not follow:
            return print_json(response)
        training = submitted(response)
        if as_json:
            _follow_as_json(client, training.id)
        elif follow:
            print_text(f"Training {training.id} was submitted.")
            follow_visibly(client, training.id)
        else:
            print_text(f"Training {training.id} was submitted. Look at it: cyfra show {training.id}")
    return None


def require_success(training: "Facts") -> None:
    """Raise CommandFailed for a training that ended in any other way than well."""
    if training.state == "succeeded":
        return
    error = training.error
    why = f": {error.type}. {error.detail}" if error else "."
    raise CommandFailed(FAILED, f"Training {training.id} {training.state}{why}")


def _follow_as_json(client: "Client", training_id: str) -> None:
    from service.terminal.following import follow

    *_, last = follow(client, training_id)
    print_json(client.get(f"/v1/trainings/{training_id}"))
    require_success(last)


def follow_silently(client: "Client", training_id: str) -> None:
    """Wait for a training's end; raise CommandFailed unless it is a good one."""
    from service.terminal.following import follow

    *_, last = follow(client, training_id)
    require_success(last)


def follow_visibly(client: "Client", training_id: str) -> None:
    """Show how a training goes until its end; raise CommandFailed unless it is a good one."""
    from service.terminal.details import training_details
    from service.terminal.following import follow
    from service.terminal.progress import watcher_for

    try:
        last = watcher_for(console(), client).show(follow(client, training_id, lost_sight=wait_for_service))
    except KeyboardInterrupt:
        error_console().print(f"The training goes on. Stop it: cyfra cancel {training_id}", markup=False)
        raise
    console().print(training_details(last))
    require_success(last)


def wait_for_service(trouble: CommandFailed) -> None:
    """Say that the service is away, and is asked again."""
    error_console().print(f"{trouble.message} Trying again …", markup=False)
