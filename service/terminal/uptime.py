"""`cyfra up`: the whole service under one parent."""

import os

from cyfra import Facts
from cyfra.wording import percent
from service.supervising import Supervisor
from service.terminal.client import Client
from service.terminal.exits import CommandFailed
from service.terminal.following import follow
from service.terminal.parts import Printer, service_parts, wait_until_live
from service.terminal.progress import EpochLines
from service.terminal.signals import StopAsked, stop_signals
from service.terminal.starting import make_ready, read_settings, require_allowed, require_free, service_url
from service.terminal.submission import build_spec
from service.terminal.submitting import submit, submitted


def keep_up(host: str, port: int, workers: int) -> None:
    """Run the service until a signal asks for its end. Nothing is started unless everything is as it must be."""
    settings = read_settings()
    printer = Printer()
    if warning := require_allowed(host, settings):
        printer.said(warning)
    require_free(host, port)
    printer.said(make_ready(settings))

    environment = dict(os.environ)  # passed on, not read: settings are read by service.settings alone
    supervisor = Supervisor(service_parts(host, port, workers, environment), printer)
    try:
        with stop_signals(first=supervisor.stop, second=supervisor.kill):
            try:
                supervisor.start()
                _attend(supervisor, printer, service_url(host, port))
            except StopAsked as asked:
                printer.said(f"{asked}: stopping. A second Ctrl-C kills at once.")
            finally:
                supervisor.close()
    except StopAsked:
        pass  # asked for in the moment when everything ended anyway
    printer.said("Stopped.")


def _attend(supervisor: Supervisor, printer: Printer, url: str) -> None:
    printer.said("Starting the API and one worker.")
    with Client(url) as client:
        wait_until_live(client, supervisor)
        printer.said(f"Cyfra answers at {url} (documentation: {url}/docs). Ctrl-C stops everything.")
        try:
            _begin_with_quickstart(client, printer)
        except CommandFailed as trouble:
            printer.said(trouble.message)
    supervisor.join()


def _begin_with_quickstart(client: Client, printer: Printer) -> None:
    """Submit the quickstart to a service that has no training yet, and say how it goes."""
    if client.has_trainings():
        return
    training = submitted(submit(client, build_spec(preset="quickstart")))
    printer.said(
        f"No trainings yet: the quickstart was submitted (training {training.id}). In about a minute this answers:"
    )
    printer.said(f"    curl -F file=@digit.png {client.url}/predict")
    printer.said(_outcome(EpochLines(printer.said, client).show(follow(client, training.id))))


def _outcome(training: Facts) -> str:
    if training.state == "succeeded" and training.metrics is not None:
        accuracy = percent(training.metrics.test_accuracy)
        return f"The quickstart succeeded: test accuracy {accuracy}. Its report: cyfra report {training.id}"
    error = training.error
    return f"The quickstart {training.state}" + (f": {error.detail}" if error else ".")
