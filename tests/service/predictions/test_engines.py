"""Engines are loaded once, follow the database, and stay within their memory."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from service.database import Database
from service.errors import UnknownModel
from service.predictions.engines import Engines
from tests.trained import Trained
from tests.waiting import wait_until


@pytest.fixture
def database(trained: Trained) -> Iterator[Database]:
    database = Database(trained.settings.resolved_database_url)
    yield database
    database.close()


def test_the_default_model_is_ready_before_anybody_asks(database: Database) -> None:
    engines = Engines(database, 1 << 30)

    assert engines.known("default", None) is None
    with engines.following():
        wait_until(lambda: engines.known("default", None) is not None, 30, "the default model")


def test_what_is_asked_for_is_kept_fresh_without_asking_the_database_in_a_request(database: Database) -> None:
    engines = Engines(database, 1 << 30)
    first = engines.find("default", "1")

    with engines.following():
        looked_at = engines._resolved["default", "1"].at
        wait_until(lambda: engines._resolved["default", "1"].at > looked_at, 30, "another look")

        assert engines.known("default", "1") is not None
    assert engines.find("default", "1").network is first.network


def test_two_who_ask_first_load_a_model_once(database: Database) -> None:
    engines, found = Engines(database, 1 << 30), []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        found.append(engines.find("default", None))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(engine.network) for engine in found}) == 1


def test_the_one_used_longest_ago_is_dropped_when_memory_is_used_up(trained: Trained, database: Database) -> None:
    training_id = trained.submit(preset="quickstart", recipe={"epochs": 1}, register_as="another")
    trained.work()
    assert trained.client.get(f"/v1/trainings/{training_id}").json()["state"] == "succeeded"
    engines = Engines(database, most_bytes=1)

    first = engines.find("default", None)
    engines.find("another", None)

    assert engines.known("another", None) is not None
    assert engines.known("default", None) is None, "its session would live on"
    assert engines.find("default", None).network is not first.network


def test_an_unknown_model_is_told_of(database: Database) -> None:
    with pytest.raises(UnknownModel):
        Engines(database, 1 << 30).find("nobody", None)


def test_what_answered_still_does_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = Engines(database, 1 << 30)
    engine = engines.find("default", None)
    engines._resolved["default", None].at -= 3600

    def away() -> None:
        raise OperationalError("SELECT 1", {}, OSError("gone"))

    monkeypatch.setattr(database, "reading", away)

    assert engines.find("default", None) is engine
    with engines.following():
        wait_until(lambda: engines.known("default", None) is engine, 30, "it to count as fresh")
