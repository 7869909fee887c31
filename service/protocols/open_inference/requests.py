"""What an inference request asks: JSON, and after it the bytes of those tensors that say so."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.errors import BadTensor
from service.images.expectation import Expectation
from service.protocols import tensors
from service.protocols.tensors import Images, Json

INPUT: Final = "images"
OUTPUT: Final = "probabilities"
DATATYPES: Final[dict[str, np.dtype[Any]]] = {"FP32": np.dtype("<f4"), "UINT8": np.dtype("u1")}


@dataclass(frozen=True)
class InputTensor:
    """The pictures, as numbers of one of `DATATYPES`."""

    datatype: str
    values: NDArray[np.generic]

    def images(self, expects: Expectation, most: int) -> Images:
        """Return what the network sees: UINT8 are pixels 0..255, FP32 are in 0..1 already. Raise BadTensor."""
        if self.datatype == "UINT8":
            return tensors.images_of_bytes(INPUT, self.values.astype(np.uint8), expects, most)
        return tensors.images(INPUT, self.values, expects, most)


@dataclass(frozen=True)
class WantedOutput:
    """How the answer is wanted: the numbers, or the best `classification` classes; as JSON or as bytes."""

    classification: int
    """0: the probabilities of all classes, as they are."""
    is_binary: bool


@dataclass(frozen=True)
class InferRequest:
    """One request, read and found whole."""

    id: str | None
    tensor: InputTensor
    output: WantedOutput


def read(body: bytes, header_length: str | None) -> InferRequest:
    """Read a request; `header_length` is the header `Inference-Header-Content-Length`.

    Raise BrokenJson, or BadTensor for a tensor that is not what it says it is.
    """
    length = _length(header_length, len(body))
    found = tensors.read_json(body[:length])
    identity = found.get("id")
    if identity is not None and not isinstance(identity, str):
        raise BadTensor("id: a request's id is text.")
    parameters = _object(found, "parameters")
    return InferRequest(
        identity, _read_input(found.get("inputs"), body[length:]), _read_outputs(found.get("outputs"), parameters)
    )


def _length(header_length: str | None, whole: int) -> int:
    if header_length is None:
        return whole
    if not (header_length.isascii() and header_length.isdigit() and len(header_length) < 12):
        raise BadTensor(
            f"Inference-Header-Content-Length: received {header_length[:50]!r}; it is the length of the JSON, in bytes."
        )
    if int(header_length) > whole:
        raise BadTensor(f"Inference-Header-Content-Length says {header_length} bytes of JSON; the body has {whole}.")
    return int(header_length)


def _read_input(inputs: object, binary: bytes) -> InputTensor:
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise BadTensor(f"inputs: a list with one tensor is expected, called {INPUT!r}.")
    tensor: Json = inputs[0]
    if tensor.get("name") != INPUT:
        raise BadTensor(
            f"inputs/0/name: received {str(tensor.get('name'))[:80]!r}; the model's input is called {INPUT!r}."
        )
    datatype = tensor.get("datatype")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise BadTensor(f"inputs/0/datatype: received {str(datatype)[:80]!r}; {' and '.join(DATATYPES)} are read.")
    shape = tensors.read_shape(INPUT, tensor.get("shape"))
    size = _object(tensor, "parameters").get("binary_data_size")
    if size is None:
        if binary:
            raise BadTensor(f"{len(binary)} bytes follow the JSON, and no tensor says that they are its own.")
        values = tensors.read_numbers(INPUT, tensor.get("data"))
        if datatype == "UINT8" and not _are_bytes(values):
            raise BadTensor("inputs/0/data: UINT8 holds whole numbers from 0 to 255.")
    else:
        values = _of_bytes(binary, size, datatype, "data" in tensor)
    return InputTensor(datatype, tensors.reshaped(INPUT, values, shape))


def _are_bytes(values: NDArray[np.generic]) -> bool:
    return values.dtype.kind in "iu" and bool(values.min() >= 0 and values.max() <= 255)


def _of_bytes(binary: bytes, size: object, datatype: str, has_data: bool) -> NDArray[np.generic]:
    if has_data:
        raise BadTensor("inputs/0: received both data and binary_data_size; give one of them.")
    if type(size) is not int or size != len(binary):
        raise BadTensor(f"inputs/0: binary_data_size is {str(size)[:30]}, and {len(binary)} bytes follow the JSON.")
    width = DATATYPES[datatype].itemsize
    if size % width:
        raise BadTensor(f"inputs/0: {size} bytes are not a whole number of {datatype}, {width} bytes each.")
    return np.frombuffer(binary, DATATYPES[datatype])


def _read_outputs(outputs: object, parameters: Json) -> WantedOutput:
    is_binary = _flag(parameters, "binary_data_output") or False
    if outputs is None or outputs == []:
        return WantedOutput(0, is_binary)
    if not isinstance(outputs, list) or len(outputs) != 1 or not isinstance(outputs[0], dict):
        raise BadTensor(f"outputs: at most one is expected; the model's output is called {OUTPUT!r}.")
    wanted: Json = outputs[0]
    if wanted.get("name") != OUTPUT:
        raise BadTensor(f"outputs/0/name: received {str(wanted.get('name'))[:80]!r}; the output is called {OUTPUT!r}.")
    own = _object(wanted, "parameters")
    count = own.get("classification", 0)
    if type(count) is not int or not 0 <= count <= 65_536:
        raise BadTensor("outputs/0/parameters/classification: the number of classes wanted, best first, is expected.")
    own_binary = _flag(own, "binary_data")
    return WantedOutput(count, is_binary if own_binary is None else own_binary)


def _flag(parameters: Json, name: str) -> bool | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadTensor(f"parameters/{name}: true or false is expected.")
    return value


def _object(found: Json, name: str) -> Json:
    value = found.get(name, {})
    if not isinstance(value, dict):
        raise BadTensor(f"{name}: an object is expected.")
    return value
