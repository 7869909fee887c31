"""`cyfra compare`: trainings beside one another, and what each got right that another got wrong."""

from typing import Annotated

import typer

from service.terminal.asking import print_json, print_text
from service.terminal.consoles import console
from service.terminal.options import DEFAULT_URL, AsJson, Url

# Client, rich and the tables are imported in the function, as in `asking`.
# ruff: noqa: PLC0415


def compare(
    training_ids: Annotated[list[str], typer.Argument(metavar="ID ID…", help="Two to eight trainings.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Compare trainings on the same data set, and say whether a difference can be chance."""
    from cyfra import Comparison
    from service.terminal.client import Client, told
    from service.terminal.tables import compared_table

    with Client(url) as client:
        response = client.get("/v1/compare", {"training": training_ids, "examples": 5 if as_json else 0})
    if as_json:
        return print_json(response)
    found = told(Comparison, response, _connection=client.connection)
    console().print(compared_table(found.trainings))
    return print_text("\n" + "\n".join(pair.finding for pair in found.pairs))
