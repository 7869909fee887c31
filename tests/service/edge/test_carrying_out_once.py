"""Carrying a request out once: two at the same moment, other processes, failures, kills."""

import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

import pytest
from fastapi import Response
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from service.database import Database
from service.edge.idempotency import Answer, Once
from service.edge.in_flight import InFlight
from service.errors import StillInFlight
from service.records import Artefact, IdempotentAnswer
from tests.waiting import wait_until


def count(database: Database, record: type[Any]) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(record)).one()


@pytest.fixture
def once(client: TestClient) -> Once:
    """What an endpoint is given for the key `k`."""
    return Once(client.app.state.resources, "anybody", "k", "of the request")  # type: ignore[attr-defined] # a FastAPI


def in_another_process(once: Once) -> Once:
    """The same request in a process that knows nothing of the first one but its database."""
    return replace(once, resources=replace(once.resources, in_flight=InFlight()))


def make(session: Session) -> Answer:
    """Create something."""
    name = secrets.token_hex()
    session.add(Artefact(sha256=name, size=0))
    session.flush()
    return Answer(201, {"Location": f"/{name}"}, name.encode())


@contextmanager
def halfway(once: Once) -> Iterator[tuple[Callable[[], None], "Future[Response]"]]:
    """Carry a request out in a thread, up to the moment before its commit; give what lets it go on, and its answer."""
    is_made, may_end = threading.Event(), threading.Event()

    def make_and_wait(session: Session) -> Answer:
        answer = make(session)
        is_made.set()
        assert may_end.wait(30)
        return answer

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(once.carry_out, make_and_wait)
        try:
            assert is_made.wait(30)
            yield may_end.set, first
        finally:
            may_end.set()


def test_while_the_first_request_is_in_flight_the_second_is_told_to_come_back(once: Once) -> None:
    with halfway(once) as (go_on, first):
        with pytest.raises(StillInFlight) as told:
            once.carry_out(make)
        go_on()
        made = first.result()

    assert told.value.retry_after_seconds == 1
    again = once.carry_out(make)
    assert (again.body, again.headers["idempotency-replayed"]) == (made.body, "true")


def test_other_keys_and_other_callers_are_not_told_to_come_back(once: Once, database: Database) -> None:
    others = [replace(once, key="k2"), replace(once, caller="somebody")]

    with halfway(once) as (go_on, _), ThreadPoolExecutor(2) as threads:
        made = [threads.submit(other.carry_out, make) for other in others]
        if database.is_sqlite:
            go_on()  # it has one writer: they wait for it, as for every other
        assert [answer.result(30).status_code for answer in made] == [201, 201]


def answered(once: Once) -> Response:
    """Send a request until it is not told to come back any more."""

    def answer() -> Response | None:
        with suppress(StillInFlight):
            return once.carry_out(make)
        return None

    found = wait_until(answer)
    assert found is not None
    return found


def test_another_process_makes_nothing_twice_either(once: Once, database: Database) -> None:
    other = in_another_process(once)
    with halfway(once) as (go_on, first), ThreadPoolExecutor(1) as threads:
        if database.is_sqlite:
            waiting = threads.submit(other.carry_out, make)  # for the one writer there is
            go_on()
            assert waiting.result().body == first.result().body
        else:
            with pytest.raises(StillInFlight):
                other.carry_out(make)
            go_on()
            assert answered(other).body == first.result().body

    assert count(database, Artefact) == 1


def test_a_first_request_that_fails_leaves_no_key(once: Once, database: Database) -> None:
    def fail(session: Session) -> Answer:
        make(session)
        raise RuntimeError("after everything was written")

    with pytest.raises(RuntimeError):
        once.carry_out(fail)

    assert count(database, IdempotentAnswer) == count(database, Artefact) == 0
    assert "idempotency-replayed" not in once.carry_out(make).headers
    assert once.carry_out(make).headers["idempotency-replayed"] == "true"


def test_a_first_request_whose_commit_fails_leaves_no_key(once: Once, database: Database) -> None:
    def fail_to_commit(session: Session) -> Answer:
        def refuse(_session: Session) -> None:
            raise RuntimeError("the connection is gone")

        answer = make(session)
        event.listen(session, "before_commit", refuse, once=True)
        return answer

    with pytest.raises(RuntimeError):
        once.carry_out(fail_to_commit)

    assert count(database, IdempotentAnswer) == count(database, Artefact) == 0
    assert in_another_process(once).carry_out(make).status_code == 201


HALFWAY: Final = """
import sys, time
from service.database import Database
from service.records import Artefact, IdempotentAnswer, answers

with Database(sys.argv[1]).transaction() as session:
    assert answers.hold(session, "anybody", "k")
    session.add(Artefact(sha256="thing", size=0))
    answer = IdempotentAnswer(
        caller="anybody", key="k", request_sha256="of the request", status=201, headers={}, body=b"thing"
    )
    answers.keep(session, answer)
    print("written", flush=True)
    time.sleep(60)
"""


def test_a_process_killed_before_its_commit_leaves_nothing_and_holds_nothing(
    once: Once, database: Database, database_url: str
) -> None:
    with subprocess.Popen([sys.executable, "-c", HALFWAY, database_url], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "written\n"
        first.kill()

    assert answered(once).status_code == 201
    assert count(database, Artefact) == count(database, IdempotentAnswer) == 1
    assert answered(once).headers["idempotency-replayed"] == "true"
