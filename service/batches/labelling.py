"""Labels, in whatever form they come, as class indices of the model: one for each picture, -1 where there is none."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import Fault, InvalidFields

FIELD: Final = "labels"
NO_LABEL: Final = -1
MOST_BYTES: Final = 16 << 20
MOST_ROWS: Final = 300_000
_SHOWN: Final = 5
_HEADINGS: Final = frozenset({"label", "labels", "class", "true", "digit", "target"})


@dataclass(frozen=True, eq=False)
class Labels:
    """`(n,)` class indices, where they came from, and what is odd about them."""

    indices: NDArray[np.int16]
    origin: str
    notes: tuple[str, ...] = ()


def of_numbers(numbers: NDArray[np.int64], classes: Sequence[str], origin: str) -> Labels:
    """Return the labels of whole numbers: those are the names of classes if all are, else their indices.

    Raise InvalidFields where no label is a class.
    """
    names = {name: index for index, name in enumerate(classes)}
    found = np.unique(numbers).tolist()
    if all(str(number) in names for number in found):
        known = {number: names[str(number)] for number in found}
    else:
        known = {number: number for number in found if number < len(classes)}
    indices = np.array([known.get(number, NO_LABEL) for number in numbers.tolist()], np.int16)
    strange = [str(number) for number in found if number not in known]
    return Labels(indices, origin, _about_strange(strange, len(known), classes))


def of_names(wanted: Sequence[str | None], classes: Sequence[str], origin: str, notes: tuple[str, ...] = ()) -> Labels:
    """Return the labels of class names, None where there is none. Raise InvalidFields where no label is a class."""
    names = {name: index for index, name in enumerate(classes)}
    given = [label for label in wanted if label is not None]
    strange = sorted({label for label in given if label not in names})
    if strange and len(strange) == len(set(given)) and all(label.isdecimal() for label in given):
        numbers = np.array([int(label) if len(label) < 10 else 10**9 for label in given], np.int64)
        found = iter(of_numbers(numbers, classes, origin).indices.tolist())
        indices = [NO_LABEL if label is None else next(found) for label in wanted]
        return Labels(np.array(indices, np.int16), origin, notes)
    indices = [NO_LABEL if label is None else names.get(label, NO_LABEL) for label in wanted]
    notes += _about_strange(strange, len(set(given)) - len(strange), classes)
    return Labels(np.array(indices, np.int16), origin, notes)


def of_folders(names: Sequence[str], classes: Sequence[str]) -> Labels | None:
    """Return the labels that folders give: a picture in a folder that is called like a class is of that class."""
    known = {name: index for index, name in enumerate(classes)}
    folders = [PurePosixPath(name).parent.name for name in names]
    indices = np.array([known.get(folder, NO_LABEL) for folder in folders], np.int16)
    if not np.any(indices >= 0):
        return None
    without = int(np.sum(indices < 0))
    note = f"{without:,} pictures lie in no folder that is called like a class of the model: they have no label."
    return Labels(indices, "folders", (note,) if without else ())


def of_csv(content: bytes, names: Sequence[str], classes: Sequence[str]) -> Labels:
    """Return the labels of a table: `name,label` a line, or a label a line in the pictures' order; a heading may come first.

    A name is the picture's, or the last part of it where that is the only one; of an array it is the index.

    Raise InvalidFields.
    """
    rows = _table(content)
    if all(len(row) == 1 for row in rows):
        if len(rows) != len(names):
            raise wrong(f"received {len(rows):,} labels for {len(names):,} pictures; or write name,label in each line.")
        return of_names([row[0] for row in rows], classes, "csv")
    odd = next((number for number, row in enumerate(rows, 1) if len(row) != 2), None)
    if odd is not None:
        raise wrong(f"row {odd} of the table has {len(rows[odd - 1])} columns; two are expected: name,label")
    places = _places(names)
    wanted: list[str | None] = [None] * len(names)
    strange = []
    for name, label in rows:
        place = places.get(name)
        if place is None:
            strange.append(name)
        else:
            wanted[place] = label
    if len(strange) == len(rows):
        raise wrong(f"no name of the table is a picture's: {_some(strange)}. The pictures are {_some(list(names))}.")
    notes = []
    if strange:
        notes.append(f"{len(strange):,} names of the table of labels are no pictures': {_some(strange)}.")
    without = sum(label is None for label in wanted)
    if without:
        notes.append(f"{without:,} pictures have no label.")
    return of_names(wanted, classes, "csv", tuple(notes))


def _table(content: bytes) -> list[list[str]]:
    rows = list(islice(_rows(content), MOST_ROWS + 1))
    if not rows:
        raise wrong("the table of labels is empty; write a line for each picture: name,label")
    if len(rows) > MOST_ROWS:
        raise wrong(f"the table of labels has more than {MOST_ROWS:,} rows, which is the most.")
    return rows


def _rows(content: bytes) -> Iterator[list[str]]:
    """Give the rows without a heading and without empty lines."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(f"the table of labels is not UTF-8: {error.reason} at byte {error.start}.") from error
    if "\x00" in text:
        raise wrong("the labels are neither a table (name,label) nor an IDX file.")
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), ",")
    is_first = True
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not (is_first and cells[-1].lower() in _HEADINGS):
                yield cells
            is_first = False
    except csv.Error as error:
        raise wrong(f"the table of labels cannot be read: {error}") from error


def _places(names: Sequence[str]) -> Mapping[str, int]:
    """Return the place of each name a picture can be called by."""
    places: dict[str, int] = {}
    shared: set[str] = set()
    for place, name in enumerate(names):
        for short in {
            PurePosixPath(name).name,
            name.rpartition("[")[2].removesuffix("]") if name.endswith("]") else name,
        }:
            if short in places:
                shared.add(short)
            places[short] = place
    for short in shared:
        del places[short]
    return places | {name: place for place, name in enumerate(names)}


def _about_strange(strange: Sequence[str], known: int, classes: Sequence[str]) -> tuple[str, ...]:
    if not strange:
        return ()
    if not known:
        raise wrong(f"no label is a class of the model: {_some(strange)}. Its classes are {_some(classes)}.")
    return (f"Labels that are no class of the model do not count: {_some(strange)}.",)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:50]) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def wrong(detail: str) -> InvalidFields:
    """Return the error for labels that cannot be used."""
    return InvalidFields.of([Fault(FIELD, detail)])
