"""All rules, in the order in which advice is given, and which findings explain which others away.

docs/advice.md says the same to users, and a test holds the two to each other.
"""

from collections.abc import Callable
from typing import Final

from service.advice import curve_rules, outcome_rules
from service.advice.evidence import Advice, Evidence

Rule = Callable[[Evidence], Advice | None]

RULES: Final[dict[str, Rule]] = {
    "diverged": outcome_rules.diverged,
    "out-of-memory": outcome_rules.out_of_memory,
    "time-limit": outcome_rules.time_limit,
    "rate-too-high": curve_rules.rate_too_high,
    "rate-too-low": curve_rules.rate_too_low,
    "dead-start": curve_rules.dead_start,
    "overfitting": curve_rules.overfitting,
    "underfitting": curve_rules.underfitting,
    "not-finished": curve_rules.not_finished,
    "imbalance": outcome_rules.imbalance,
    "weak-pair": outcome_rules.weak_pair,
    "validated-on-test": outcome_rules.validated_on_test,
}

_OF_AN_UNTRAINED_NETWORK: Final = frozenset({"dead-start", "underfitting", "not-finished", "imbalance", "weak-pair"})

EXPLAINS: Final[dict[str, frozenset[str]]] = {
    "diverged": frozenset({"rate-too-high", *_OF_AN_UNTRAINED_NETWORK}),
    "rate-too-high": frozenset({"overfitting", *_OF_AN_UNTRAINED_NETWORK}),
    "rate-too-low": _OF_AN_UNTRAINED_NETWORK,
    "dead-start": frozenset({"underfitting", "not-finished", "imbalance", "weak-pair"}),
    "underfitting": frozenset({"imbalance", "weak-pair"}),
    "not-finished": frozenset({"imbalance", "weak-pair"}),
}
"""One cause, one advice: what a finding explains is not said beside it, for its change would be tried in vain."""


def advise(evidence: Evidence) -> list[Advice]:
    """Return what the rules find, causes before consequences, warnings of what was explained left out."""
    found = {name: advice for name, rule in RULES.items() if (advice := rule(evidence)) is not None}
    explained = frozenset[str]().union(*(EXPLAINS.get(name, frozenset()) for name in found))
    return [advice for name, advice in found.items() if name not in explained]
