"""Every way in which a call can fail.

    CyfraError
    ├── BadAddress            what was given is no address of a service
    ├── Unreachable           nobody answers there
    ├── NotCyfra              something answers, but not as Cyfra does
    ├── BadPicture            what was given to be predicted is no picture
    ├── TrainingEnded         a training that was waited for failed or was cancelled
    ├── NotImported           a data set that was waited for was refused, or could not be imported
    ├── WaitedTooLong         it has not ended within the time that was given
    └── Problem               the service refused (RFC 9457): `status`, `title`, `detail`, `errors`, …
        ├── BadRequest 400, NotAuthenticated 401, NotAllowed 403, NotFound 404, Conflict 409, BodyTooLarge 413,
        │   WrongContentType 415, Unprocessable 422, DatasetUnavailable 424, TooManyRequests 429
        └── ServiceTrouble 5xx
            ├── Unavailable 502, 503, 504
            └── StorageFull 507

The text of each says what was received and what would work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import httpx


class CyfraError(Exception):
    """The root."""


class BadAddress(CyfraError, ValueError):
    """What was given is no address of a service."""


class Unreachable(CyfraError, ConnectionError):
    """Nobody answers at the service's address. `reason` says what happened instead."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"No service at {url} ({reason}). Start one with `cyfra up`, or say where it is.")
        self.reason = reason


class NotCyfra(CyfraError):
    """Something answers at the address, but not as Cyfra does."""


class BadPicture(CyfraError, ValueError):
    """What was given to be predicted is no picture."""


class TrainingEnded(CyfraError):
    """A training that was waited for failed, or was cancelled. `state` and `reason` say which and why."""

    def __init__(self, message: str, *, state: str, reason: str | None) -> None:
        super().__init__(message)
        self.state = state
        self.reason = reason


class NotImported(CyfraError):
    """A data set that was waited for was refused, or could not be imported. `state` and `reason` say which and why."""

    def __init__(self, message: str, *, state: str, reason: str | None) -> None:
        super().__init__(message)
        self.state = state
        self.reason = reason


class WaitedTooLong(CyfraError, TimeoutError):
    """A training, or the import of a data set, has not ended within the time that was given. It goes on."""


@dataclass(frozen=True)
class Fault:
    """One wrong field: `pointer` is a JSON pointer into what was sent, or the name of a query parameter or header."""

    pointer: str
    detail: str


class Problem(CyfraError):
    """The service answered with a problem (RFC 9457).

    Attributes:
        status: The HTTP status, such as 422.
        type: What kind of problem it is, such as `/problems/invalid-fields`.
        title: The same in words.
        detail: What was received, and what would work.
        errors: Each wrong field, where fields are wrong.
        instance: The path that was asked.
        retry_after_seconds: When asking again makes sense, if the service knows.
    """

    def __init__(
        self,
        status: int,
        *,
        type: str = "about:blank",  # noqa: A002 - the field's name in RFC 9457
        title: str = "",
        detail: str = "",
        instance: str = "",
        errors: tuple[Fault, ...] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        self.status = status
        self.type = type
        self.title = title or "The service refused"
        self.detail = detail
        self.instance = instance
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [f"{self.title} ({self.status}). {self.detail}".rstrip()]
        if len(self.errors) != 1 or self.errors[0].detail not in self.detail:  # the detail tells the only one
            lines += [f"  {fault.pointer}: {fault.detail}".replace("  : ", "  ") for fault in self.errors]
        return "\n".join(lines)


class BadRequest(Problem):
    """400: the request could not be read."""


class NotAuthenticated(Problem):
    """401: nobody says who is calling."""


class NotAllowed(Problem):
    """403: the caller may not do this."""


class NotFound(Problem):
    """404: there is nothing of that name."""


class Conflict(Problem):
    """409: not in this state, such as a report that is not there yet."""


class BodyTooLarge(Problem):
    """413: more was sent than is taken."""


class WrongContentType(Problem):
    """415: the content type is not one that is read there."""


class Unprocessable(Problem):
    """422: some fields are wrong (`errors` names each), or the picture could not be read."""


class DatasetUnavailable(Problem):
    """424: the data set is neither on the service's machine nor to be had."""


class TooManyRequests(Problem):
    """429: wait for `retry_after_seconds`."""


class ServiceTrouble(Problem):
    """5xx: a fault of the service."""


class Unavailable(ServiceTrouble):
    """502, 503, 504: not just now."""


class StorageFull(ServiceTrouble):
    """507: the service has no room left to write."""


KINDS: Final[Mapping[int, type[Problem]]] = {
    400: BadRequest,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: BodyTooLarge,
    415: WrongContentType,
    422: Unprocessable,
    424: DatasetUnavailable,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    507: StorageFull,
}


def problem_of(response: httpx.Response) -> Problem:
    """Return the problem that an answer tells of; one from something in between (a proxy) has only its status and text."""
    body = _object(response)
    status = response.status_code
    kind = KINDS.get(status, ServiceTrouble if status >= 500 else Problem)
    return kind(
        status,
        type=str(body.get("type") or "about:blank"),
        title=str(body.get("title") or response.reason_phrase),
        detail=str(body.get("detail") or "") if body else response.text[:500].strip(),
        instance=str(body.get("instance") or response.request.url.path),
        errors=_faults(body.get("errors")),
        retry_after_seconds=retry_after(response),
    )


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of the header `Retry-After`; None without one, or for a date."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _object(response: httpx.Response) -> Mapping[str, object]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return cast("Mapping[str, object]", body) if isinstance(body, dict) else {}


def _faults(errors: object) -> tuple[Fault, ...]:
    if not isinstance(errors, list):
        return ()
    return tuple(
        Fault(str(one.get("pointer", "")), str(one.get("detail", ""))) for one in errors if isinstance(one, dict)
    )
