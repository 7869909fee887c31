"""docs/advice.md and the rules say the same."""

import re
from pathlib import Path

from service.advice import curve_rules, outcome_rules
from service.advice.rules import EXPLAINS, RULES

PAGE = (Path(__file__).parents[3] / "docs" / "advice.md").read_text()


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_rule_is_documented_in_the_order_in_which_it_speaks() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", section("The rules"), re.MULTILINE) == list(RULES)


def test_the_page_says_what_explains_what() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", section("One cause, one advice"), re.MULTILINE)

    assert {name: frozenset(re.findall(r"`([a-z-]+)`", explained)) for name, explained in rows} == EXPLAINS
    assert frozenset().union(*EXPLAINS.values()) <= set(RULES)


def test_the_page_names_the_thresholds_that_the_rules_have() -> None:
    (rows,) = [dict(re.findall(r"^\| `([a-z-]+)` \| [a-z, ]+ \| (.+?) \|", section("The rules"), re.MULTILINE))]
    numbers = {
        "rate-too-high": ["1.1 ln k", "10 %", "0.02 ln k", "five steps", "three of ten"],
        "rate-too-low": ["a fifth", "0.3 ln k", "1 %", "more than three"],
        "dead-start": ["three epochs", "3 %", "1.5 times"],
        "overfitting": ["three", "20 %", "0.015 ln k", "by 10 %", "10 points"],
        "underfitting": ["five epochs", "35 %", "1 %"],
        "not-finished": ["6 %", "0.005 ln k", "fewer than three"],
        "imbalance": ["a third"],
        "weak-pair": ["four classes", "ten images", "a quarter", "a twentieth"],
    }
    rules, ends = curve_rules, outcome_rules
    assert [rules.EXPLODED, rules.JUMP, rules.JUMP_OF_GUESSING, rules.STEPS_TO_JUDGE, rules.JUMPING] == [
        1.1,
        0.1,
        0.02,
        5,
        0.3,
    ]
    assert [rules.LOW_RATE, rules.STILL_HIGH, rules.SMOOTH, rules.CURVE] == [0.2, 0.3, 0.01, 3]
    assert [rules.DEAD_LOSS, rules.DEAD_ACCURACY] == [0.03, 1.5]
    assert [rules.RECENT, rules.RISEN, rules.RISEN_OF_GUESSING, rules.KEPT_FALLING, rules.GAP] == [
        3,
        0.2,
        0.015,
        0.9,
        0.1,
    ]
    assert [rules.EPOCHS_TO_JUDGE, rules.LOW, rules.FLAT] == [5, 0.35, 0.01]
    assert [rules.FALLING, rules.FALLING_OF_GUESSING] == [0.06, 0.005]
    assert [ends.RARE, ends.PAIR_CLASSES, ends.PAIR_MISTAKES, ends.PAIR_SHARE, ends.PAIR_RATE] == [
        1 / 3,
        4,
        10,
        0.25,
        0.05,
    ]
    for rule, named in numbers.items():
        assert [number for number in named if number not in rows[rule]] == [], rule
