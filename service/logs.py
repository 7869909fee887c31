"""What the processes write to standard error: one line a record, all of them alike, whoever wrote it.

    2026-11-22T16:22:48.131Z [info     ] training 4921…: attempt 1 begins [worker.tasks] attempt=1 process=4711 training=4921…
    {"timestamp": "2026-11-22T16:22:48.131Z", "level": "info", "logger": "worker.tasks", "event": "…", "process": 4711, …}

Modules write with `logging.getLogger(__name__)`, as libraries do. `bound()` hangs what a line belongs to (a training and its
attempt, a request) on every line that is written inside its block, the lines of libraries included.
"""

import contextvars
import logging
import logging.config
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from service.settings import Settings

OURS: Final = ("service", "worker")
ACCESS_LOGGER: Final = "service.edge.observing"
ACCESS_FIELDS: Final = ("method", "path", "status", "milliseconds")


def configure(settings: Settings) -> None:
    """Let this process write as the settings say."""
    handler = StandardError()
    handler.setFormatter(formatter(settings.log_format))
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, StandardError)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    # Only the levels: to configure all of it would close what handlers there are, and absl's closes standard error with it.
    logging.config.dictConfig({"version": 1, "incremental": True, **_levels(settings, access_log=False)})
    logging.captureWarnings(capture=True)


def configuration(settings: Settings, *, access_log: bool = False) -> dict[str, Any]:
    """Return the same for `logging.config`, as uvicorn hands it to the processes it starts; `access_log`: a line a request."""
    configured = _levels(settings, access_log=access_log)
    configured["root"]["handlers"] = ["standard error"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.formatter", "log_format": settings.log_format}},
        "handlers": {"standard error": {"()": f"{__name__}.StandardError", "formatter": "line"}},
        **configured,
    }


def formatter(log_format: Literal["text", "json"]) -> logging.Formatter:
    """Return what turns a record into a line: for people, or one JSON object."""
    about: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=ACCESS_FIELDS),
        _add_time_and_process,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=about,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(log_format)],
    )


def bound(**fields: str | int) -> AbstractContextManager[None]:
    """Hang `fields` on every line written inside the block, in this thread and in those started with `with_context()`."""
    return structlog.contextvars.bound_contextvars(**fields)


def with_context(target: Callable[[], None]) -> Callable[[], None]:
    """Return `target` for a new thread, its lines carrying the fields that are bound here and now."""
    context = contextvars.copy_context()
    return lambda: context.run(target)


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at the moment: whoever replaces it (a test, a redirection) gets the lines."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # a plain attribute in the base
        """The stream of the moment."""
        return sys.stderr


def _levels(settings: Settings, *, access_log: bool) -> dict[str, dict[str, Any]]:
    """Return who writes from which level on. Below `info` only our own modules do: what libraries say there is theirs."""
    level = settings.log_level.upper()
    return {
        "root": {"level": "INFO" if level == "DEBUG" else level},
        "loggers": {
            **{name: {"level": level} for name in OURS},
            ACCESS_LOGGER: {"level": "INFO" if access_log else "WARNING"},
        },
    }


def _renderers(log_format: Literal["text", "json"]) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, _in_order, structlog.processors.JSONRenderer(default=str)]
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,  # a prettier one would print every variable, keys included
    )
    return [_escape_control_characters, console]


def _add_time_and_process(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    record: logging.LogRecord = fields["_record"]
    at = datetime.fromtimestamp(record.created, UTC)
    fields["timestamp"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields["process"] = record.process
    return fields


def _in_order(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Put first what every line has: lines are also read with the eye."""
    first = ("timestamp", "level", "logger", "event", "process")
    return {name: fields[name] for name in first} | dict(fields)


def _escape_control_characters(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Escape what could forge a line or command a terminal: much of what is logged came from a client."""
    for name, value in fields.items():
        if isinstance(value, str) and not value.isprintable():
            fields[name] = "".join(
                letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in value
            )
    return fields
