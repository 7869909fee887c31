"""One scrape: the whole service's figures and the processes', written as Prometheus reads them."""

import logging
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.metrics.process import ProcessMetrics
from service.metrics.whole import Unknown, WholeService
from service.probing import NoAnswer, Probe

logger = logging.getLogger(__name__)


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
        write, media_type = choose_encoder(accept)
        registry = CollectorRegistry()
        registry.register(whole)
        registry.register(self._process.collector)
        return Scraped(write(registry), media_type)
