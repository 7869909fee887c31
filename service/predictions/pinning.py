"""Which version of a model a request wants: `?version=`, or the header `X-Model-Version`."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request

from service.errors import Fault, InvalidFields

HEADER: Final = "X-Model-Version"
VERSION: Final = re.compile(r"[0-9]{1,9}|[a-z][a-z0-9._-]{0,62}")


async def wanted_version(
    request: Request,
    version: Annotated[str | None, Query(max_length=63, description="A version, an alias or `latest`")] = None,
    x_model_version: Annotated[str | None, Header(description="The same as `version`, as a header")] = None,
) -> str | None:
    """Return the version that is wanted, None for the one that serves; raise InvalidFields for two, or one malformed.

    Not a plain function: FastAPI would send each call to a thread.
    """
    if x_model_version is None:
        return version
    pins = {pin.strip() for pin in request.headers.getlist(HEADER)}
    if len(pins) > 1:
        raise _wrong(f"received {len(pins)} different versions; one is expected.")
    [pin] = pins
    if not VERSION.fullmatch(pin):
        raise _wrong(f"received {pin[:70]!r}; a number such as 3, an alias in small letters or 'latest' is expected.")
    if version is not None and version != pin:
        raise _wrong(f"received {pin!r}, but the query says version={version!r}; send one of them.")
    return pin


def _wrong(detail: str) -> InvalidFields:
    return InvalidFields.of([Fault(HEADER, detail)])


WantedVersion = Annotated[str | None, Depends(wanted_version)]
