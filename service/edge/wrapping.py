"""Middleware that stands outside of all others, those included that answer by themselves."""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp


def wrap(app: FastAPI, around: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put what `around` makes around the whole of `app`; who wraps last is outermost.

    `add_middleware` would put it inside of those that answer 500 and 413.
    """
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: around(build())  # type: ignore[method-assign] # there is no other way in
