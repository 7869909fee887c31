"""Answers in the formats that their readers use: JSON, text, CSV, and a page that loads nothing and runs nothing."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template

from service.predictions.schemas import Prediction, Predictions
from service.reports.renderings.tables import harmless, written

CSV_HEADER: Final = ("name", "class", "confidence", "verdict")
REFUSED: Final = "not-a-digit"


def as_json(found: Sequence[Prediction]) -> str:
    """Return the one answer by itself, several as a list."""
    reply = found[0] if len(found) == 1 else Predictions(predictions=[*found])
    return reply.model_dump_json()


def as_text(found: Sequence[Prediction]) -> str:
    """Return a line a picture: its class, or that it is no digit."""
    return "".join(f"{REFUSED if one.verdict == REFUSED else one.label}\n" for one in found)


def as_csv(found: Sequence[Prediction]) -> str:
    """Return a line a picture below the header; a picture that came without a name has none here either."""
    rows = (
        (harmless(one.filename or ""), harmless(one.label), f"{one.confidence:.6f}", one.verdict or "") for one in found
    )
    return written(CSV_HEADER, rows)


def as_html(found: Sequence[Prediction]) -> str:
    """Return a page with what the network saw of each picture, its answer and the probabilities."""
    return _template().render(predictions=found, model=found[0].model)


@cache
def _template() -> Template:
    loader = ChoiceLoader([PackageLoader("service.predictions"), PackageLoader("service.reports")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("predictions.html.j2")
