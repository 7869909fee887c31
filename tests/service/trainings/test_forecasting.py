"""The queue played out: who is claimed when, with one worker or several."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from service.records.fairness import NOTHING, added
from service.trainings.forecasting import Running, Turn, Waiting, forecast

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def waiting(names: Sequence[str], seconds: float | None = 60.0, priority: int = 0) -> list[Waiting]:
    """Trainings named owner and number, in the order they came."""
    return [
        Waiting(name, name[0], priority, NOW + timedelta(seconds=number), seconds) for number, name in enumerate(names)
    ]


def order(turns: dict[str, Turn]) -> list[str]:
    return sorted(turns, key=lambda name: turns[name].position)


def test_with_one_worker_an_owner_with_many_delays_another_by_one() -> None:
    queue = waiting(["a1", "a2", "a3", "a4", "b1"])

    turns = forecast(queue, [], {}, workers=1, now=NOW)

    assert order(turns) == ["a1", "b1", "a2", "a3", "a4"]
    assert turns["b1"].starts_in_seconds == 60
    assert turns["b1"].ends_in_seconds == 120


def test_who_has_computed_much_of_late_waits_for_who_has_not() -> None:
    busy = added(NOTHING, 200, NOW)

    turns = forecast(waiting(["a1", "a2", "b1", "b2", "b3", "b4"]), [], {"a": busy}, workers=1, now=NOW)

    assert order(turns) == ["b1", "b2", "b3", "b4", "a1", "a2"]


def test_a_running_training_is_waited_for_and_counts_against_its_owner() -> None:
    turns = forecast(waiting(["a1", "b1"]), [Running("a", 30.0), Running("c", 90.0)], {}, workers=2, now=NOW)

    # After 30 s a's training has ended, and a has computed, b has not.
    assert order(turns) == ["b1", "a1"]
    assert (turns["b1"].starts_in_seconds, turns["a1"].starts_in_seconds) == (30, 90)


def test_a_higher_priority_comes_first_whoever_asks() -> None:
    queue = [*waiting(["a1", "a2"]), *waiting(["b1"])]
    urgent = Waiting("a9", "a", 7, NOW, 10.0)

    turns = forecast([urgent, *queue], [Running("a", 5.0)], {}, workers=1, now=NOW)

    assert order(turns)[0] == "a9"


def test_two_workers_take_two_at_once() -> None:
    turns = forecast(waiting(["a1", "a2", "a3"]), [], {}, workers=2, now=NOW)

    assert [turns[name].starts_in_seconds for name in ("a1", "a2", "a3")] == [0, 0, 60]


def test_nobody_knows_when_after_a_training_of_unknown_length_but_the_order_stands() -> None:
    first, second = waiting(["a1"], None)[0], waiting(["b1"])[0]

    turns = forecast([first, second], [], {}, workers=1, now=NOW)

    assert turns["a1"] == Turn(1, 0.0, None)
    assert turns["b1"] == Turn(2, None, None)


def test_without_workers_nobody_knows_when() -> None:
    turns = forecast(waiting(["a1", "a2"]), [], {}, workers=0, now=NOW)

    assert turns == {"a1": Turn(1, None, None), "a2": Turn(2, None, None)}


def test_every_queued_training_has_a_place_of_its_own() -> None:
    queue = waiting([f"{owner}{number}" for number in range(40) for owner in "abcdefg"])

    turns = forecast(queue, [Running("a", 10.0)], {"b": 100.0}, workers=3, now=NOW)

    assert sorted(turn.position for turn in turns.values()) == list(range(1, len(queue) + 1))
