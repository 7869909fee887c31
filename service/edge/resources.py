"""What lives as long as the application: opened by its lifespan, closed by it, handed to endpoints by dependency."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from service.database import Database
from service.edge.in_flight import InFlight
from service.edge.turns import Turns
from service.explanations.explaining import Explaining
from service.health.checks import Checks
from service.live.streaming import Live
from service.metrics.process import ProcessMetrics
from service.metrics.scraping import Scrape
from service.pictures.keeping import Kept
from service.predictions.batching import Batches
from service.predictions.engines import Engines
from service.queue import Doorbell
from service.settings import Settings


@dataclass(frozen=True)
class Resources:
    """Everything that must be closed, and the settings it was opened with."""

    settings: Settings
    database: Database
    doorbell: Doorbell
    engines: Engines
    batches: Batches
    preparing: Turns
    metrics: ProcessMetrics
    scrape: Scrape
    checks: Checks
    live: Live
    in_flight: InFlight = field(default_factory=InFlight)
    explaining: Explaining = field(default_factory=Explaining)
    pictures: Kept = field(default_factory=Kept)

    def close(self) -> None:
        """Close all of it."""
        self.batches.close()
        self.doorbell.close()
        self.database.close()


async def resources(request: Request) -> Resources:
    """Return the application's resources. Not a plain function: FastAPI would send each call to a thread."""
    found = request.app.state.resources
    assert isinstance(found, Resources)
    return found


ResourcesDependency = Annotated[Resources, Depends(resources)]
