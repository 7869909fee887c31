"""What is accepted, once; what is refused, in which words; lists, cancelling and deleting."""

import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from service.app import create_app
from service.database import Database
from service.records import BatchInput, PredictionBatch
from service.settings import Settings
from tests.service.batches import batching
from tests.service.batches.batching import PATH, desk, npz, png, shade, shades, submitted, zipped
from worker.batches.looking import work


@pytest.fixture(autouse=True)
def _model(database: Database) -> None:
    batching.add_model(database)


def count(database: Database, record: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(record)) or 0


def test_a_batch_is_accepted_and_can_be_read_at_its_location(client: TestClient) -> None:
    reply = client.post(PATH, params={"model": "shades"}, content=npz(x=shades(2)))

    assert (reply.status_code, reply.headers["Retry-After"]) == (202, "1")
    found = client.get(reply.headers["Location"])
    assert found.json() == reply.json()
    assert client.get(reply.headers["Location"], headers={"If-None-Match": found.headers["ETag"]}).status_code == 304
    assert client.get(reply.headers["Location"], headers={"Prefer": "wait=0"}).headers["Preference-Applied"] == "wait=0"


def test_the_same_upload_with_the_same_key_is_one_batch_whatever_its_boundary(
    client: TestClient, database: Database
) -> None:
    def send(pictures: int) -> Any:
        files = [("file", (f"{number}.png", png(shade(False)))) for number in range(pictures)]
        return client.post(PATH, params={"model": "shades"}, files=files, headers={"Idempotency-Key": "k1"})

    first, second, other = send(2), send(2), send(3)

    assert (first.status_code, second.json()) == (202, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert count(database, PredictionBatch) == count(database, BatchInput) == 1


BAD: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("nothing", {"content": b""}, 422, "no-image", "empty body"),
    ("an empty zip", {"content": zipped({})}, 422, "no-image", "no picture"),
    ("a zip that leads out", {"content": zipped({"../../etc/passwd": b"x"})}, 422, "refused-archive", "etc/passwd"),
    ("a zip in a zip", {"content": zipped({"more.zip": b"x"})}, 422, "refused-archive", "archive itself"),
    ("half a zip", {"content": zipped({"a.png": b"x" * 99})[:60]}, 422, "unreadable-archive", "whole"),
    ("a gzip of text", {"content": b"\x1f\x8b\x08\x00junk"}, 422, "unreadable-archive", "damaged"),
    ("numbers that are no pixels", {"content": npz(x=shades(2) * 7.5)}, 422, "unreadable-archive", "0 to 255"),
    ("two arrays", {"content": npz(a=shades(1), b=shades(1))}, 422, "no-image", "?array=NAME"),
    ("no such array", {"content": npz(x=shades(1)), "params": {"array": "z"}}, 422, "invalid-fields", "Valid: x"),
    ("too few labels", {"content": npz(x=shades(2), y=np.zeros(1))}, 422, "unreadable-archive", "1 labels for 2"),
    ("labels of no class", {"content": npz(x=shades(2), y=np.array([7, 8]))}, 422, "invalid-fields", "'7', '8'"),
    ("an unknown field", {"files": {"picture": b"x"}}, 422, "invalid-fields", "Valid: file"),
    ("only labels", {"files": {"labels": b"a,b"}}, 422, "no-image", "without pictures"),
    ("text", {"files": {"file": (None, b"digit.png")}}, 422, "no-image", "with the @"),
    (
        "a table of other names",
        {"files": {"file": ("a.png", png(shade(True))), "labels": b"b.png,dark"}},
        *(422, "invalid-fields", "'b.png'"),
    ),
    (
        "an archive among pictures",
        {"files": [("file", ("a.png", b"x")), ("file", ("b.zip", zipped({"a": b"x"})))]},
        *(422, "no-image", "one archive"),
    ),
    (
        "half a form",
        {"content": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc', "form": True},
        *(422, "no-image", "cut short"),
    ),
    ("no form at all", {"content": b"abc", "form": True}, 422, "no-image", "cannot be read"),
    ("no such model", {"content": npz(x=shades(1)), "params": {"model": "shade"}}, 404, "unknown-model", "shades"),
    ("no such version", {"content": npz(x=shades(1)), "params": {"version": "9"}}, 404, "unknown-version", "latest"),
    (
        "no default yet",
        {"content": npz(x=shades(1)), "params": {"model": "default"}},
        409,
        "no-model-yet",
        "quickstart",
    ),
    ("an unknown parameter", {"content": b"x", "params": {"top": "3"}}, 422, "invalid-fields", "Valid: model"),
    (
        "an unknown way",
        {"content": npz(x=shades(1)), "params": {"normalize": "sometimes"}},
        422,
        "invalid-fields",
        "never",
    ),
]


def test_what_cannot_be_a_batch_is_refused_and_leaves_nothing(
    client: TestClient, database: Database, settings: Settings
) -> None:
    for case, request_, status, problem, words in BAD:
        options = {**request_, "params": {"model": "shades", **request_.get("params", {})}}
        if options.pop("form", False):
            options["headers"] = {"Content-Type": "multipart/form-data; boundary=x"}

        reply = client.post(PATH, **options)

        assert (reply.status_code, reply.json()["type"]) == (status, f"/problems/{problem}"), (case, reply.text)
        assert words in json.dumps(reply.json(), ensure_ascii=False), case
    assert count(database, PredictionBatch) == count(database, BatchInput) == 0
    assert list((settings.home / "uploads").glob("*")) == []


def test_too_many_pictures_and_too_many_bytes_are_refused(settings: Settings, database: Database) -> None:
    small = settings.model_copy(update={"max_batch_images": 3, "max_batch_bytes": 4000})
    with TestClient(create_app(small), raise_server_exceptions=False) as client:

        def send(**options: Any) -> tuple[int, str]:
            reply = client.post(PATH, params={"model": "shades"}, **options)
            return reply.status_code, reply.json()["type"]

        assert send(content=npz(x=shades(4))) == (422, "/problems/archive-too-large")
        assert send(files=[("file", ("a", b"x"))] * 5) == (422, "/problems/archive-too-large")
        assert send(content=bytes(5000)) == (413, "/problems/body-too-large")
        assert send(content=iter([bytes(3000), bytes(3000)])) == (413, "/problems/body-too-large")


def test_batches_are_listed_newest_first_in_pages(client: TestClient) -> None:
    ids = [submitted(client, npz(x=shades(1)))["id"] for _ in range(3)]

    first = client.get(PATH, params={"limit": 2, "state": "queued"}).json()
    second = client.get(first["next"]).json()

    assert [one["id"] for one in first["batches"] + second["batches"]] == ids[::-1]
    assert second["next"] is None
    assert client.get(PATH, params={"model": "other"}).json()["batches"] == []
    assert client.get(PATH, params={"cursor": "abc"}).json()["type"] == "/problems/bad-cursor"
    assert client.get(PATH, params={"state": "done"}).status_code == 422


def test_a_queued_batch_is_cancelled_at_once_and_can_be_deleted(
    client: TestClient, database: Database, settings: Settings
) -> None:
    batch = submitted(client, npz(x=shades(1)))

    cancelled = client.post(batch["links"]["cancel"])
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert client.post(batch["links"]["cancel"]).json() == cancelled.json()
    assert count(database, BatchInput) == 0
    assert not work(desk(settings, database))
    assert client.get(f"{PATH}/{batch['id']}/results.jsonl").text == ""

    assert client.delete(batch["links"]["self"]).status_code == 204
    gone = client.get(batch["links"]["self"])
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/unknown-batch")
    assert client.delete(f"{PATH}/nonsense").status_code == 404
