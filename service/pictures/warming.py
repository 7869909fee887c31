"""The plotting library is imported in the background, once the application has started: it takes half a second, and the first
picture some more. Whoever asks for a picture before that waits only for what is left of it.
"""

import logging
import os
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Final

import numpy as np

from service import memory
from service.pictures import curves, heat_map

logger = logging.getLogger(__name__)

CACHE: Final = "MPLCONFIGDIR"
"""Where the library keeps its list of fonts. Its own default is in the user's home, which need not exist or be writable;
then it would make that list anew in each process."""


def start(home: Path) -> None:
    """Begin to make ready for the first picture; return at once. `home` is the service's, for the library's list of fonts."""
    os.environ.setdefault(CACHE, str(home.absolute() / "matplotlib"))
    _begin()


@cache
def _begin() -> Thread:
    thread = Thread(target=_draw_something, name="warming")
    thread.start()
    return thread


def _draw_something() -> None:
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # that it made its list of fonts is news for nobody
    try:
        points = tuple(curves.EpochPoint(epoch, 1.0, 0.5, 1.0, 0.5, 0.1) for epoch in (1, 2))
        for format_ in ("png", "svg"):
            heat_map.HeatMap("Ready", "for pictures", ("a", "b"), np.eye(2), False).drawn_as(format_).draw()
        curves.Curves("Ready", "for pictures", points, (), 1).drawn_as("png").draw()
    except OSError as error:  # a disk that is full, a library half removed: the first picture will say it
        logger.warning("The plotting library could not be made ready: %s", error)
    memory.give_back()
