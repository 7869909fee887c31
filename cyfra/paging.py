"""Lists that come in pages."""

from collections.abc import Iterator, Mapping
from typing import cast

from cyfra.connection import Connection, Query
from cyfra.problems import NotCyfra


def pages(connection: Connection, path: str, query: Query) -> Iterator[Mapping[str, object]]:
    """Yield each page of a list, as JSON; the next one is asked for when it is wanted."""
    address: str | None = path
    asked: Query | None = query
    while address is not None:
        page = connection.json(address, asked)
        if not isinstance(page, dict):
            raise NotCyfra(f"{path} should answer with a page of a list: is that a Cyfra service?")
        yield page
        address, asked = cast("str | None", page.get("next")), None  # the address of the next page holds the query
