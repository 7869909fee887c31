import math

import pytest

from worker.learning.recipes import ScheduleSpec
from worker.learning.schedules import learning_rate_at


def rates(name: str, warmup_epochs: float, *, epochs: int = 10, steps: int = 10) -> list[float]:
    spec = ScheduleSpec(name, warmup_epochs)
    return [learning_rate_at(spec, 0.5, step, epochs=epochs, steps_per_epoch=steps) for step in range(epochs * steps)]


def test_a_constant_rate_is_the_recipes_at_every_step():
    assert set(rates("constant", 0.0)) == {0.5}


def test_a_warm_up_rises_in_equal_steps_and_arrives():
    warming = rates("constant", 1.0)

    assert warming[:11] == pytest.approx([0.05 * (step + 1) for step in range(10)] + [0.5])


def test_a_cosine_begins_at_the_rate_is_half_of_it_halfway_and_ends_near_nothing():
    falling = rates("cosine", 0.0)

    assert falling[0] == 0.5
    assert falling[50] == pytest.approx(0.25)
    assert falling[99] == pytest.approx(0.25 * (1 + math.cos(0.99 * math.pi)))
    assert falling == sorted(falling, reverse=True)


def test_a_cosine_begins_to_fall_where_its_warm_up_ends():
    both = rates("cosine", 2.0)

    assert both[19] == both[20] == 0.5
    assert both[60] == pytest.approx(0.25)


def test_one_cycle_rises_from_a_25th_to_the_rate_at_three_tenths_and_falls_to_its_250000th():
    cycle = rates("one_cycle", 0.0)

    assert cycle[0] == pytest.approx(0.5 / 25)
    assert cycle[15] == pytest.approx((0.5 + 0.5 / 25) / 2)
    assert cycle[30] == max(cycle) == 0.5
    assert cycle[99] == pytest.approx(0.5 / 250_000)
    assert cycle[:31] == sorted(cycle[:31])
    assert cycle[30:] == sorted(cycle[30:], reverse=True)


def test_one_cycle_peaks_where_its_warm_up_ends():
    assert rates("one_cycle", 1.5)[15] == 0.5


def falling(name: str, factor: float | None, every_epochs: float | None, warmup_epochs: float = 0.0) -> list[float]:
    spec = ScheduleSpec(name, warmup_epochs, factor, every_epochs)
    return [learning_rate_at(spec, 0.5, step, epochs=10, steps_per_epoch=3) for step in range(30)]


def test_steps_multiply_the_rate_every_so_many_epochs():
    stairs = falling("step", 0.1, 4)

    assert stairs[:12] == [0.5] * 12
    assert stairs[12:24] == pytest.approx([0.05] * 12)
    assert stairs[24:] == pytest.approx([0.005] * 6)


def test_an_exponential_fall_multiplies_the_rate_by_its_factor_every_so_many_epochs():
    curve = falling("exponential", 0.25, 2)

    assert curve == pytest.approx([0.5 * 0.25 ** (step / 6) for step in range(30)])


@pytest.mark.parametrize("name", ["step", "exponential"])
def test_a_fall_is_counted_from_the_end_of_its_warm_up(name: str):
    both, alone = falling(name, 0.5, 2, warmup_epochs=2), falling(name, 0.5, 2)

    assert both[:6] == pytest.approx([0.5 * (step + 1) / 6 for step in range(6)])
    assert both[6:] == pytest.approx(alone[:-6])


def test_steps_halve_every_five_epochs_and_an_exponential_loses_a_tenth_an_epoch_where_nothing_is_said():
    assert falling("step", None, None)[15] == 0.25
    assert falling("exponential", None, None)[3] == pytest.approx(0.45)


@pytest.mark.parametrize("every_epochs", [0.1, 0.3, 0.7, 1 / 3])
def test_a_stair_is_taken_at_its_step_however_the_division_rounds(every_epochs: float):
    spec = ScheduleSpec("step", 0.0, 0.5, every_epochs)

    for times in range(1, 40):
        step = round(times * every_epochs * 30)
        rate = learning_rate_at(spec, 1.0, step, epochs=100, steps_per_epoch=30)
        assert rate == pytest.approx(0.5**times)


@pytest.mark.parametrize("name", ["constant", "step", "exponential", "cosine", "one_cycle"])
@pytest.mark.parametrize("warmup_epochs", [0.0, 0.5, 1.0, 50.0])
@pytest.mark.parametrize("length", [(1, 1), (1, 2), (2, 1), (3, 7)])
def test_every_schedule_is_a_positive_rate_up_to_the_recipes_however_short_the_training(
    name: str, warmup_epochs: float, length: tuple[int, int]
):
    every = rates(name, warmup_epochs, epochs=length[0], steps=length[1])

    assert all(0 < rate <= 0.5 for rate in every)
