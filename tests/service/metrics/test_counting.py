"""Counters that all workers raise: nothing lost, nothing counted that was rolled back."""

import threading

import pytest
from sqlalchemy import select

from service.database import Database
from service.records import Counter
from service.records.counting import count
from tests.waiting import wait_until


def counted(database: Database) -> dict[tuple[str, str], int]:
    with database.reading() as session:
        return {(row.name, row.label): row.value for row in session.scalars(select(Counter))}


def test_a_counter_begins_at_its_first_raise_and_labels_are_apart(database: Database) -> None:
    with database.transaction() as session:
        count(session, "epochs")
        count(session, "epochs", by=4)
        count(session, "trainings_ended", "failed")

    assert counted(database) == {("epochs", ""): 5, ("trainings_ended", "failed"): 1}


def test_what_is_rolled_back_is_not_counted(database: Database) -> None:
    def count_in_vain() -> None:
        with database.transaction() as session:
            count(session, "epochs")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        count_in_vain()

    assert counted(database) == {}


def test_no_raise_is_lost_when_many_count_at_once(database: Database) -> None:
    def raise_it() -> None:
        for _ in range(10):
            with database.transaction() as session:
                count(session, "epochs")

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: not any(thread.is_alive() for thread in threads))

    assert counted(database) == {("epochs", ""): 40}


@pytest.mark.parametrize("by", [0, -1])
def test_a_counter_never_falls(database: Database, by: int) -> None:
    with pytest.raises(ValueError, match=f"by={by}"), database.transaction() as session:
        count(session, "epochs", by=by)
