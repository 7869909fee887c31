"""Routes that speak another server's protocol: its clients read errors as `{"error": "…"}`, not as our problems."""

from fastapi import Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from service.errors import CyfraError


class PeerRoute(APIRoute):
    """A route of another server's protocol. All that goes wrong on it, whoever notices, is told in that protocol's shape."""


def answers(request: Request) -> bool:
    """Whether the request came to such a route."""
    return isinstance(request.scope.get("route"), PeerRoute)


def error_response(error: CyfraError) -> JSONResponse:
    """Return `error` as these protocols have it, every wrong field in the one sentence."""
    detail = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in error.faults) or error.detail
    headers = {"Cache-Control": "no-store", **error.headers}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return JSONResponse({"error": detail}, status_code=error.status, headers=headers)
