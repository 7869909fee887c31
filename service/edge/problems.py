"""Every error becomes `application/problem+json` (RFC 9457), FastAPI's and Starlette's own included."""

import logging
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY

from service import storage
from service.edge import peers
from service.errors import BodyTooLarge, BrokenJson, CyfraError, Fault, InvalidFields, Unavailable

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5


class PlainError(CyfraError):
    """An error of HTTP itself, that says no more than its status: RFC 9457 gives it the type `about:blank`."""

    @classmethod
    def of(cls, status: int, title: str, detail: str) -> "PlainError":
        """Return the error with a status and a title of its own."""
        made: type[PlainError] = type(cls.__name__, (cls,), {"status": status, "title": title})
        return made(detail)


class Refusal(HTTPException):
    """What a middleware refuses while a body is read: FastAPI turns every other exception there into a 400 of its own."""

    def __init__(self, problem: CyfraError) -> None:
        super().__init__(problem.status, problem.detail)
        self.problem = problem


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(CyfraError, _cyfra_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(away, _database_error)
    app.add_exception_handler(OSError, _os_error)
    app.add_exception_handler(Exception, _unexpected)


def response(request: Request, error: CyfraError) -> JSONResponse:
    """Return `error` as the reply to `request`."""
    if peers.answers(request):
        return peers.error_response(error)
    body: dict[str, Any] = {
        "type": "about:blank" if isinstance(error, PlainError) else f"/problems/{error.name}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.url.path,
    }
    if error.faults:
        body["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults]
    headers = {"Cache-Control": "no-store", **error.headers}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
        body["retry_after_seconds"] = error.retry_after_seconds
    return JSONResponse(body, status_code=error.status, headers=headers, media_type=MEDIA_TYPE)


async def _cyfra_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CyfraError)
    return response(request, error)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return response(request, BrokenJson(f"The body is not JSON: {found[0]['ctx']['error']}."))
    faults = [_fault(one) for one in found]
    return response(request, InvalidFields.of(faults))


def _fault(error: dict[str, Any]) -> Fault:
    """Turn one of pydantic's errors into a pointer and a sentence with what was received."""
    where, *path = error["loc"]
    # pydantic adds the tag of a discriminated union to the path; a JSON pointer has only keys and indices.
    names = [part for part in path if not (isinstance(part, str) and part.startswith("tag:"))]
    if where == "body":
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in names)
    else:
        pointer = ".".join(str(part) for part in names)
    detail = error["msg"].removeprefix("Value error, ")
    if error["type"] not in {"missing", "unknown_field", "value_error"}:
        detail = f"{detail}. Received: {_shortened(error['input'])}"
    return Fault(pointer, detail)


def _shortened(value: object) -> str:
    text = repr(value)  # repr also escapes what could not be encoded as UTF-8
    return text if len(text) <= 80 else f"{text[:77]}..."


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    reply = response(request, _as_cyfra_error(request, error))
    reply.headers.update(error.headers or {})
    return reply


def _as_cyfra_error(request: Request, error: HTTPException) -> CyfraError:
    if isinstance(error, Refusal):
        return error.problem
    if error.status_code == BodyTooLarge.status:
        return too_large(request)
    phrase = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"Nothing is served at {request.url.path}. The routes are listed at /docs.",
        405: f"{request.method} is not served at {request.url.path}.",
    }.get(error.status_code, str(error.detail))
    return PlainError.of(error.status_code, phrase, detail)


def too_large(request: Request) -> BodyTooLarge:
    """Return the error for the body of a request."""
    limit = request.scope.get(MAX_BODY_SIZE_SCOPE_KEY)
    received = request.headers.get("content-length", "a body that goes on")
    return BodyTooLarge(f"Received {received} bytes; this route takes at most {limit}.")


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    logger.error("the database failed: %s", error, exc_info=error)
    if storage.is_full(error, request.app.state.resources.database.file):
        return response(request, storage.full())
    # What a commit did whose answer was lost is not known; an Idempotency-Key makes trying again safe all the same.
    detail = "The database does not answer just now. Try again, with the same Idempotency-Key where you sent one."
    return response(request, Unavailable(detail, retry_after_seconds=RETRY_SECONDS))


async def _os_error(request: Request, error: Exception) -> JSONResponse:
    if not storage.is_full(error):
        raise error  # one that nobody foresaw
    logger.error("%s %s found no room on the disk: %s", request.method, request.url.path, error)
    return response(request, storage.full())


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return response(request, CyfraError("This is a fault of the service; its log says more."))
