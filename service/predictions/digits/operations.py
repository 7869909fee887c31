"""From a reading to an answer."""

from itertools import groupby

from service.images.showing import as_data_url, as_picture, as_png
from service.inference.engine import Answers, Engine
from service.inference.naming import digit_of, rounded
from service.predictions.digits import reading
from service.predictions.digits.finding import Found
from service.predictions.digits.reading import Read
from service.predictions.digits.schemas import BoxReply, DigitReply, LineReply, PageReply
from service.predictions.operations import Wanted, probabilities_of
from service.predictions.schemas import ServedModel

UNREAD = "?"
CLEAR = 0.9


def page(engine: Engine, found: Found, answers: Answers, wanted: Wanted) -> PageReply:
    """Return what is on a picture; `answers` are those to `found.images`."""
    read = reading.read(found, engine, answers)
    digits = [_digit(engine, found, answers, one, wanted) for one in read]
    lines = [_line(list(line)) for _, line in groupby(digits, key=lambda one: one.line)]
    return PageReply(
        text="\n".join(line.text for line in lines),
        lines=lines,
        digits=digits,
        width=found.picture.width,
        height=found.picture.height,
        model=ServedModel(name=engine.name, version=engine.version),
        filename=found.filename,
    )


def _digit(engine: Engine, found: Found, answers: Answers, one: Read, wanted: Wanted) -> DigitReply:
    left, top, width, height = one.box
    reply = DigitReply(
        digit=None,
        label=None,
        confidence=None,
        verdict=None,
        box=BoxReply(left=left, top=top, width=width, height=height),
        line=one.line,
        number=one.number,
        touching=one.touching,
    )
    if one.answer is None:
        return reply
    row = answers.probabilities[one.answer]
    best = int(row.argmax())
    likeness = None if answers.likeness is None else float(answers.likeness[one.answer])
    reply.label = engine.classes[best]
    reply.digit = digit_of(reply.label, handwriting=True)
    reply.confidence = rounded(row[best])
    reply.verdict = engine.verdict(float(row[best]), likeness)
    if wanted.probabilities:
        reply.probabilities = probabilities_of(engine, row, wanted.top)
    if wanted.seen:
        reply.seen = as_data_url(as_png(as_picture(found.images[one.answer])))
    return reply


def _line(digits: list[DigitReply]) -> LineReply:
    numbers = ["".join(_letter(one) for one in number) for _, number in groupby(digits, key=lambda one: one.number)]
    return LineReply(text=" ".join(numbers), numbers=numbers)


def _letter(one: DigitReply) -> str:
    """Among digits most things are digits: one that looks odd counts as what it is taken for, if that is clear."""
    is_odd = one.verdict == "not-a-digit" and (one.confidence or 0) < CLEAR
    return UNREAD if one.label is None or is_odd else one.label
