"""The one dependency that answers "who is calling".

There are no keys yet. A proxy in front that knows who is calling may say so in a header (`CYFRA_CALLER_HEADER`); it must take
the same header away from what clients send, and nothing but it may reach the service. Without such a header everybody is the
same caller, who may do everything.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from service.edge.resources import ResourcesDependency
from service.errors import BadCaller, NotAuthenticated

LONGEST_NAME: Final = 200  # as long as the columns that hold it
CALLER_PROBLEMS: Final = (BadCaller, NotAuthenticated)
"""What a route that takes `CallerDependency` can answer with because of it."""


@dataclass(frozen=True)
class Caller:
    """Somebody who calls: owner of what they create."""

    name: str
    may_prioritise: bool  # may let a training go before the others


ANYBODY: Final = Caller("anybody", may_prioritise=True)


async def who_is_calling(request: Request, resources: ResourcesDependency) -> Caller:
    """Return the caller of this request; raise NotAuthenticated or BadCaller if the proxy does not say who it is."""
    header = resources.settings.caller_header
    if header is None:
        return ANYBODY
    name = _name(request, header)
    return Caller(name, may_prioritise=name in resources.settings.priority_callers)


def _name(request: Request, header: str) -> str:
    received = [value for name, value in request.headers.raw if name == header.lower().encode()]
    if len(received) > 1:
        raise BadCaller(f"Received the header {header} {len(received)} times. The proxy in front must send it once.")
    value = received[0].strip(b" \t") if received else b""
    if not value:
        raise NotAuthenticated(
            f"The header {header} is {'empty' if received else 'missing'}. The proxy in front of the service sets it: "
            "send the request there, and sign in."
        )
    try:
        name = value.decode()
    except UnicodeDecodeError as error:
        raise BadCaller(f"Received {value[:50]!r} in the header {header}. The name must be UTF-8.") from error
    if len(name) > LONGEST_NAME:
        raise BadCaller(
            f"Received {len(name)} characters in the header {header}. A name has at most {LONGEST_NAME} characters."
        )
    if not name.isprintable():
        raise BadCaller(f"Received {name[:50]!r} in the header {header}. A name has printable characters only.")
    return name


CallerDependency = Annotated[Caller, Depends(who_is_calling)]
