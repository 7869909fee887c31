"""What must be so before the service starts: an address it may have, a free port, a database of this version."""

import errno
import ipaddress
import socket
from typing import Final

from pydantic import ValidationError
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from service import migrating, storage
from service.database import Database
from service.errors import DatabaseNotReady
from service.settings import Settings
from service.terminal.exits import REFUSED, UNREACHABLE, CommandFailed

OPEN_WARNING: Final = """\
WARNING: {host} can be reached from other machines, and this service has no keys: anybody who reaches it can train,
delete and predict. CYFRA_ALLOW_OPEN=1 allows that."""


def read_settings() -> Settings:
    """Read the environment; raise CommandFailed for a variable that makes no sense."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "\n".join(f"  CYFRA_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise CommandFailed(REFUSED, f"The environment holds settings that make no sense:\n{faults}") from error


def require_allowed(host: str, settings: Settings) -> str | None:
    """Return None for loopback, a warning to print for an address that others reach; refuse one not allowed."""
    if _is_loopback(host):
        return None
    if not settings.allow_open:
        raise CommandFailed(
            REFUSED,
            f"{host} can be reached from other machines, and this service has no keys: anybody could use it. "
            "Listen on 127.0.0.1, or set CYFRA_ALLOW_OPEN=1 if you mean it.",
        )
    return OPEN_WARNING.format(host=host)


def require_free(host: str, port: int) -> None:
    """Refuse a port that is taken, or an address that is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "something listens there already. Stop it, or take another port: --port"
        else:
            reason = error.strerror or str(error)
        raise CommandFailed(REFUSED, f"Cannot listen on {host}:{port}: {reason}.") from error


def free_port(host: str) -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def service_url(host: str, port: int) -> str:
    """Return the address at which this machine reaches a service that listens on `host` and `port`."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def make_ready(settings: Settings) -> str:
    """Make the home, bring the database to this version, and say what was done."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFailed(REFUSED, f"The home {settings.home} cannot be made: {error.strerror}.") from error
    with_database = Database(settings.resolved_database_url)
    try:
        was_empty = not inspect(with_database.engine).has_table("alembic_version")
        changed = migrating.migrate(with_database)
    except DatabaseNotReady as error:
        raise CommandFailed(REFUSED, error.detail) from error
    except SQLAlchemyError as error:
        raise unusable(with_database, error) from error
    finally:
        with_database.close()
    where = with_database.url.render_as_string(hide_password=True)
    if not changed:
        return f"The database {where} is at this program's version."
    return f"Made a new database: {where}" if was_empty else f"Upgraded the database {where} to {migrating.head()}."


def require_ready(settings: Settings) -> None:
    """Refuse a database of another version than this program's."""
    database = Database(settings.resolved_database_url)
    try:
        migrating.check(database)
    except DatabaseNotReady as error:
        raise CommandFailed(REFUSED, error.detail) from error
    except SQLAlchemyError as error:
        raise unusable(database, error) from error
    finally:
        database.close()


def unusable(database: Database, error: SQLAlchemyError) -> CommandFailed:
    """Return the failure that says why the database cannot be used, and what helps against a full disk."""
    reason = str(getattr(error, "orig", None) or error).strip()
    where = database.url.render_as_string(hide_password=True)
    if storage.is_full(error, database.file):
        return CommandFailed(UNREACHABLE, f"The disk of the database {where} is full ({reason}). {storage.WAY_OUT}")
    return CommandFailed(REFUSED, f"The database {where} cannot be used: {reason}")


def _is_loopback(host: str) -> bool:
    """Whether every address that `host` stands for is loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host or None, None)
    except OSError:
        return False
    return bool(host) and all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)
