"""Data sets as clients see them."""

from typing import Final

from service.datasets.schemas import DatasetFailure, DatasetReply, FindingReply, ImportProgress
from service.images.sets.catalogue import Builtin
from service.images.sets.opening import is_available, known_sha256
from service.records import Dataset, DatasetState
from service.settings import Settings

POLL_SECONDS: Final = 1


def builtin(settings: Settings, known: Builtin) -> DatasetReply:
    """Return one that is built in."""
    count = len(known.classes)
    return DatasetReply(
        name=known.name,
        state="ready",
        built_in=True,
        title=known.title,
        description=known.description,
        classes=list(known.classes),
        shape=list(known.shape),
        train_count=known.train_count,
        test_count=known.test_count,
        train_per_class=list(known.train_of_each) if known.train_count % count == 0 else [],
        test_per_class=[],
        handwriting=known.handwriting,
        sha256=known_sha256(known.name, settings.home),
        available=is_available(known.name, settings.home, settings.datasets),
        owner=None,
        created_at=None,
        finished_at=None,
        options=None,
        split=None,
        progress=None,
        error=None,
        lint=[],
        poll_after_seconds=None,
        links=_links(known.name, has_pictures=True),
    )


def uploaded(dataset: Dataset) -> DatasetReply:
    """Return one that somebody has sent."""
    facts = dataset.facts or {}
    train, test = facts.get("train_per_class", []), facts.get("test_per_class", [])
    is_ready, is_importing = dataset.state == DatasetState.READY, dataset.state == DatasetState.IMPORTING
    return DatasetReply(
        name=dataset.name,
        state=dataset.state.value,
        built_in=False,
        title=dataset.title,
        description=dataset.description,
        classes=facts.get("classes", []),
        shape=facts.get("shape", []),
        train_count=sum(train),
        test_count=sum(test),
        train_per_class=train,
        test_per_class=test,
        handwriting=bool(dataset.options["handwriting"]),
        sha256=dataset.sha256,
        available=is_ready,
        owner=dataset.owner,
        created_at=dataset.created_at,
        finished_at=dataset.finished_at,
        options=dataset.options,
        split=None if not is_ready else "made" if facts["made_split"] else "given",
        progress=_progress(dataset) if is_importing else None,
        error=_failure(dataset),
        lint=[FindingReply.model_validate(each) for each in (dataset.lint or {}).get("findings", [])],
        poll_after_seconds=POLL_SECONDS if is_importing else None,
        links=_links(dataset.name, has_pictures=is_ready),
    )


def _progress(dataset: Dataset) -> ImportProgress:
    return ImportProgress(
        activity=dataset.activity, done=dataset.done, total=dataset.total, eta_seconds=dataset.eta_seconds
    )


def _failure(dataset: Dataset) -> DatasetFailure | None:
    if dataset.error_type is None:
        return None
    return DatasetFailure(type=dataset.error_type, detail=dataset.error_detail or "")


def _links(name: str, *, has_pictures: bool) -> dict[str, str]:
    own = f"/v1/datasets/{name}"
    return {"self": own} | ({"samples": f"{own}/samples", "gallery": f"{own}/samples.png"} if has_pictures else {})
