"""`python -m worker.batches`: answers batches until its standard input ends, which is when its parent stops or dies."""

import logging
import os
import signal
import sys
import threading

from service import logs
from service.database import Database
from service.settings import Settings
from worker import presence
from worker.batches.looking import Desk, look_again_and_again

logger = logging.getLogger("worker.batches")


def main() -> None:
    """Look for batches; a batch in hand is given back at the end."""
    # Service managers send signals to all processes of a group at once: the parent hears them, and closes the pipe.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    settings = Settings()
    logs.configure(settings)
    stopped = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(stopped,), name="parent", daemon=True).start()
    database = Database(settings.resolved_database_url)
    try:
        look_again_and_again(Desk(settings, database, presence.name_of(os.getpid()), stopped.is_set), stopped)
    finally:
        database.close()


def _wait_for_the_end(stopped: threading.Event) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    stopped.set()


if __name__ == "__main__":
    main()
