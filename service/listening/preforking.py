"""Several processes of the API that are forks of one which has imported it: they share what was imported.

What the API imports is most of its memory, and of the time until its first answer. uvicorn starts each process anew, so that
each imports for itself; here their parent does it once, and a page is copied only when one of them writes to it. All else is
uvicorn's: the parent starts again who died, kills who hangs, and on SIGHUP replaces one after another.
"""

import gc
import multiprocessing
import os
import signal
from importlib import import_module
from typing import Final

import uvicorn
from uvicorn import _subprocess as starting
from uvicorn.supervisors import Multiprocess

from service import memory

FORK: Final = "fork"


def run(config: uvicorn.Config, imported: str) -> None:
    """Run `config.workers` processes until a signal asks for the end; each has the module `imported` from its parent.

    On a system without `fork` each process imports for itself, as uvicorn has it.
    """
    if FORK in multiprocessing.get_all_start_methods():
        import_module(imported)
        os.register_at_fork(after_in_child=_forget_signals)
        gc.collect()
        memory.give_back()
        gc.freeze()  # else a collection in a fork writes to, and so copies, every page that holds an object
        starting.spawn = multiprocessing.get_context(FORK)  # type: ignore[assignment] # uvicorn has no setting for it
    Multiprocess(config, [config.bind_socket()]).run()


def _forget_signals() -> None:
    """Let signals end a fork until its server handles them: the parent's handlers leave a note that nobody reads here."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
