"""One scrape: the whole service's figures and the processes', written as Prometheus reads them."""

import logging
from dataclasses import dataclass
from typing import Final

from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.metrics.process import ProcessMetrics
from service.metrics.whole import Unknown, WholeService
from service.probing import NoAnswer, Probe

logger = logging.getLogger(__name__)

OPENMETRICS: Final = "application/openmetrics-text"


@dataclass(frozen=True)
class Scraped:
    """The text, and its media type: plain, or OpenMetrics where it was asked for."""

    content: bytes
    media_type: str


class Scrape:
    """Answers scrapes. However many ask, the database is asked once a second."""

    def __init__(self, process: ProcessMetrics, database: Database) -> None:
        self._process = process
        self._whole = Probe("metrics", lambda: WholeService.read(database))

    async def answer(self, accept: str) -> Scraped:
        """Return all figures in the format that `accept` prefers; without a database, those of the processes."""
        whole: Collector
        try:
            whole = await self._whole.answer()
        except (SQLAlchemyError, NoAnswer) as error:
            logger.warning("a scrape goes without the database's figures: %s", error)
            whole = Unknown()
        return await run_in_threadpool(self._written, whole, accept)

    def _written(self, whole: Collector, accept: str) -> Scraped:
        registry = CollectorRegistry()
        registry.register(whole)
        registry.register(self._process.collector)
        if accepts_openmetrics(accept):
            written: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
            return Scraped(written, openmetrics.CONTENT_TYPE_LATEST)
        return Scraped(generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4)


def accepts_openmetrics(accept: str) -> bool:
    """Whether a scraper takes OpenMetrics: one that does prefers it.

    prometheus_client's own `choose_encoder` (0.26) raises TypeError for a version that is no number, and anybody can send one.
    """
    return any(kind.partition(";")[0].strip().lower() == OPENMETRICS for kind in accept.split(","))
