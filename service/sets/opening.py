"""Open a data set by its name, whoever it is from, on whichever machine this is."""

from sqlalchemy.orm import Session

from service.errors import DatasetUnavailable, UnknownDataset
from service.images.sets import opening, store
from service.images.sets.catalogue import BUILTINS
from service.images.sets.store import LabelledSet
from service.records import DatasetState
from service.sets import keeping
from service.sets.finding import AllSets, described, find
from service.settings import Settings

__all__ = ["LabelledSet", "known_sha256", "open_set", "open_trained_on"]


def open_set(session: Session, settings: Settings, name: str) -> LabelledSet:
    """Return a data set, its files made first if need be.

    Raises UnknownDataset, DatasetUnavailable (not imported, or not to be had on this machine), StorageFull.
    """
    if name in BUILTINS:
        return opening.open_set(name, settings.home, settings.datasets)
    dataset = find(session, name)
    if dataset is None:
        raise UnknownDataset(AllSets(session).explain(name))
    if dataset.state != DatasetState.READY:
        raise DatasetUnavailable(AllSets(session).explain(name))
    known = described(dataset)
    folder = keeping.folder_of(settings.home, known.sha256)
    found = store.opened(folder, known, known.sha256, dataset.source)
    if found is None:
        keeping.forget(settings.home, known.sha256)  # what a broken disk left
        keeping.restore(session, dataset, settings.home)
        found = store.opened(folder, known, known.sha256, dataset.source)
    if found is None:
        raise DatasetUnavailable(f"The files of {name!r} were just made in {folder}, and cannot be read there.")
    return found


def open_trained_on(session: Session, settings: Settings, name: str, sha256: str | None) -> LabelledSet:
    """Return the data set that a training was on; raise DatasetUnavailable, or StorageFull.

    `sha256` is that of its content then (None: nobody knows): another set may have its name by now.
    """
    try:
        found = open_set(session, settings, name)
    except UnknownDataset as error:
        raise DatasetUnavailable(f"The data set {name!r} that it was trained on was deleted.") from error
    if sha256 not in {None, found.sha256}:
        raise DatasetUnavailable(
            f"{name} on this machine has other images than the training had: its content has SHA-256 "
            f"{found.sha256}, not {sha256}."
        )
    return found


def known_sha256(session: Session, settings: Settings, name: str) -> str | None:
    """Return the content's SHA-256 if it is known without reading images; raise UnknownDataset."""
    if name in BUILTINS:
        return opening.known_sha256(name, settings.home)
    dataset = find(session, name)
    if dataset is None:
        raise UnknownDataset(AllSets(session).explain(name))
    return dataset.sha256
