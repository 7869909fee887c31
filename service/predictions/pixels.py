"""Nested lists of numbers -> the pixels of one picture or of several, or a fault that says what was expected."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import Fault, InvalidFields
from service.images.expectation import Expectation
from service.predictions.schemas import Range

TOPS: Final[dict[Range, float]] = {"0..1": 1.0, "0..255": 255.0}
Values = NDArray[np.float64]
_DEEPEST: Final = 4  # pictures, rows, columns, channels


def most_values(expects: Expectation) -> int:
    """Return how many numbers one picture has."""
    return expects.height * expects.width * expects.channels


def one(pointer: str, data: object, said: Range | None, expects: Expectation) -> NDArray[np.uint8]:
    """Return the pixels of one picture, `(height, width, channels)`; raise InvalidFields."""
    values = _numbers(pointer, data)
    if values.shape not in _shapes(expects):
        raise _wrong(pointer, f"received the shape {list(values.shape)}; {_expected(expects)}.")
    return _levels(pointer, values, said).reshape(expects.height, expects.width, expects.channels)


def some(pointer: str, data: object, said: Range | None, expects: Expectation) -> list[NDArray[np.uint8]]:
    """Return the pixels of one picture, or of each of several, `(height, width, channels)`; raise InvalidFields.

    Args:
        pointer: where the numbers stood, a JSON pointer.
        data: a list of numbers, of any depth.
        said: the range that the client says they are in; None: 0..1 where no number is above 1, else 0..255.
        expects: the network's input.
    """
    values = _numbers(pointer, data)
    shapes = _shapes(expects)
    if values.shape not in shapes and values.shape[1:] not in shapes:
        raise _wrong(pointer, f"received the shape {list(values.shape)}; {_expected(expects)}, or a list of such.")
    form = (expects.height, expects.width, expects.channels)
    return list(_levels(pointer, values, said).reshape(-1, *form))


def _shapes(expects: Expectation) -> list[tuple[int, ...]]:
    form = (expects.height, expects.width, expects.channels)
    return [form, *([form[:2]] if expects.channels == 1 else []), (math.prod(form),)]


def _expected(expects: Expectation) -> str:
    forms = [str([*shape]) for shape in reversed(_shapes(expects))]
    return f"the model expects {', '.join(forms[:-1])} or {forms[-1]}, numbers in 0..255, or in 0..1"


def _numbers(pointer: str, data: object) -> Values:
    """Return the numbers in their shape. Each is looked at by itself: NumPy would take text and truth values, too."""
    found = np.array(data, dtype=object)
    if found.ndim > _DEEPEST:
        raise _wrong(
            pointer, f"received lists {found.ndim} deep; {_DEEPEST} are enough for several pictures in colour."
        )
    for index, leaf in enumerate(found.flat):
        if type(leaf) not in {int, float}:
            raise _strange(pointer, leaf, np.unravel_index(index, found.shape))
    if found.size == 0:
        raise _wrong(pointer, "received no numbers at all.")
    try:
        return found.astype(np.float64)
    except OverflowError as error:
        raise _wrong(pointer, "received a number with hundreds of digits; 0..255, or 0..1, is expected.") from error


def _strange(pointer: str, leaf: object, place: tuple[np.intp, ...]) -> InvalidFields:
    if isinstance(leaf, list):
        return _wrong(pointer, "the lists are of different lengths or depths; a picture has rows of one length.")
    received = repr(leaf)
    shown = received if len(received) <= 50 else f"{received[:47]}..."
    return _wrong("/".join([pointer, *map(str, place)]), f"received {shown}; a number is expected.")


def _levels(pointer: str, values: Values, said: Range | None) -> NDArray[np.uint8]:
    lowest, highest = float(values.min()), float(values.max())
    top = TOPS[said or ("0..1" if highest <= 1 else "0..255")]
    if not (lowest >= 0 and highest <= top):
        expected = f"range says {said}" if said else "numbers in 0..255 are expected, or in 0..1 where none is above 1"
        raise _wrong(pointer, f"received values from {lowest:g} to {highest:g}; {expected}.")
    return np.rint(values * (255.0 / top)).astype(np.uint8)


def _wrong(pointer: str, detail: str) -> InvalidFields:
    return InvalidFields.of([Fault(pointer, detail)])
