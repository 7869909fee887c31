"""The commands that run the service: up, api, worker, migrate."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Annotated, NoReturn

import typer

from service.terminal.consoles import error_console
from service.terminal.exits import FAILED, OK

# ruff: noqa: PLC0415 - imported where they are needed: the worker must not pay for the API's libraries, nor --help for any

Host = Annotated[str, typer.Option(help="The address to listen on. Others than loopback need CYFRA_ALLOW_OPEN=1.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]
Workers = Annotated[int, typer.Option(min=1, help="How many processes answer requests.")]

GRACEFUL_SHUTDOWN_SECONDS = 15


def up(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """Run the whole service here, API and one worker, until Ctrl-C. An empty one starts the quickstart training."""
    from service.terminal.uptime import keep_up

    keep_up(host, port, workers)


def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 1,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
) -> None:
    """Run the API alone."""
    from service.terminal.starting import read_settings, require_allowed, require_ready

    settings = read_settings()
    if warning := require_allowed(host, settings):
        error_console().print(warning, style="bold red", markup=False)
    require_ready(settings)

    import uvicorn

    from service import logs
    from service.listening import preforking
    from service.listening.fairly import CountedProtocol
    from service.listening.heads import BoundedProtocol
    from service.metrics.folders import shared_folder

    signal.signal(signal.SIGTERM, _end_well)
    config = uvicorn.Config(
        "service.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="service.listening.fairly:FairLoop" if workers > 1 else "uvloop",
        http=CountedProtocol if workers > 1 else BoundedProtocol,
        access_log=False,  # ours says more: see service.edge.observing
        log_config=logs.configuration(settings, access_log=access_log),
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_SECONDS,
    )
    with suppress(KeyboardInterrupt):  # it has stopped, in good order
        if workers == 1:
            server = uvicorn.Server(config)
            server.run()
            if not server.started:
                sys.exit(FAILED)
            return
        with shared_folder(settings.home) as told:
            os.environ |= told  # before the application is imported, for a library that reads it then
            preforking.run(config, "service.app")


def _end_well(_number: int, _frame: FrameType | None) -> NoReturn:
    """End with 0: uvicorn, once it has stopped, sends itself the signal that stopped it, and SIGTERM is no failure."""
    sys.exit(OK)


def worker(
    check: Annotated[
        bool,
        typer.Option("--check", help="Run none: say whether one of this host looks for work, else exit with 1 or 3."),
    ] = False,
) -> None:
    """Run one worker: it trains whatever is queued."""
    if check:
        _check_worker()
        return
    sys.stdout.flush()
    # A new program, not an import: the service knows no TensorFlow, and the worker no terminal.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "worker.app"])  # noqa: S606 - our own


def _check_worker() -> None:
    from service.terminal.asking import print_text
    from service.terminal.presence import require_worker
    from service.terminal.starting import read_settings

    print_text(require_worker(read_settings()))


def migrate() -> None:
    """Bring the database to this program's version."""
    from service import logs
    from service.terminal.asking import print_text
    from service.terminal.starting import make_ready, read_settings

    settings = read_settings()
    logs.configure(settings)
    print_text(make_ready(settings))


def demo() -> None:
    """Show everything once: train on handwritten digits, print the report, classify a digit with curl, clean up."""
    from service.terminal.demo import run_demo

    run_demo()
