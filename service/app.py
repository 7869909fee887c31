"""The ASGI application: `create_app()`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service import migrating
from service.advice.endpoints import router as advice
from service.batches import endpoints as batches
from service.comparisons.endpoints import router as comparisons
from service.database import Database
from service.datasets.endpoints import router as datasets
from service.datasets.endpoints import uploads
from service.edge import problems
from service.edge.documenting import document_problems
from service.edge.observing import Observing
from service.edge.refusals import ExplainingRefusals
from service.edge.resources import Resources
from service.edge.stopping import told_by_signals
from service.edge.turns import Turns
from service.edge.uploading import Uploads
from service.edge.wrapping import wrap
from service.explanations.endpoints import router as explanations
from service.health.checks import Checks
from service.health.endpoints import router as health
from service.live.endpoints import router as live
from service.live.streaming import Live
from service.live.watching import Watcher
from service.metrics.endpoints import router as metrics_router
from service.metrics.process import ProcessMetrics
from service.metrics.scraping import Scrape
from service.models.endpoints import router as models
from service.networks.endpoints import router as networks
from service.pictures import warming
from service.predictions.batching import Batches
from service.predictions.endpoints import router as predictions
from service.predictions.engines import Engines
from service.predictions.express import Express
from service.protocols.mlflow.endpoints import router as mlflow
from service.protocols.open_inference.endpoints import router as open_inference
from service.protocols.tensorflow_serving.endpoints import router as tensorflow_serving
from service.queue import Doorbell
from service.receipts.endpoints import router as receipts
from service.reports.endpoints import router as reports
from service.settings import Settings
from service.trainings.endpoints import presets
from service.trainings.endpoints import router as trainings
from service.web.endpoints import router as web

logger = logging.getLogger(__name__)

MOST_PREPARING: Final = 256
DESCRIPTION: Final = """
Train convolutional image classifiers and ask them what is on a picture.

    curl -H 'Content-Type: application/json' -d '{"preset": "quickstart"}' http://127.0.0.1:8000/v1/trainings
    curl -F file=@digit.png http://127.0.0.1:8000/predict

Every error is `application/problem+json` (RFC 9457) and says what was received and what would work.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; it opens what it needs when it starts, and closes it when it stops."""
    settings = settings or Settings()
    metrics = ProcessMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.resolved_database_url, on_wait=metrics.waited)
        migrating.check(database)
        doorbell = Doorbell(settings)
        engines = Engines(database, settings.max_engine_bytes)
        resources = Resources(
            settings,
            database,
            doorbell,
            engines,
            Batches(settings.max_waiting_pictures, metrics.batched),
            Turns("pictures", settings.decoding_threads, MOST_PREPARING),
            metrics,
            Scrape(metrics, database),
            Checks(settings, database, doorbell),
            Live(Watcher(database), metrics, most_viewers=settings.max_viewers, ping_seconds=settings.ping_seconds),
        )
        app.state.resources = resources
        try:
            with told_by_signals() as app.state.stopping, engines.following():
                async with resources.live.watcher.open(app.state.stopping):
                    warming.start(settings.home)
                    yield
        finally:
            resources.close()

    app: FastAPI = FastAPIOffline(  # its /docs loads nothing from other hosts
        title="Cyfra",
        version=version("cyfra"),
        summary="A training-and-inference service for image classifiers",
        description=DESCRIPTION,
        lifespan=lifespan,
        max_body_size=settings.max_json_bytes,
        redoc_url=None,
    )
    problems.install(app)
    wrap(app, lambda wrapped: Uploads(wrapped, settings.max_held_bytes))
    wrap(app, lambda wrapped: Express(wrapped, lambda: app.state.resources))
    wrap(app, ExplainingRefusals)
    wrap(app, lambda wrapped: Observing(wrapped, metrics))
    for router in (trainings, live, reports, advice, comparisons, datasets, networks, models, health, metrics_router):
        app.include_router(router)
    app.include_router(receipts)
    app.include_router(batches.reading)
    app.include_router(batches.submitting, max_body_size=settings.max_batch_bytes)
    app.include_router(presets)
    app.include_router(web)
    for router in (predictions, explanations, open_inference, tensorflow_serving, mlflow):
        app.include_router(router, max_body_size=settings.max_upload_bytes)
    app.include_router(uploads, max_body_size=settings.max_dataset_bytes)
    document_problems(app)
    return app
