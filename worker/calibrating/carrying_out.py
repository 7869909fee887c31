"""After a training: temperature, thresholds and what makes a digit, written into the exported file; and how well it works."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from service.images.expectation import scale
from service.images.handwriting import SIDE
from service.images.sets.opening import LabelledSet
from service.inference.calibration import METADATA, Calibration, Likeness, Verdict, rounded, traits
from service.inference.engine import BATCH, Answers, Network, open_session
from service.inference.inner import PROBABILITIES, opened_up
from service.records.base import Json
from worker.calibrating.imposters import imposters
from worker.calibrating.photos import pieces
from worker.learning import calibration
from worker.learning.augmentation import augment
from worker.learning.datasets import split_validation
from worker.learning.likeness import tell_apart
from worker.learning.recipes import AugmentationSpec
from worker.learning.training import Validation

Pictures = NDArray[np.uint8]
Array = NDArray[np.float32]

SECONDS: Final = 4.0
"""About how long each of a handful of looks at many images may take."""
LEAST, MOST = 400, 4000
IMPOSTERS, TEST_IMPOSTERS = 250, 60  # of each kind
LEARN, TEST = 1, 2  # seeds of the things that are no digits: the same for every model
REFUSED: Final = 0.005
"""What share of real digits may be taken for something else."""
HANDS: Final = AugmentationSpec(rotation=12, zoom=0.12, shear=0.25, elastic=0.04, stroke_width=1.0)
"""Digits of people who write otherwise are digits, too."""

NOTHING_HELD_OUT = (
    "Nothing was held out of the training images to calibrate on, and the test images must not steer anything: "
    'with "validation": {"from": "train"} its answers have verdicts.'
)
TOO_FEW = "{count} images were held out to validate on. With fewer than {least} one mistake more or less would decide."


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The ONNX file with what is known about its confidence, and the report's figures."""

    onnx: bytes
    figures: Json


def calibrate(
    content: bytes, data: LabelledSet, validation: Validation, seed: int, tick: Callable[[], None]
) -> Calibrated:
    """Calibrate the model of an ONNX file; one that cannot be stays as it is, and the figures say why.

    The same file, data and seed give the same. `tick` is called now and then, and may raise.
    """
    if validation.source != "train":
        return Calibrated(content, {"reason": NOTHING_HELD_OUT})
    kept, held_out = split_validation(data.y_train, validation.fraction, seed)
    if len(held_out) < calibration.LEAST_IMAGES:
        return Calibrated(content, {"reason": TOO_FEW.format(count=len(held_out), least=calibration.LEAST_IMAGES)})
    runner = _Runner(content, tick)
    rng = np.random.default_rng((seed, LEARN))
    chosen = _some(held_out, runner.most, rng)
    seen = runner.look(data.x_train[chosen])
    labels = data.y_train[chosen]
    found = Calibration(calibration.temperature(seen.probabilities, labels), calibration.NEVER)
    if data.handwriting and seen.traits is not None:
        digits = data.x_train[_some(kept, runner.most, rng)]
        found = replace(found, likeness=_likeness(runner, digits, seen.traits, rng))
    confidence, is_right = _judged(found.calibrated(seen.probabilities), labels)
    found = replace(found, least_sure=calibration.least_sure(confidence, is_right))
    calibrated = _with(content, found)
    return Calibrated(calibrated, _figures(calibrated, found, data, len(chosen), runner.most, rng, tick))


@dataclass(frozen=True, eq=False)
class _Seen:
    probabilities: Array
    traits: Array | None


class _Runner:
    """Runs a network that is not calibrated yet; `most` images take it some seconds."""

    def __init__(self, content: bytes, tick: Callable[[], None]) -> None:
        whole, self._inner = opened_up(content)
        self._session = open_session(whole)
        self._tick = tick
        began = perf_counter()
        self._session.run(None, {"images": np.zeros((BATCH, *self._shape), np.float32)})
        self.most = MOST if (perf_counter() - began) / BATCH * MOST < SECONDS else LEAST

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(self._session.get_inputs()[0].shape[1:])

    def look(self, images: Pictures) -> _Seen:
        """Return what the network makes of `(n, height, width, channels)` uint8."""
        has_traits = self._inner.logits is not None and images.shape[1:] == (SIDE, SIDE, 1)
        probabilities: list[Array] = []
        found: list[Array] = []
        for start in range(0, len(images), BATCH):
            self._tick()
            scaled = scale(images[start : start + BATCH])
            answer, *inner = self._session.run([PROBABILITIES, *self._inner.outputs], {"images": scaled})
            probabilities.append(answer)
            if has_traits:
                logits, features = inner if len(inner) == 2 else (inner[0], inner[0][:, :0])
                found.append(traits(scaled, logits, features))
        return _Seen(np.concatenate(probabilities), np.concatenate(found) if has_traits else None)


def _some(indices: NDArray[np.integer], most: int, rng: np.random.Generator) -> NDArray[np.integer]:
    return np.sort(rng.permutation(indices)[:most])


def _likeness(runner: _Runner, digits: Pictures, validation: Array, rng: np.random.Generator) -> Likeness:
    others = np.concatenate([*imposters(IMPOSTERS, LEARN).values()])
    of_digits = runner.look(np.concatenate([digits, augment(digits, HANDS, rng)])).traits
    of_others = runner.look(others).traits
    assert of_digits is not None
    assert of_others is not None
    learned = tell_apart(rng.permutation(of_digits), of_others, seed=int(rng.integers(2**31)))
    likeness = Likeness(
        rounded(learned.hidden),
        learned.hidden_bias.astype(np.float32),
        learned.output.astype(np.float32),
        learned.output_bias,
        least=0.0,
    )
    scores = np.sort(likeness.scores(validation))
    return replace(likeness, least=float(scores[int(REFUSED * (len(scores) + 1))]))


def _judged(probabilities: Array, labels: NDArray[np.integer]) -> tuple[Array, NDArray[np.bool_]]:
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _with(content: bytes, found: Calibration) -> bytes:
    model = onnx.load_model_from_string(content)
    kept = {prop.key: prop.value for prop in model.metadata_props}
    onnx.helper.set_model_props(model, {**kept, METADATA: found.as_text()})
    return bytes(model.SerializeToString())


def _figures(
    content: bytes,
    found: Calibration,
    data: LabelledSet,
    validation_count: int,
    most: int,
    rng: np.random.Generator,
    tick: Callable[[], None],
) -> Json:
    """Return what the calibrated model does with test images, and with things that are none."""
    network = Network(content)
    chosen = _some(np.arange(len(data.x_test)), most, rng)
    answers, labels = _answers(network, data.x_test[chosen], tick), data.y_test[chosen]
    confidence, is_right = _judged(answers.probabilities, labels)
    before, _ = _judged(answers.raw, labels)
    verdicts = _verdicts(found, answers)
    figures: Json = {
        "temperature": found.temperature,
        "least_sure": found.least_sure if found.least_sure <= 1 else None,
        "validation_count": validation_count,
        "test_count": len(labels),
        "expected_error": {
            "before": calibration.expected_error(before, is_right),
            "after": calibration.expected_error(confidence, is_right),
        },
        "verdicts": {
            verdict: _share(np.array([one == verdict for one in verdicts]), is_right)
            for verdict in ("sure", "unsure", *(["not-a-digit"] if found.likeness is not None else []))
        },
        "risk_coverage": [asdict(point) for point in calibration.risk_coverage(confidence, is_right)],
    }
    if found.likeness is not None:
        others: Mapping[str, Pictures] = imposters(TEST_IMPOSTERS, TEST) | {"photos": pieces(TEST_IMPOSTERS, TEST)}
        figures["refused"] = {kind: _refused(network, found, ones, tick) for kind, ones in others.items()}
    return figures


def _answers(network: Network, images: Pictures, tick: Callable[[], None]) -> Answers:
    parts = []
    for start in range(0, len(images), BATCH):
        tick()
        parts.append(network.answers(scale(images[start : start + BATCH])))
    return Answers.joined(parts)


def _verdicts(found: Calibration, answers: Answers) -> list[Verdict]:
    likeness = [None] * len(answers) if answers.likeness is None else answers.likeness.tolist()
    return [found.verdict(*one) for one in zip(answers.probabilities.max(axis=1).tolist(), likeness, strict=True)]


def _share(chosen: NDArray[np.bool_], is_right: NDArray[np.bool_]) -> Json:
    return {"share": float(chosen.mean()), "count": int(chosen.sum()), "wrong": int((chosen & ~is_right).sum())}


def _refused(network: Network, found: Calibration, images: Pictures, tick: Callable[[], None]) -> Json:
    verdicts = _verdicts(found, _answers(network, images, tick))
    return {
        "count": len(verdicts),
        "not-a-digit": verdicts.count("not-a-digit") / len(verdicts),
        "unsure": verdicts.count("unsure") / len(verdicts),
    }
