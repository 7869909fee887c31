"""What a report says of its model's confidence, in words: for the page and the PDF."""

from collections.abc import Iterator

from service.records.base import Json
from service.reports.documents import Fact

SHOWN_COVERAGE = (0.99, 0.95, 0.9, 0.8)


def facts(found: Json | None) -> Iterator[Fact]:
    """Yield what is known; nothing for a report that an earlier version wrote."""
    if found is None:
        return
    if "reason" in found:
        yield Fact("Verdicts", found["reason"])
        return
    before, after = found["expected_error"]["before"], found["expected_error"]["after"]
    yield Fact(
        "Confidence is off by",
        f"{_percent(after)} on average (expected calibration error), {_percent(before)} before it was calibrated on "
        f"{found['validation_count']:,} validation images; temperature {found['temperature']:.2f}",
    )
    yield Fact("Sure", _sure(found))
    for verdict, one in found["verdicts"].items():
        wrong = f"{one['wrong']:,} of them wrong"
        yield Fact(
            f"Test images called {verdict}",
            f"{one['count']:,} of {found['test_count']:,} ({_percent(one['share'])}), {wrong}",
        )
    points = found["risk_coverage"]
    for share in SHOWN_COVERAGE:
        point = min(points, key=lambda point: abs(point["coverage"] - share))
        if abs(point["coverage"] - share) < 0.01:
            yield Fact(
                f"Wrong among the surest {_percent(share, 0)}",
                f"{_percent(point['risk'])}, from a confidence of {point['threshold']:.3f} on",
            )
    for kind, one in found.get("refused", {}).items():
        sure = max(0.0, 1 - one["not-a-digit"] - one["unsure"])
        yield Fact(
            f"Of {one['count']:.0f} {kind}",
            f"{_percent(one['not-a-digit'], 0)} not a digit, {_percent(one['unsure'], 0)} unsure, "
            f"{_percent(sure, 0)} surely taken for a digit",
        )


def _sure(found: Json) -> str:
    if found["least_sure"] is None:
        return "nothing: there are too few validation images to promise it"
    return f"from a confidence of {found['least_sure']:.3f} on; fewer than 5 of 1,000 answers may be sure and wrong"


def _percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f} %"
