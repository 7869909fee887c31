"""What a model knows about its own confidence: kept in the ONNX file, so that whoever opens the file has it.

- Temperature (C. Guo et al., "On Calibration of Modern Neural Networks", 2017, arXiv:1706.04599): probabilities to the power of
  1/T, made to add up to 1 again. The order of the classes stays.
- `sure` is an answer whose calibrated confidence reaches a threshold; every other is `unsure`.
- For handwritten digits, what is less like a digit than almost every real one is `not-a-digit`. How like one a picture is, is
  said by a small network over what the model's last layers and 14x14 pixels hold.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Verdict = Literal["sure", "unsure", "not-a-digit"]

VERDICTS: Final[tuple[Verdict, ...]] = ("sure", "unsure", "not-a-digit")
"""In the order of their numbers where they are kept as such."""

METADATA: Final = "cyfra.calibration"
"""The key in the file's `metadata_props`."""

_COARSE: Final = 2  # pixels of the picture that are one of the 14x14


@dataclass(frozen=True, eq=False)
class Likeness:
    """A network with one hidden layer: `(d, h)` and `(h,)`, `(h,)` and a number; and below what it says no to."""

    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: float
    least: float

    def scores(self, traits: Array) -> Array:
        """Return how like a digit each is, (n,), for `traits` (n, d): the higher, the more."""
        within = traits @ self.hidden
        within += self.hidden_bias
        np.maximum(within, 0, out=within)
        return np.asarray(within @ self.output + np.float32(self.output_bias), np.float32)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Temperature and thresholds of one model. `least_sure` above 1 means that nothing is sure enough."""

    temperature: float
    least_sure: float
    likeness: Likeness | None = None

    def calibrated(self, probabilities: Array) -> Array:
        """Return `(n, classes)` probabilities that mean what they say, for those of the network."""
        powers = np.power(probabilities, np.float32(1 / self.temperature))
        calibrated: Array = powers / powers.sum(axis=1, keepdims=True)
        return calibrated

    def verdict(self, confidence: float, likeness: float | None) -> Verdict:
        """Return what an answer is worth: its calibrated confidence, and how like a digit the picture is."""
        if self.likeness is not None and likeness is not None and likeness < self.likeness.least:
            return "not-a-digit"
        return "sure" if confidence >= self.least_sure else "unsure"

    def as_text(self) -> str:
        """Return it as it is kept in the file."""
        kept: dict[str, Any] = {"temperature": self.temperature, "least_sure": self.least_sure}
        if self.likeness is not None:
            one = self.likeness
            kept["likeness"] = {
                "hidden": _packed(one.hidden),
                "hidden_bias": one.hidden_bias.tolist(),
                "output": one.output.tolist(),
                "output_bias": one.output_bias,
                "least": one.least,
            }
        return json.dumps(kept)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `as_text` wrote."""
        kept = json.loads(text)
        likeness = None
        if "likeness" in kept:
            one = kept["likeness"]
            hidden_bias, output = (np.array(one[name], np.float32) for name in ("hidden_bias", "output"))
            hidden = _unpacked(one["hidden"]).reshape(-1, len(hidden_bias))
            likeness = Likeness(hidden, hidden_bias, output, one["output_bias"], one["least"])
        return cls(kept["temperature"], kept["least_sure"], likeness)


def traits(images: Array, logits: Array, features: Array) -> Array:
    """Return what a likeness is judged by, `(n, d)`.

    Args:
        images: (n, height, width, 1) float32 in 0..1, even sides.
        logits: (n, k) before the softmax.
        features: (n, p) what the last layer works on; p may be 0.
    """
    count, height, width, _ = images.shape
    coarse = images.reshape(count, height // _COARSE, _COARSE, width // _COARSE, _COARSE).mean(axis=(2, 4))
    return np.hstack([features, logits, np.sort(logits, axis=1), coarse.reshape(count, -1)])


def rounded(values: NDArray[np.floating]) -> Array:
    """Return values as they come back from the file: with 11 significant bits."""
    return values.astype(np.float16).astype(np.float32)


def _packed(values: Array) -> str:
    return base64.b64encode(values.astype("<f2").tobytes()).decode("ascii")


def _unpacked(text: str) -> Array:
    return np.frombuffer(base64.b64decode(text), np.dtype("<f2")).astype(np.float32)
