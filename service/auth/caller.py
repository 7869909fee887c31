"""The one dependency that answers "who is calling".

There are no keys yet, so everybody is the same caller; keys and roles will be read here and nowhere else.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends


@dataclass(frozen=True)
class Caller:
    """Somebody who calls: owner of what they create."""

    name: str


ANYBODY: Final = Caller("anybody")


async def who_is_calling() -> Caller:
    """Return the caller of this request."""
    return ANYBODY


CallerDependency = Annotated[Caller, Depends(who_is_calling)]
