"""A service of its own for the length of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cyfra import Facts
from service.settings import Settings
from service.supervising import Supervisor
from service.terminal.client import Client
from service.terminal.consoles import error_console
from service.terminal.exits import FAILED, CommandFailed
from service.terminal.following import follow
from service.terminal.parts import MOST_QUICK_DEATHS, Recorder, environment_apart, service_parts, wait_until_live
from service.terminal.signals import StopAsked, stop_signals
from service.terminal.starting import free_port, make_ready, service_url

HOST: Final = "127.0.0.1"
PATIENCE_SECONDS: Final = 60.0  # a worker that is stopped keeps its training's state first
KEPT_HOURS: Final = "8760"  # a run may be continued for so long


@dataclass(frozen=True)
class Service:
    """A service that answers; `supervisor` has its parts, None where somebody else runs it."""

    client: Client
    supervisor: Supervisor | None = None

    def follow(self, training_id: str) -> Iterator[Facts]:
        """Yield the training at every look until it has ended; raise CommandFailed if our worker does not start."""
        for training in follow(self.client, training_id):
            if self.supervisor is not None and self.supervisor.quick_deaths("worker") >= MOST_QUICK_DEATHS:
                raise CommandFailed(FAILED, "The worker does not start.")
            yield training


@contextmanager
def service_at(home: Path) -> Iterator[Service]:
    """Give a service that keeps its state in `home`; stop it at the end of the block, or at a signal.

    Raises:
        CommandFailed: If it does not start, or if a signal asks for the end.
    """
    port, recorder = free_port(HOST), Recorder()
    environment = {**environment_apart(home), "CYFRA_IDEMPOTENCY_HOURS": KEPT_HOURS}
    supervisor = Supervisor(service_parts(HOST, port, 1, environment), recorder, patience_seconds=PATIENCE_SECONDS)
    with stop_signals(first=supervisor.stop, second=supervisor.kill):
        try:
            make_ready(Settings(home=home, database_url=None, broker_url=None))
            supervisor.start()
            with Client(service_url(HOST, port)) as client:
                wait_until_live(client, supervisor)
                yield Service(client, supervisor)
        except StopAsked as asked:
            raise CommandFailed(
                asked.exit_code, f"Interrupted. The same command with --home {home} goes on."
            ) from asked
        except CommandFailed:
            error_console().out("What the service wrote:", *recorder.lines(), sep="\n", highlight=False)
            raise
        finally:
            supervisor.close()
