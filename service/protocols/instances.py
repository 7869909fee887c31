"""Pictures as TensorFlow Serving's and MLflow's clients write them in JSON: nested lists of numbers, or `{"b64": "…"}`."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.errors import BadTensor, CyfraError
from service.images.decoding import Limits, decode
from service.images.expectation import Expectation, prepare
from service.protocols import tensors
from service.protocols.tensors import Images

INPUT: Final = "images"
B64: Final = "b64"


@dataclass(frozen=True)
class Bounds:
    """How much one request may hold."""

    images: int
    pixels: int


def read(where: str, instances: object, expects: Expectation, bounds: Bounds) -> Images:
    """Return what a network sees of a list of instances: each a picture's numbers, its file in base64, or named `images`.

    Returns:
        `(n, height, width, channels)` float32 in 0..1.

    Raises:
        BadTensor: not a list, an instance of another shape or out of range, or no base64.
        UnreadableImage, ImageTooLarge, BlankImage: what is wrong with a file.
    """
    if not isinstance(instances, list) or not instances:
        raise BadTensor(f"{where}: a list of instances is expected, one a picture.")
    if len(instances) > bounds.images:
        raise BadTensor(f"{where}: received {len(instances)} images; at most {bounds.images} are taken in one request.")
    bare = [_unnamed(f"{where}/{number}", instance) for number, instance in enumerate(instances)]
    if not any(_is_file(instance) for instance in bare):
        return tensors.images(where, tensors.read_numbers(where, bare), expects, bounds.images)
    return np.stack([_one(f"{where}/{number}", instance, expects, bounds) for number, instance in enumerate(bare)])


def _unnamed(where: str, instance: object) -> object:
    if not isinstance(instance, dict) or _is_file(instance):
        return instance
    if list(instance) != [INPUT]:
        received = ", ".join(repr(str(name)[:50]) for name in list(instance)[:5]) or "nothing"
        raise BadTensor(f"{where}: received {received}; the model's only input is called {INPUT!r}.")
    found: object = instance[INPUT]
    return found


def _is_file(instance: object) -> bool:
    return isinstance(instance, dict) and list(instance) == [B64]


def _one(where: str, instance: object, expects: Expectation, bounds: Bounds) -> Images:
    if not isinstance(instance, dict):
        found: Images = tensors.images(where, tensors.read_numbers(where, [instance]), expects, 1)[0]
        return found
    content = _decoded(where, instance[B64])
    try:
        return prepare(decode(content, Limits(max_pixels=bounds.pixels)), expects)
    except CyfraError as error:
        raise type(error)(f"{where}: {error.detail}") from error


def _decoded(where: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise BadTensor(f"{where}/{B64}: the bytes of a picture in base64 are expected.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadTensor(f"{where}/{B64}: this is not base64: {error}.") from error
