"""GET /metrics: what Prometheus reads there."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from sqlalchemy import text, update

from service.database import Database
from service.metrics.process import MOST_MODELS, OTHER, ProcessMetrics
from service.records import Owner, Training, TrainingState, Worker
from service.records.clock import now, seconds_from_now
from service.records.counting import count
from service.settings import Settings
from tests.pictures import encoded
from tests.trained import Trained
from tests.waiting import wait_until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(content: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(content)
        for sample in family.samples
    }


def scraped(client: TestClient) -> Samples:
    reply = client.get("/metrics")
    assert reply.status_code == 200, reply.text
    return samples(reply.text)


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def add_training(database: Database, name: str, state: TrainingState, **columns: Any) -> None:
    with database.transaction() as session:
        session.add(
            Training(id=name, owner="anybody", state=state, spec={}, dataset="mnist-5k", **{"epochs": 1, **columns})
        )


def test_an_empty_service_has_every_figure_and_all_are_nothing(client: TestClient) -> None:
    found = scraped(client)

    for name in ("cyfra_queue_depth", "cyfra_queue_oldest_seconds", "cyfra_owners_waiting", "cyfra_workers_alive"):
        assert value(found, name) == 0, name
    for name in ("cyfra_epochs_total", "cyfra_lease_losses_total", "cyfra_checkpoints_total"):
        assert value(found, name) == 0, name
    for state in ("queued", "running", "succeeded", "failed", "cancelled", "cancelling"):
        assert value(found, "cyfra_trainings", state=state) == 0, state
    for state in ("succeeded", "failed", "cancelled"):
        assert value(found, "cyfra_trainings_ended_total", state=state) == 0, state
    assert value(found, "cyfra_database_up") == 1


def test_trainings_are_counted_by_their_state_and_the_oldest_that_waits_has_an_age(
    client: TestClient, database: Database
) -> None:
    add_training(database, "waits-long", TrainingState.QUEUED)
    add_training(database, "waits-short", TrainingState.QUEUED)
    add_training(database, "runs", TrainingState.RUNNING)
    add_training(database, "stops", TrainingState.RUNNING, cancel_requested_at=now())
    add_training(database, "done", TrainingState.SUCCEEDED)
    with database.transaction() as session:
        session.execute(
            update(Training).where(Training.id == "waits-long").values(created_at=seconds_from_now(-3600)),
            execution_options={"synchronize_session": False},
        )

    found = scraped(client)

    assert value(found, "cyfra_trainings", state="queued") == 2
    assert value(found, "cyfra_trainings", state="running") == 1
    assert value(found, "cyfra_trainings", state="cancelling") == 1
    assert value(found, "cyfra_trainings", state="succeeded") == 1
    assert value(found, "cyfra_queue_depth") == 2
    assert value(found, "cyfra_queue_oldest_seconds") == pytest.approx(3600, abs=60)


def test_owners_that_wait_and_workers_that_live_are_counted(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        session.add(Owner(name="waits", usage=0.0, next_priority=0, next_created_at=now()))
        session.add(Owner(name="idle", usage=0.0))
        session.add(Worker(name="here"))
        session.add(Worker(name="gone", seen_at=seconds_from_now(-timedelta(minutes=2).total_seconds())))

    found = scraped(client)

    assert value(found, "cyfra_owners_waiting") == 1
    assert value(found, "cyfra_workers_alive") == 1


def test_what_workers_count_is_a_counter_of_the_whole_service(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        count(session, "epochs", by=7)
        count(session, "lease_losses")
        count(session, "trainings_ended", "failed", by=2)
        count(session, "something that this program does not know", "x" * 100)

    found = scraped(client)

    assert value(found, "cyfra_epochs_total") == 7
    assert value(found, "cyfra_lease_losses_total") == 1
    assert value(found, "cyfra_trainings_ended_total", state="failed") == 2
    assert value(found, "cyfra_trainings_ended_total", state="succeeded") == 0


def test_requests_are_counted_by_route_and_clients_cannot_invent_series(client: TestClient) -> None:
    for path in ("/v1/trainings/a", "/v1/trainings/b", "/nothing/here", "/nothing/there"):
        assert client.get(path).status_code == 404
    for method in ("BREW", "BOIL"):
        client.request(method, "/livez")

    found = scraped(client)

    count_of = "cyfra_requests_seconds_count"
    assert value(found, count_of, method="GET", route="/v1/trainings/{training_id}", status="4xx") == 2
    assert value(found, count_of, method="GET", route=OTHER, status="4xx") == 2
    assert value(found, count_of, method=OTHER, route="/livez", status="4xx") == 2
    assert not any("BREW" in str(labels) or "nothing" in str(labels) for _, labels in found)


def test_models_beyond_the_hundredth_share_one_series() -> None:
    metrics = ProcessMetrics()

    for number in range(MOST_MODELS + 20):
        metrics.predicted(f"model-{number}", 0.003)
        metrics.predicted(f"model-{number}", 0.003)

    counts = {
        sample.labels["model"]: sample.value
        for family in metrics.collector.collect()
        for sample in family.samples
        if sample.name == "cyfra_prediction_seconds_count"
    }
    assert len(counts) == MOST_MODELS + 1
    assert counts["model-0"] == 2
    assert counts[OTHER] == 40


def test_predictions_are_measured_with_their_model_and_their_batch_and_unknown_models_are_not(trained: Trained) -> None:
    before = scraped(trained.client)
    picture = encoded(Image.fromarray(np.eye(28, dtype=np.uint8) * 255))
    files = [("file", (f"{number}.png", picture)) for number in range(3)]

    assert trained.client.post("/predict", files=files).status_code == 200
    assert trained.client.post("/v1/models/no-such-model/predict", files=files).status_code == 404

    found = scraped(trained.client)
    for name, labels, more in [
        ("cyfra_prediction_seconds_count", {"model": "default"}, 1),
        ("cyfra_prediction_batch_size_count", {}, 1),
        ("cyfra_prediction_batch_size_sum", {}, 3),
    ]:
        assert (value(found, name, **labels) or 0) - (value(before, name, **labels) or 0) == more, name
    assert not any(("model", "no-such-model") in labels for _, labels in found)


def test_waits_for_the_database_are_measured(client: TestClient, settings: Settings) -> None:
    assert client.post("/v1/trainings", json={"preset": "quickstart"}).status_code == 202

    found = scraped(client)

    count_of = "cyfra_database_wait_seconds_count"
    assert (value(found, count_of, what="connection") or 0) >= 1
    locks = value(found, count_of, what="write-lock")
    assert locks is not None
    assert (locks >= 1) == settings.resolved_database_url.startswith("sqlite")


def test_openmetrics_is_answered_to_whom_asks_for_it(client: TestClient) -> None:
    plain = client.get("/metrics")
    open_metrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    names = {family.name for family in parse_openmetrics(open_metrics.text)}
    assert {"cyfra_trainings", "cyfra_epochs", "cyfra_requests_seconds", "cyfra_database_wait_seconds"} <= names


@pytest.mark.parametrize(
    "accept",
    ["", ",", ";;", "*/*", "application/json", "text/plain; version=x", "application/openmetrics-text; version=abc"],
)
def test_whatever_a_scraper_says_it_accepts_it_is_answered(client: TestClient, accept: str) -> None:
    reply = client.get("/metrics", headers={"Accept": accept})

    assert reply.status_code == 200
    assert "cyfra_database_up 1" in reply.text


def test_a_scrape_without_a_database_still_answers_for_the_process(client: TestClient, database: Database) -> None:
    with database.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE workers RENAME TO gone"))

    found = scraped(client)

    assert value(found, "cyfra_database_up") == 0
    assert not any(name.startswith("cyfra_trainings") for name, _ in found)
    assert value(found, "cyfra_database_wait_seconds_count", what="connection") is not None

    with database.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO workers"))
    wait_until(lambda: value(scraped(client), "cyfra_database_up") == 1, what="a scrape with the database")


def test_every_metric_is_documented() -> None:
    from service.metrics.queries import Waiting  # noqa: PLC0415
    from service.metrics.whole import WholeService  # noqa: PLC0415

    page = (Path(__file__).parents[3] / "docs" / "observe.md").read_text()
    collectors = (ProcessMetrics().collector, WholeService({}, Waiting(0, 0.0), 0, 0, 0, {}))

    for collector in collectors:
        for family in collector.collect():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            assert f"`{name}`" in page, name
