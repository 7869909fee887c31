"""What a model sees on a picture."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, overload
from urllib.parse import quote

import httpx

from cyfra.connection import Connection, decoded
from cyfra.facts import ModelVersion
from cyfra.markup import BLUE, GREY, Html, bar, beside, block, bytes_of, captioned, picture, quiet, strong, table
from cyfra.pictures import Picture, file_of, files_of
from cyfra.reading import read, read_all
from cyfra.wording import percent

Normalize = Literal["auto", "always", "never"]
"""Whether a handwritten digit is laid out as in MNIST: unless it is 28x28 already, in any case, or never."""

NOT_A_DIGIT: Final = "not-a-digit"
MOST_BARS: Final = 10
PIXELS: Final = 140  # how wide a small picture is shown


@dataclass(frozen=True)
class Prediction:
    """What a model sees on one picture. In a notebook: the answer, a bar for each class, and what the network saw."""

    label: str
    """The likeliest class."""
    confidence: float
    """Its probability, 0..1."""
    probabilities: Mapping[str, float]
    model: ModelVersion | None = None
    """Which model answered; None for the network of a training."""
    verdict: str | None = None
    """What the answer is worth: `sure`, `unsure`, or `not-a-digit` for a mere guess; None if it was not calibrated."""
    digit: int | None = None
    """The label as a number, where the classes are digits."""
    filename: str | None = None
    seen: str | None = None
    """What the network saw, as a data URL of a PNG; only if it was asked for."""

    @property
    def seen_png(self) -> bytes | None:
        """What the network saw, as a PNG file; None if it was not asked for."""
        return None if self.seen is None else bytes_of(self.seen)

    def top(self, most: int = 3) -> list[tuple[str, float]]:
        """Return the likeliest classes and their probabilities, the likeliest first."""
        return sorted(self.probabilities.items(), key=lambda item: -item[1])[:most]

    def __str__(self) -> str:
        """Return the label and how sure the model is."""
        if self.verdict == NOT_A_DIGIT:
            return f"not a digit (if it were one: {self.label}, {percent(self.confidence)})"
        return f"{self.label} ({percent(self.confidence)}{', unsure' if self.verdict == 'unsure' else ''})"

    def _repr_html_(self) -> str:
        by = "" if self.model is None else quiet(f"model {self.model.name} {self.model.version}")
        return block(beside(_seen(self.seen), _answer(self)), by)


@dataclass(frozen=True)
class Predictions(Sequence[Prediction]):
    """What a model sees on several pictures, in the order they were given."""

    predictions: tuple[Prediction, ...]

    @property
    def labels(self) -> list[str]:
        """The likeliest class of each."""
        return [one.label for one in self.predictions]

    @overload
    def __getitem__(self, position: int) -> Prediction: ...
    @overload
    def __getitem__(self, position: slice) -> "Predictions": ...
    def __getitem__(self, position: int | slice) -> "Prediction | Predictions":
        """Return one, or some of them."""
        if isinstance(position, slice):
            return Predictions(self.predictions[position])
        return self.predictions[position]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.predictions)

    def __iter__(self) -> Iterator[Prediction]:
        """Go through them."""
        return iter(self.predictions)

    def __str__(self) -> str:
        """Return a line each."""
        return "\n".join(f"{one.filename or position}: {one}" for position, one in enumerate(self.predictions))

    def _repr_html_(self) -> str:
        has_pictures = any(one.seen for one in self.predictions)
        rows = [
            (
                one.filename or position,
                *([_seen(one.seen, 56)] if has_pictures else []),
                strong(one.label),
                percent(one.confidence),
                one.verdict or "",
                bar(one.confidence, label=percent(one.confidence)),
            )
            for position, one in enumerate(self.predictions)
        ]
        headings = ("picture", *(["seen"] if has_pictures else []), "answer", "confidence", "verdict", "")
        return block(table(headings, rows, ("left",)))


@dataclass(frozen=True)
class Explanation:
    """Why a model answers as it does: where on the picture the answer comes from."""

    prediction: Prediction
    seen: str
    saliency: str
    """How much the probability falls when a part of the picture is covered, as a data URL of a PNG."""
    overlay: str
    """The same, laid over what the network saw."""
    method: str = ""
    label: str | None = field(default=None, metadata={"json": "class"})
    """The class that is explained."""
    layers: tuple[str, ...] = ()
    true: str | None = None
    """What it really is, for a picture of a data set."""

    @property
    def overlay_png(self) -> bytes:
        """The overlay as a PNG file."""
        return bytes_of(self.overlay)

    def __str__(self) -> str:
        """Return what was explained."""
        really = f", really {self.true}" if self.true is not None else ""
        return f"{self.prediction}{really}; explained by {self.method} for {self.label or self.prediction.label}"

    def _repr_html_(self) -> str:
        explained = self.label or self.prediction.label
        return block(
            beside(
                _seen(self.seen),
                _shown(self.saliency, f"what speaks for {explained}"),
                _shown(self.overlay, "both"),
                _answer(self.prediction),
            ),
            quiet(self),
        )


def predict(
    connection: Connection,
    pictures: Iterable[Picture],
    *,
    model: str | None,
    version: str | int | None,
    top: int | None,
    seen: bool,
    normalize: Normalize | None = None,
) -> Predictions:
    """Say what is on the pictures; None as the model is the one named `default`."""
    files = files_of(pictures)
    answer = send(connection, files, model=model, version=version, top=top, seen=seen, normalize=normalize)
    return predictions_of(answer)


def send(
    connection: Connection,
    files: Iterable[tuple[str, bytes]],
    *,
    model: str | None,
    version: str | int | None = None,
    top: int | None = None,
    seen: bool = False,
    normalize: Normalize | None = None,
) -> httpx.Response:
    """Send image files, each with its name, and return the service's answer."""
    path = "/predict" if model is None else f"/v1/models/{quote(model, safe='')}/predict"
    given = {"top": top, "version": version, "seen": "true" if seen else None, "normalize": normalize}
    query = {name: value for name, value in given.items() if value is not None}
    return connection.post(path, query=query, files=[("file", each) for each in files])


def predictions_of(response: httpx.Response) -> Predictions:
    """Return the answer to one picture or to several."""
    answer = decoded(response)
    if isinstance(answer, dict) and "predictions" in answer:
        return Predictions(read_all(Prediction, answer, "predictions"))
    return Predictions((read(Prediction, answer),))


def explain(connection: Connection, given: Picture, *, model: str, label: str | None) -> Explanation:
    """Ask why a model answers as it does; None as the label is the class it answers with."""
    query = {} if label is None else {"class": label}
    path = f"/v1/models/{quote(model, safe='')}/explain"
    return read(Explanation, decoded(connection.post(path, query=query, files=[("file", file_of(given))])))


def _answer(prediction: Prediction) -> Html:
    rows = []
    for label, probability in prediction.top(MOST_BARS):
        is_it = label == prediction.label
        rows.append(
            (
                strong(label) if is_it else label,
                bar(probability, colour=BLUE if is_it else GREY, label=percent(probability)),
                percent(probability),
            )
        )
    big = Html(f'<div style="font-size:2.6em;line-height:1.2">{strong(prediction.label)}</div>')
    if prediction.verdict == NOT_A_DIGIT:
        big = Html(f'<div style="font-size:1.3em;line-height:1.2">{strong("not a digit")}</div>')
    return beside(big, table(("class", "", "probability"), rows, ("right", "left")))


def _seen(source: str | None, width: int = PIXELS) -> Html:
    return Html("") if source is None else _shown(source, "what the network saw" if width == PIXELS else "", width)


def _shown(source: str, says: str, width: int = PIXELS) -> Html:
    shown = picture(source, says or "what the network saw", width=width, is_pixels=True)
    return captioned(shown, says) if says else shown
