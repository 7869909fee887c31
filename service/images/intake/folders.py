"""From the names in a zip to classes: a folder a class, perhaps below `train/` and `test/`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from service.errors import RefusedDataset
from service.images.archives.limits import shown
from service.images.archives.zips import Member
from service.images.intake.findings import Finding, about

TRAIN: Final = frozenset({"train", "training"})
TEST: Final = frozenset({"test", "testing"})
VALIDATION: Final = frozenset({"val", "valid", "validation"})
_NO_PICTURES: Final = frozenset(
    (
        ".txt",
        ".csv",
        ".tsv",
        ".json",
        ".xml",
        ".md",
        ".html",
        ".htm",
        ".pdf",
        ".py",
        ".ini",
        ".yaml",
        ".yml",
        ".log",
        ".db",
    )
)
EXAMPLE: Final = "Pack a folder for each class: cat/1.png, dog/1.png, …; or train/cat/1.png and test/cat/2.png"


@dataclass(frozen=True)
class Placed:
    """A picture: its file, its class, and whether it is to test with (None: nobody has said)."""

    member: Member
    class_name: str
    is_test: bool | None


@dataclass(frozen=True)
class Arrangement:
    """All pictures in the order of their names, the names of the classes in theirs, and what was left out or put together."""

    pictures: Sequence[Placed]
    classes: tuple[str, ...]
    findings: Sequence[Finding]


def arrange(members: Sequence[Member], folders: Iterable[str]) -> Arrangement:
    """Say which file belongs to which class; raise RefusedDataset where folders do not tell."""
    paths = {member: member.parts for member in members}
    depth = _wrapping(list(paths.values()))
    paths = {member: parts[depth:] for member, parts in paths.items()}
    splits = _splits({parts[0].lower() for parts in paths.values() if len(parts) > 1})
    placed, outside, others = [], [], []
    for member, parts in paths.items():
        if PurePosixPath(member.name).suffix.lower() in _NO_PICTURES:
            others.append(member.name)
        elif (found := _placed(member, parts, splits)) is not None:
            placed.append(found)
        else:
            outside.append(member.name)
    if not placed:
        raise RefusedDataset("no-pictures", f"The zip has no pictures in folders of classes. {EXAMPLE}")
    empty = _empty(folders, depth, splits, {each.class_name for each in placed})
    if empty:
        names = ", ".join(shown(name) for name in empty[:5])
        raise RefusedDataset(
            "empty-class", f"The class {names} is a folder without pictures. Fill it, or leave it out."
        )
    findings = []
    if outside:
        findings.append(
            about("outside-classes", "warning", "Files that lie in no class's folder are left out", outside)
        )
    if others:
        findings.append(about("not-pictures", "note", "Files that are no pictures by their names are left out", others))
    findings += _about_splits(splits)
    return Arrangement(placed, _in_order({each.class_name for each in placed}), findings)


def _wrapping(paths: Sequence[tuple[str, ...]]) -> int:
    """Return how many folders are around everything: those that hold all files, and folders of them."""
    depth = 0
    while paths and all(len(parts) > depth + 2 for parts in paths) and len({parts[depth] for parts in paths}) == 1:
        if paths[0][depth].lower() in TRAIN:
            break
        depth += 1
    return depth


def _splits(tops: set[str]) -> Mapping[str, bool] | None:
    """Return for each folder at the top whether what it holds is to test with; None where these are classes themselves."""
    if not tops & TRAIN:
        return None
    tested_with = tops & TEST or tops & VALIDATION
    return {name: name in tested_with for name in tops & (TRAIN | TEST | VALIDATION)}


def _placed(member: Member, parts: tuple[str, ...], splits: Mapping[str, bool] | None) -> Placed | None:
    if splits is None:
        return Placed(member, parts[0], None) if len(parts) > 1 else None
    if len(parts) < 3 or parts[0].lower() not in splits:
        return None
    return Placed(member, parts[1], splits[parts[0].lower()] if any(splits.values()) else None)


def _empty(folders: Iterable[str], depth: int, splits: Mapping[str, bool] | None, classes: set[str]) -> list[str]:
    """Return the folders that would be classes, and hold no pictures."""
    level = depth + (0 if splits is None else 1)
    found = set()
    for folder in folders:
        parts = PurePosixPath(folder).parts
        if len(parts) == level + 1 and (splits is None or parts[depth].lower() in splits):
            found.add(parts[level])
    return sorted(found - classes)


def _about_splits(splits: Mapping[str, bool] | None) -> list[Finding]:
    found = []
    for name, is_test in (splits or {}).items():
        if name in VALIDATION:
            what = "is what the set is tested with, for there is no test/" if is_test else "is trained on, with train/"
            found.append(
                Finding("validation-folder", "note", f"{name}/ {what}. A training chooses its validation itself.")
            )
    return found


def _in_order(classes: set[str]) -> tuple[str, ...]:
    """Return the names of classes by the alphabet; numbers by their size."""
    if all(name.isascii() and name.isdigit() for name in classes):
        return tuple(sorted(classes, key=lambda name: (int(name), name)))
    return tuple(sorted(classes))
