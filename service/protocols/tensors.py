"""Numbers that came in from outside -> the images of a network, or an error that says what was expected."""

import json
import math
from collections.abc import Sequence
from typing import Final, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.errors import BadTensor, BrokenJson
from service.images.expectation import Expectation, scale

Json = dict[str, object]
Images = NDArray[np.float32]
Numbers = NDArray[np.generic]
T = TypeVar("T", bound=np.generic)

DEEPEST: Final = 64  # NumPy's arrays have no more dimensions
MOST_VALUES: Final = 1 << 26  # a shape that promises more than this is not even multiplied out


def read_json(body: bytes) -> Json:
    """Return the object in a body; raise BrokenJson for what is none, NaN and infinities included."""
    try:
        found = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenJson(f"The body is not JSON: {str(error)[:200] or type(error).__name__}.") from error
    if not isinstance(found, dict):
        raise BrokenJson(f"Received JSON, but {_kind(found)}; an object is expected.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def read_shape(name: str, shape: object) -> tuple[int, ...]:
    """Return a tensor's shape; raise BadTensor unless it is a list of sizes."""
    if not isinstance(shape, list) or not shape or any(type(side) is not int or side < 0 for side in shape):
        raise BadTensor(
            f"{name}: received the shape {_shortened(shape)}; it is a list of sizes such as [1, 28, 28, 1]."
        )
    if len(shape) > 8 or math.prod(shape) > MOST_VALUES:
        raise BadTensor(f"{name}: a tensor of shape {_shortened(shape)} is too large for one request.")
    return tuple(shape)


def read_numbers(name: str, data: object) -> Numbers:
    """Return nested lists of numbers as an array of their own shape; raise BadTensor for anything else."""
    if not isinstance(data, list):
        raise BadTensor(f"{name}: received {_kind(data)}; a list of numbers is expected.")
    if not _holds_numbers_alone(data):
        raise BadTensor(f"{name}: received something that is not a number; numbers alone are expected.")
    try:
        found = np.array(data)
    except (ValueError, OverflowError) as error:
        raise BadTensor(f"{name}: the lists are of different lengths; a tensor has rows of one length.") from error
    if found.size == 0:
        raise BadTensor(f"{name}: received no numbers at all.")
    if found.dtype.kind not in "iuf":
        raise BadTensor(f"{name}: received a number with too many digits.")
    return found


def _holds_numbers_alone(data: list[object], depth: int = 0) -> bool:
    """Whether lists of lists hold numbers alone, as far as NumPy would follow them.

    A single long text among them would make NumPy ask for room for as long a one in each number's place.
    """
    kinds = set(map(type, data))
    if not kinds <= {int, float, list}:
        return False
    return depth > DEEPEST or all(_holds_numbers_alone(each, depth + 1) for each in data if isinstance(each, list))


def reshaped(name: str, values: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Return the values in the shape they are said to have; raise BadTensor when their number differs."""
    if values.size != math.prod(shape):
        raise BadTensor(
            f"{name}: received {values.size} values for the shape {list(shape)}, which has {math.prod(shape)}."
        )
    return values.reshape(shape)


def images(name: str, values: Numbers, expects: Expectation, most: int) -> Images:
    """Return what a network sees of numbers in 0..1.

    Args:
        name: what the client called them.
        values: `(n, height, width, channels)`; for grey pictures the last may be left out, and rows may be flat.
        expects: the network's input.
        most: so many images at once are taken.

    Returns:
        `(n, height, width, channels)` float32.

    Raises:
        BadTensor: another shape, numbers outside of 0..1, or too many.
    """
    found = _laid_out(name, values, expects, most).astype(np.float32)
    lowest, highest = float(found.min()), float(found.max())
    if not (lowest >= 0 and highest <= 1):  # NaN is not, either
        advice = "divide by 255" if lowest >= 0 and 1 < highest <= 255 else "scale them"
        raise BadTensor(
            f"{name}: received values from {lowest:g} to {highest:g}; the model expects them from 0 to 1: {advice}."
        )
    return found


def images_of_bytes(name: str, values: NDArray[np.uint8], expects: Expectation, most: int) -> Images:
    """Return what a network sees of pixels 0..255, laid out as for `images`."""
    return scale(_laid_out(name, values, expects, most))


def _laid_out(name: str, values: NDArray[T], expects: Expectation, most: int) -> NDArray[T]:
    picture = (expects.height, expects.width, expects.channels)
    allowed = {picture, (math.prod(picture),)} | ({picture[:2]} if expects.channels == 1 else set())
    if values.ndim < 2 or values.shape[1:] not in allowed or values.shape[0] == 0:
        raise BadTensor(f"{name}: received the shape {list(values.shape)}; the model expects {[-1, *picture]}.")
    if len(values) > most:
        raise BadTensor(f"{name}: received {len(values)} images; at most {most} are taken in one request.")
    return values.reshape(-1, *picture)


def only(names: Sequence[str], found: Json, what: str) -> str:
    """Return which one of `names` an object has; raise BadTensor unless it is exactly one."""
    present = [name for name in names if name in found]
    if len(present) != 1:
        received = " and ".join(present) or "none of them"
        raise BadTensor(f"{what} has exactly one of {', '.join(names)}. Received: {received}.")
    return present[0]


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
