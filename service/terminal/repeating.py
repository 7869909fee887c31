"""`cyfra receipt` and `cyfra rerun`: what a training was made with, and the same once more."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal.asking import print_json, print_text
from service.terminal.options import DEFAULT_URL, AsJson, TrainingId, Url
from service.terminal.training import follow_silently, follow_visibly, wait_for_service

if TYPE_CHECKING:
    from service.terminal.client import Client

# Imported in the functions, as in `asking`.
# ruff: noqa: PLC0415


def receipt(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Print what a training was made with, and the hash of its weights."""
    from cyfra.following import path_of
    from service.terminal.client import Client

    with Client(url) as client:
        response = client.get(f"{path_of(training_id)}/receipt.{'json' if as_json else 'txt'}")
    return print_json(response) if as_json else print_text(response.text.rstrip())


def rerun(
    training_id: TrainingId,
    url: Url = DEFAULT_URL,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay, and say how it differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Repeat a training with the same seed. With --follow: say whether its weights are bit-equal, and if not why."""
    from service.terminal.client import Client
    from service.terminal.submitting import rerun as submit
    from service.terminal.submitting import submitted

    with Client(url) as client:
        response = submit(client, training_id, lost_sight=wait_for_service)
        if as_json and not follow:
            return print_json(response)
        again = submitted(response).id
        if not follow:
            return print_text(f"Training {again} was submitted. How it differs: cyfra rerun-difference {again}")
        if as_json:
            follow_silently(client, again)
        else:
            print_text(f"Training {again} was submitted.")
            follow_visibly(client, again)
        return _tell(client, again, as_json)


def rerun_difference(training_id: TrainingId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Say how a rerun differs from its original, by the rerun's id."""
    from service.terminal.client import Client

    with Client(url) as client:
        return _tell(client, training_id, as_json)


def _tell(client: "Client", training_id: str, as_json: bool) -> None:
    from cyfra.following import path_of

    response = client.get(f"{path_of(training_id)}/rerun.{'json' if as_json else 'txt'}")
    return print_json(response) if as_json else print_text(response.text.rstrip())
