"""What the processes write: one line a record, in one format, with what it belongs to."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service import logs, migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written() -> Iterator[Lines]:
    """What our modules have written, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter("json"))
    ours = logging.getLogger("service")
    ours.addHandler(handler)
    before, access = ours.level, logging.getLogger(logs.ACCESS_LOGGER)
    access_before = access.level
    ours.setLevel(logging.INFO)
    access.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    ours.removeHandler(handler)
    ours.setLevel(before)
    access.setLevel(access_before)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path)
    database = Database(settings.resolved_database_url)
    migrating.migrate(database)
    database.close()
    app = create_app(settings)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a fault of ours")

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def text_of(message: str, **extra: Any) -> str:
    record = logging.LogRecord("service.x", logging.WARNING, __file__, 1, message, (), None)
    record.__dict__.update(extra)
    return logs.formatter("text").format(record)


def test_every_line_says_when_how_important_who_and_what(written: Lines) -> None:
    logging.getLogger("service.somewhere").warning("the %s is low", "disk")

    (line,) = written()

    assert list(line) == ["timestamp", "level", "logger", "event", "process"]
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["logger"], line["event"]) == ("warning", "service.somewhere", "the disk is low")
    assert line["process"] == os.getpid()


def test_a_traceback_is_one_field_of_one_line(written: Lines) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("service.somewhere").exception("it failed")

    (line,) = written()
    assert "ValueError: two\nlines" in line["exception"]
    assert line["event"] == "it failed"


def test_what_is_bound_is_on_the_lines_of_the_block_and_of_its_threads_and_on_no_other(written: Lines) -> None:
    logger = logging.getLogger("service.somewhere")

    with logs.bound(training="t1", attempt=2):
        thread = threading.Thread(target=logs.with_context(lambda: logger.warning("beats")))
    thread.start()  # its context is that of the moment when it was made
    thread.join()
    logger.warning("afterwards")

    beats, afterwards = written()
    assert (beats["training"], beats["attempt"]) == ("t1", 2)
    assert "training" not in afterwards


def test_text_for_people_is_one_line_that_nobody_can_forge() -> None:
    line = text_of("file 'a\n2026-01-01 [info] all is well\x1b[2J' is bad", path="/a\r\nb")

    assert "\n" not in line
    assert "\x1b" not in line
    assert "[warning" in line
    assert "file 'a\\n2026-01-01" in line
    assert "ready to train" in text_of("Keras is loaded on tensorflow; ready to train")


def test_a_request_gets_an_id_that_is_on_its_answer_and_on_its_lines(api: TestClient, written: Lines) -> None:
    reply = api.get("/v1/trainings/no-such-one", headers={"X-Request-ID": "lms-42:a.b/c=d"})

    assert reply.status_code == 404
    assert reply.headers.get_list("x-request-id") == ["lms-42:a.b/c=d"]
    (line,) = written()
    assert line["request"] == "lms-42:a.b/c=d"
    assert (line["event"], line["method"], line["path"], line["status"]) == (
        "answered",
        "GET",
        "/v1/trainings/no-such-one",
        404,
    )
    assert 0 < line["milliseconds"] < 60_000


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/livez", b"", 200),
        ("GET", "/nothing", b"", 404),
        ("PATCH", "/v1/trainings", b"", 405),
        ("POST", "/v1/trainings", b"{", 422),
        ("POST", "/v1/trainings", b"x" * (2 << 20), 413),
        ("GET", "/broken", b"", 500),
    ],
)
def test_every_answer_carries_an_id_whoever_gave_it(
    api: TestClient, written: Lines, method: str, path: str, content: bytes, status: int
) -> None:
    reply = api.request(method, path, content=content, headers={"Content-Type": "application/json"})

    assert reply.status_code in {status, 400}
    assert len(reply.headers["x-request-id"]) == 16
    assert {line["request"] for line in written()} == {reply.headers["x-request-id"]}
    assert written()[-1]["status"] == reply.status_code


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        "a b",
        "a\tb",
        "x" * 129,
        "<script>",
        'a"b',
        "a\\b",
        "{jndi:ldap://x}",
        "\u00e9".encode(),
        b"a\x00b",
        "-rf",
    ],
)
def test_a_hostile_id_is_replaced(api: TestClient, hostile: str | bytes) -> None:
    reply = api.get("/livez", headers=[(b"X-Request-ID", hostile if isinstance(hostile, bytes) else hostile.encode())])

    assert reply.status_code == 200
    assert reply.headers["x-request-id"].isalnum()
    assert len(reply.headers["x-request-id"]) == 16


def test_two_ids_in_one_request_are_none(api: TestClient) -> None:
    reply = api.get("/livez", headers=[("X-Request-ID", "first"), ("X-Request-ID", "second")])

    assert reply.headers.get_list("x-request-id") != ["first"]
    assert len(reply.headers["x-request-id"]) == 16


def test_a_path_is_logged_as_it_came(api: TestClient, written: Lines) -> None:
    api.get("/a%0Ab%1B[2J?key=secret")

    (line,) = written()
    assert line["path"].startswith("/a%0Ab%1B")
    assert "secret" not in str(line)


def test_a_fault_is_logged_with_its_request(api: TestClient, written: Lines) -> None:
    reply = api.get("/broken", headers={"X-Request-ID": "fails-here"})

    assert reply.headers["content-type"] == "application/problem+json"
    fault, answered = written()
    assert "a fault of ours" in fault["exception"]
    assert (fault["request"], answered["status"]) == ("fails-here", 500)


SPEAK = """
import logging, warnings
from service import logs
from service.settings import Settings

logs.configure(Settings())
for name in ("service.x", "worker.x", "uvicorn.error", "celery.worker", "alembic.runtime", "sqlalchemy.engine"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, name)
warnings.warn("old", DeprecationWarning)
"""


def spoken(**settings: str) -> list[dict[str, Any]]:
    environment = {name: found for name, found in os.environ.items() if not name.startswith("CYFRA_")}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", SPEAK],
        env=environment | settings,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize(
    ("level", "ours", "uvicorn"),
    [
        ("debug", ["debug", "info", "warning"], ["info", "warning"]),
        ("info", ["info", "warning"], ["info", "warning"]),
        ("warning", ["warning"], ["warning"]),
        ("error", [], []),
    ],
)
def test_libraries_write_in_the_same_format_and_the_level_is_the_settings(
    level: str, ours: list[str], uvicorn: list[str]
) -> None:
    found = spoken(CYFRA_LOG_FORMAT="json", CYFRA_LOG_LEVEL=level)

    def levels(name: str) -> list[str]:
        return [line["level"] for line in found if line["logger"] == name]

    assert levels("service.x") == levels("worker.x") == ours
    assert levels("uvicorn.error") == levels("celery.worker") == uvicorn
    assert levels("py.warnings") == (["warning"] if level != "error" else [])
