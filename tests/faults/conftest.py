"""Sites for the faults: SQLite with the embedded broker, PostgreSQL with Redis."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests import requirements
from tests.faults.brokers import Broker, new_broker
from tests.faults.nursery import Nursery
from tests.faults.results import SMALL, Weights, history, weights
from tests.faults.rounds import end_round
from tests.workers import RunningWorker, Site

SITES = ("sqlite+embedded", "postgresql+redis")


@contextmanager
def new_site(kind: str, home: Path, **overrides: object) -> Iterator[Site]:
    """Give a service that has just been installed, without workers yet."""
    with ExitStack() as stack:
        database_url = broker_url = None
        if kind == "postgresql+redis":
            broker_url = requirements.redis_url()
            database_url = stack.enter_context(requirements.postgresql_database())
        settings = Settings(
            home=home,
            database_url=database_url,
            broker_url=broker_url,
            queue_name=f"test-{uuid.uuid4().hex}",
            lease_seconds=10,  # long enough for a machine that is busy with other things
            look_seconds=1,
            progress_seconds=0.1,
            threads=1,  # workers side by side
        ).model_copy(update=overrides)
        database = Database(settings.resolved_database_url)
        migrating.migrate(database)
        stack.callback(database.close)
        client = stack.enter_context(TestClient(create_app(settings), raise_server_exceptions=False))
        yield Site(client, settings, database)


@pytest.fixture(params=SITES)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database and broker."""
    return str(request.param)


@pytest.fixture
def site(kind: str, tmp_path: Path) -> Iterator[Site]:
    """A service that has just been installed, without workers yet."""
    with new_site(kind, tmp_path) as site:
        yield site


@pytest.fixture
def hasty_site(kind: str, tmp_path: Path) -> Iterator[Site]:
    """A site that notices a lost worker after two seconds, keeps a checkpoint five times a second, and never gives up."""
    with new_site(
        kind, tmp_path, lease_seconds=2, checkpoint_seconds=0.2, max_attempts=1000, progress_seconds=0.5, threads=1
    ) as site:
        yield site


@dataclass(frozen=True)
class Running:
    """A site with a broker of its own and two whole workers, which must live through all that happens to the broker."""

    kind: str
    site: Site
    broker: Broker
    workers: tuple[RunningWorker, RunningWorker]


@pytest.fixture(scope="package", params=SITES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site that runs; shared, because a whole worker takes ten seconds to start."""
    kind, home = str(request.param), tmp_path_factory.mktemp("running")
    with (
        new_broker(kind, home) as broker,
        # No worker dies here: a lease may be long, so that a machine that is busy with other things costs none.
        new_site(kind, home, broker_url=broker.url, lease_seconds=30) as site,
        site.worker("one") as one,
        site.worker("two") as two,
    ):
        for worker in (one, two):
            worker.wait_until_ready()
        yield Running(kind, site, broker, (one, two))


@pytest.fixture(scope="package")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where workers are forked that have Keras loaded already."""
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@dataclass(frozen=True)
class Uninterrupted:
    """What the training `SMALL` comes to when nothing happens to it."""

    weights: Weights
    history: list[dict[str, float]]
    seconds: float


@pytest.fixture(scope="package")
def uninterrupted(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    """The training that the others are compared with."""
    with new_site("sqlite+embedded", tmp_path_factory.mktemp("uninterrupted"), threads=1) as site:
        training_id = site.submit(**SMALL)
        with nursery.worker(site.settings):
            training = site.wait_for(training_id, "succeeded", "failed")
        assert training["state"] == "succeeded", training["error"]
        return Uninterrupted(weights(site, training_id), history(site, training_id), training["compute_seconds"])


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down the seed of a round that failed."""
    if report.failed:
        end_round(passed=False)
