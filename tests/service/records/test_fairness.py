"""What an owner has computed, decaying by half a day by day, kept so that its order can be indexed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.database import Database
from service.records import Owner, Training, TrainingState, fairness
from service.records.fairness import LANDMARK, NOTHING, added, decayed_seconds

DAY = timedelta(days=1)


def test_what_was_computed_a_day_ago_counts_half() -> None:
    usage = added(NOTHING, 600, LANDMARK + 300 * DAY)

    assert decayed_seconds(usage, LANDMARK + 300 * DAY) == pytest.approx(600)
    assert decayed_seconds(usage, LANDMARK + 301 * DAY) == pytest.approx(300)
    assert decayed_seconds(usage, LANDMARK + 302 * DAY) == pytest.approx(150)


@given(
    st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 1e6)), max_size=20),
    st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 1e6)), max_size=20),
    st.floats(5000, 5010),
)
def test_the_logarithm_orders_owners_as_their_decayed_sums_do(
    ours: list[tuple[float, float]], theirs: list[tuple[float, float]], asked: float
) -> None:
    def usage(work: list[tuple[float, float]]) -> float:
        found = NOTHING
        for day, seconds in work:
            found = added(found, seconds, LANDMARK + day * DAY)
        return found

    def plain(work: list[tuple[float, float]]) -> float:
        return sum(seconds * 2.0 ** (day - asked) for day, seconds in work)

    assert decayed_seconds(usage(ours), LANDMARK + asked * DAY) == pytest.approx(plain(ours), rel=1e-6, abs=1e-12)
    if plain(ours) > plain(theirs) * 1.001 > 0:
        assert usage(ours) > usage(theirs)


def test_no_time_at_all_changes_nothing() -> None:
    assert added(3.0, 0.0, LANDMARK) == 3.0
    assert decayed_seconds(NOTHING, LANDMARK) == 0.0


def test_an_owner_row_says_what_runs_and_what_comes_next(database: Database) -> None:
    with database.transaction() as session:
        for training_id, state, priority in [
            ("a", TrainingState.RUNNING, 0),
            ("b", TrainingState.QUEUED, 0),
            ("c", TrainingState.QUEUED, 5),
            ("d", TrainingState.SUCCEEDED, 9),
        ]:
            session.add(
                Training(id=training_id, owner="ada", state=state, priority=priority, spec={}, dataset="mnist-5k")
            )
        session.flush()

        fairness.refresh(session, "ada")

    with database.reading() as session:
        owner = session.get(Owner, "ada")
        assert owner is not None
        assert (owner.running, owner.next_priority) == (1, 5)
        assert owner.next_created_at == session.get_one(Training, "c").created_at
