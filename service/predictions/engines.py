"""ONNX Runtime sessions of this process: loaded from the database once, kept while they are used.

Which version answers for a name is asked anew in the background, twice a second for every name that was asked for within the
last minutes. So every API process follows a new version or a moved alias within a second, and no request waits for that: a
version answers only once it is loaded and has run. Everything else about a version never changes.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from service import memory
from service.database import Database
from service.errors import CyfraError
from service.images.expectation import Expectation
from service.inference.engine import Engine, Network
from service.models import operations as models
from service.models import queries
from service.records.models import DEFAULT_MODEL

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.4
RESOLVED_FOR_SECONDS: Final = 1.0
WARM_FOR_SECONDS: Final = 300.0
MEMORY_PER_BYTE: Final = 2  # a session holds the file's weights once as they are and once as its kernels want them
MEMORY_PER_SESSION: Final = 4 << 20


@dataclass(frozen=True)
class _Loaded:
    network: Network
    seconds: float
    memory: int


@dataclass
class _Resolved:
    """The engine that answers for a name and a version as asked for; when that was found out, and last asked for."""

    engine: Engine
    at: float
    used_at: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.at < RESOLVED_FOR_SECONDS


class Engines:
    """The engines of this process. Those used longest ago are dropped once all of them take more than `most_bytes`."""

    def __init__(self, database: Database, most_bytes: int) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}
        self._resolved: dict[tuple[str, str | None], _Resolved] = {}

    @contextmanager
    def following(self) -> Iterator[None]:
        """Load the default model, and follow what is asked for, in a thread that lives until the block ends."""
        is_over = threading.Event()
        thread = threading.Thread(target=self._follow, args=(is_over,), name="engines", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def known(self, name: str, version: str | None) -> Engine | None:
        """Return the engine if that takes no look into the database, else None."""
        known = self._resolved.get((name, version))
        if known is None or not known.is_fresh:
            return None
        known.used_at = time.monotonic()
        return known.engine

    def find(self, name: str, version: str | None) -> Engine:
        """Return the engine for a model's version, alias or (None) serving version.

        Raise UnknownModel, UnknownVersion, NoModelYet.
        """
        found = self.known(name, version)
        if found is not None:
            return found
        stale = self._resolved.get((name, version))
        try:
            return self._resolve(name, version, used_at=time.monotonic())
        except DBAPIError:
            if stale is None:
                raise
            return stale.engine  # what answered a second ago still does while the database is away

    async def ready(self, name: str, version: str | None) -> Engine:
        """Return the same without holding the event loop up."""
        known = self.known(name, version)
        return known if known is not None else await run_in_threadpool(self.find, name, version)

    def _follow(self, is_over: threading.Event) -> None:
        self._renew(DEFAULT_MODEL, None, used_at=time.monotonic())
        while not is_over.wait(LOOK_SECONDS):
            now = time.monotonic()
            for (name, version), known in list(self._resolved.items()):
                if now - known.used_at < WARM_FOR_SECONDS:
                    self._renew(name, version, known.used_at)

    def _renew(self, name: str, version: str | None, used_at: float) -> None:
        key = (name, version)
        try:
            self._resolve(name, version, used_at)
        except CyfraError:  # it is gone, or not there yet: who asks is told why
            with self._lock:
                self._resolved.pop(key, None)
        except DBAPIError:
            known = self._resolved.get(key)
            if known is not None:
                known.at = time.monotonic()  # nobody waits for a database that is away
        except Exception:
            # An artefact that cannot be loaded must not end the thread that all others need.
            logger.exception("the model %s cannot be loaded", name)
            time.sleep(LOOK_SECONDS)

    def _resolve(self, name: str, version: str | None, used_at: float) -> Engine:
        resolved_at = time.monotonic()
        with self._database.reading() as session:
            chosen = models.choose_version(models.find(session, name), version)
        loaded = self._network(chosen.onnx_sha256)
        engine = Engine(
            name=chosen.name,
            version=chosen.version,
            classes=tuple(chosen.classes["names"]),
            expects=Expectation(**chosen.input),
            network=loaded.network,
            seconds=loaded.seconds,
            onnx_sha256=chosen.onnx_sha256,
        )
        with self._lock:
            self._resolved[name, version] = _Resolved(engine, resolved_at, used_at)
            networks = {id(one.network) for one in self._loaded.values()}  # what was dropped must not live on here
            self._resolved = {key: one for key, one in self._resolved.items() if id(one.engine.network) in networks}
        return engine

    def _network(self, onnx_sha256: str) -> _Loaded:
        """Return the network of an ONNX artefact that something points to. Two who ask first load it once."""
        with self._lock:
            turn = self._loading.setdefault(onnx_sha256, threading.Lock())
        with turn:
            loaded = self._loaded.get(onnx_sha256) or self._load(onnx_sha256)
            with self._lock:
                self._loading.pop(onnx_sha256, None)
                self._loaded[onnx_sha256] = loaded
                self._loaded.move_to_end(onnx_sha256)
                while len(self._loaded) > 1 and sum(one.memory for one in self._loaded.values()) > self._most_bytes:
                    self._loaded.popitem(last=False)
        return loaded

    def _load(self, onnx_sha256: str) -> _Loaded:
        with self._database.reading() as reader:
            content = queries.artefact_content(reader, onnx_sha256)
        network = Network(content)
        loaded = _Loaded(network, _seconds_a_picture(network), MEMORY_PER_SESSION + MEMORY_PER_BYTE * len(content))
        del content
        memory.give_back()
        return loaded


def _seconds_a_picture(network: Network) -> float:
    began_at = time.perf_counter()
    network.run_once()
    return time.perf_counter() - began_at
