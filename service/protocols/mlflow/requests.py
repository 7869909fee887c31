"""The body of `/invocations`: a data frame with a row a picture, or tensors."""

from collections.abc import Callable
from typing import Final

from service.errors import BadTensor, WrongContentType
from service.images.expectation import Expectation
from service.protocols import instances, tensors
from service.protocols.instances import B64, INPUT, Bounds
from service.protocols.tensors import Images

KINDS: Final = ("instances", "inputs", "dataframe_split", "dataframe_records")

Reader = Callable[[Expectation, Bounds], Images]


def read(content_type: str, body: bytes) -> Reader:
    """Read a body; raise WrongContentType unless it is JSON, BrokenJson, BadTensor unless it holds exactly one of `KINDS`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongContentType(
            f"Received the content type {kind[:100] or 'none'!r}; application/json is read, with one of {', '.join(KINDS)}."
        )
    found = tensors.read_json(body)
    chosen = tensors.only(KINDS, found, "A request")
    value = found[chosen]
    if chosen == "dataframe_split":
        value = _rows_of_split(value)
    elif chosen == "dataframe_records":
        value = _rows_of_records(value)
    elif isinstance(value, dict) and list(value) == [INPUT]:
        value = value[INPUT]
    return lambda expects, bounds: instances.read(chosen, value, expects, bounds)


def _rows_of_split(frame: object) -> list[object]:
    if not isinstance(frame, dict) or not isinstance(frame.get("data"), list):
        raise BadTensor('dataframe_split: {"columns": […], "data": [[…], …]} is expected.')
    rows = frame["data"]
    if not all(isinstance(row, list) for row in rows):
        raise BadTensor("dataframe_split/data: a list of rows is expected, each a list of its cells.")
    return [_picture(row) for row in rows]


def _rows_of_records(records: object) -> list[object]:
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        raise BadTensor("dataframe_records: a list of rows is expected, each an object with a value a column.")
    columns = list(records[0])
    if any(set(record) != set(columns) for record in records):
        raise BadTensor("dataframe_records: the rows have different columns.")
    return [_picture([record[column] for column in columns]) for record in records]


def _picture(row: list[object]) -> object:
    """Return what a row shows: its only cell, a picture whole (a file in base64, as pandas writes bytes), or a pixel a cell."""
    if len(row) != 1:
        return row
    return {B64: row[0]} if isinstance(row[0], str) else row[0]
