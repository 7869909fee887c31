"""ONNX Runtime sessions of this process: loaded from the database once, kept while they are used.

Which version answers for a name is asked again after a second, so that every API process follows a new version or a moved
alias within a second; everything else about a version never changes.
"""

import threading
import time
from collections import OrderedDict
from typing import Final

import onnxruntime
from sqlalchemy.exc import DBAPIError

from service.database import Database
from service.images.expectation import Expectation
from service.inference.engine import Engine, open_session
from service.models import operations as models
from service.models import queries

RESOLVED_FOR_SECONDS: Final = 1.0
MOST_ENGINES: Final = 8


class Engines:
    """The engines of this process, least recently used ones dropped."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, onnxruntime.InferenceSession] = OrderedDict()
        self._resolved: dict[tuple[str, str | None], tuple[float, Engine]] = {}

    def find(self, name: str, version: str | None) -> Engine:
        """Return the engine for a model's version, alias or (None) serving version.

        Raise UnknownModel, UnknownVersion, NoModelYet.
        """
        key = (name, version)
        known = self._resolved.get(key)
        if known is not None and time.monotonic() - known[0] < RESOLVED_FOR_SECONDS:
            return known[1]
        resolved_at = time.monotonic()
        try:
            with self._database.reading() as session:
                chosen = models.choose_version(models.find(session, name), version)
        except DBAPIError:
            if known is None:
                raise
            return known[1]  # what answered a second ago still does while the database is away
        engine = Engine(
            name=chosen.name,
            version=chosen.version,
            classes=tuple(chosen.classes["names"]),
            expects=Expectation(**chosen.input),
            session=self.session(chosen.onnx_sha256),
            onnx_sha256=chosen.onnx_sha256,
        )
        with self._lock:
            self._resolved[key] = (resolved_at, engine)
            loaded = set(map(id, self._loaded.values()))  # what was dropped must not live on here
            self._resolved = {key: found for key, found in self._resolved.items() if id(found[1].session) in loaded}
        return engine

    def session(self, onnx_sha256: str) -> onnxruntime.InferenceSession:
        """Return the session of an ONNX artefact that something points to."""
        with self._lock:  # two first requests load it once
            session = self._loaded.get(onnx_sha256)
            if session is None:
                with self._database.reading() as reader:
                    content = queries.artefact_content(reader, onnx_sha256)
                session = open_session(content)
                self._loaded[onnx_sha256] = session
            self._loaded.move_to_end(onnx_sha256)
            while len(self._loaded) > MOST_ENGINES:
                self._loaded.popitem(last=False)
            return session
