"""What is known of a data set by its name, whoever it is from."""

from collections.abc import Sequence
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import unknown
from service.images.sets.catalogue import BUILTINS, KnownSet, Uploaded
from service.records import Dataset, DatasetState


class Sets(Protocol):
    """Where data sets are looked up."""

    def get(self, name: str) -> KnownSet | None:
        """Return one that can be trained on; None if there is none of that name."""
        ...

    def explain(self, name: str | None) -> str:
        """Say why there is none of that name, and which there are."""
        ...


class BuiltinSets:
    """Only those that are built in."""

    def get(self, name: str) -> KnownSet | None:
        """Return one of them."""
        return BUILTINS.get(name)

    def explain(self, name: str | None) -> str:
        """Say which there are."""
        return unknown(name, BUILTINS, "data set")


BUILTIN_SETS: Final[Sets] = BuiltinSets()


class AllSets:
    """All of them. With `hold`, one that is looked up stays until the transaction ends: nobody deletes it meanwhile."""

    def __init__(self, session: Session, *, hold: bool = False) -> None:
        self._session = session
        self._hold = hold

    def get(self, name: str) -> KnownSet | None:
        """Return one that can be trained on."""
        if name in BUILTINS:
            return BUILTINS[name]
        found = find(self._session, name, hold=self._hold)
        return None if found is None or found.state != DatasetState.READY else described(found)

    def explain(self, name: str | None) -> str:
        """Say why there is none: it is not known, not imported yet, or could not be."""
        found = None if name is None else find(self._session, name)
        if found is None:
            return unknown(name, [*BUILTINS, *ready_names(self._session)], "data set")
        if found.state == DatasetState.IMPORTING:
            return f"{found.name!r} is still being imported; GET /v1/datasets/{found.name} says how far it is"
        return f"{found.name!r} was not imported: {found.error_detail} Send it again: POST /v1/datasets"


def find(session: Session, name: str, *, hold: bool = False) -> Dataset | None:
    """Return what somebody has sent under a name, whatever its state; with `hold` nobody deletes it meanwhile."""
    if "\x00" in name:  # PostgreSQL has no such text
        return None
    query = select(Dataset).where(Dataset.name == name)
    return session.scalars(query.with_for_update(read=True) if hold else query).one_or_none()


def ready_names(session: Session) -> Sequence[str]:
    """Return the names of all that were imported."""
    return session.scalars(select(Dataset.name).where(Dataset.state == DatasetState.READY).order_by(Dataset.name)).all()


def described(dataset: Dataset) -> Uploaded:
    """Return what is known of a data set that is ready."""
    facts = dataset.facts or {}
    height, width, channels = facts["shape"]
    return Uploaded(
        name=dataset.name,
        title=dataset.title,
        description=dataset.description,
        classes=tuple(facts["classes"]),
        shape=(height, width, channels),
        train_count=sum(facts["train_per_class"]),
        test_count=sum(facts["test_per_class"]),
        handwriting=facts["handwriting"],
        sha256=dataset.sha256 or "",
        train_per_class=tuple(facts["train_per_class"]),
    )
