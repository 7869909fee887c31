"""Whether a worker of this host is there: the health check of the containers that train."""

import platform
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.records.clock import seconds_from_now
from service.records.workers import Worker
from service.settings import Settings
from service.terminal.exits import FAILED, UNREACHABLE, CommandFailed

PRESENT_SECONDS: Final = 60.0
LOOKS: Final = 3


def require_worker(settings: Settings) -> str:
    """Say which worker of this host looked for work just now; raise CommandFailed if none did.

    A worker writes itself down at each of its looks, from the process that does not train, on the database's clock: the row is
    fresh only if that process lives and reaches the database. A container has a host name of its own, hence one worker.
    """
    seconds = max(PRESENT_SECONDS, LOOKS * settings.look_seconds)
    host = platform.node()
    database = Database(settings.resolved_database_url, keep_connections=False)
    try:
        with database.reading() as session:
            of_this_host = select(func.max(Worker.name)).where(Worker.name.startswith(f"{host}:", autoescape=True))
            name = session.scalar(of_this_host.where(Worker.seen_at >= seconds_from_now(-seconds)))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise CommandFailed(UNREACHABLE, f"The database does not answer: {reason}") from error
    finally:
        database.close()
    if name is None:
        raise CommandFailed(FAILED, f"No worker of {host} has looked for work in the last {seconds:g} s.")
    return f"The worker {name} looks for work."
