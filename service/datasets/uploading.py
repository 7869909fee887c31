"""What becomes of a data set that has come: judged by its names and headers, stored, and left to a worker."""

from collections.abc import Callable

from fastapi import Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import storage
from service.auth.caller import Caller
from service.datasets import queries, replies
from service.datasets.receiving import Received
from service.datasets.schemas import DatasetReply
from service.edge.idempotency import Answer, Once
from service.edge.resources import Resources
from service.errors import DatasetExists, TooManyImports
from service.images.intake import collecting
from service.images.sets.catalogue import BUILTINS
from service.records import Dataset, DatasetState
from service.sets.finding import find
from service.sets.limits import intake_limits
from service.settings import Settings

RETRY_SECONDS = 10


def require_free_name(session: Session, caller: Caller, name: str) -> None:
    """Raise DatasetExists for a name that is taken. One whose import came to nothing is free again for its sender."""
    found = None if name in BUILTINS else find(session, name)
    if name in BUILTINS or (found is not None and not _may_replace(found, caller)):
        what = "is built in" if name in BUILTINS else "is there already"
        raise DatasetExists(
            f"A data set {name!r} {what}. Choose another name, or delete it first: DELETE /v1/datasets/{name}"
        )


def take(resources: Resources, caller: Caller, received: Received, key: str | None) -> Response:
    """Judge what has come, store it, and queue it; with the same `key` once, however often it is sent.

    Raises DatasetExists, TooManyImports, StorageFull; RefusedDataset and the archives' errors for what can be told at once.
    """
    settings, database = resources.settings, resources.database
    once = Once(resources, caller.name, key, received.fingerprint)
    with collecting.collected(received.files, received.request.options(), intake_limits(settings)):
        pass  # what opens is worth storing
    with database.reading() as session:
        if key is None:  # with one, it may be there because this very request was carried out
            require_free_name(session, caller, received.request.name)
    storage.require_room(database.file, settings.min_free_bytes + received.size)
    upload_id = queries.stage(database, received.files)
    try:
        return once.carry_out(_creating(resources, caller, received, upload_id))
    finally:
        queries.discard(database, upload_id)  # unless the data set points to it now


def _creating(resources: Resources, caller: Caller, received: Received, upload_id: int) -> Callable[[Session], Answer]:
    def create(session: Session) -> Answer:
        reply = _create(session, resources.settings, caller, received, upload_id)
        resources.doorbell.ring_after_commit(session)
        headers = {"Location": reply.links["self"], "Retry-After": str(reply.poll_after_seconds)}
        return Answer.of(reply, 202, headers)

    return create


def _create(session: Session, settings: Settings, caller: Caller, received: Received, upload_id: int) -> DatasetReply:
    asked = received.request
    require_free_name(session, caller, asked.name)
    waiting = queries.importing(session, caller.name)
    if waiting >= settings.max_imports:
        raise TooManyImports(
            f"{waiting} data sets of yours are being imported, and {settings.max_imports} may be at a time. Send it again "
            "when one of them is ready.",
            retry_after_seconds=RETRY_SECONDS,
        )
    before = queries.locked(session, asked.name)
    if before is not None:
        queries.remove(session, before)
    dataset = Dataset(
        name=asked.name,
        owner=caller.name,
        state=DatasetState.IMPORTING,
        title=asked.title or asked.name,
        description=asked.description,
        source=received.source,
        size=received.size,
        options=asked.options().as_json(),
        upload_id=upload_id,
    )
    try:
        queries.add(session, dataset)
    except IntegrityError as error:  # another request with the same name was a moment earlier
        raise DatasetExists(f"A data set {asked.name!r} is there already. Choose another name.") from error
    return replies.uploaded(dataset)


def _may_replace(found: Dataset, caller: Caller) -> bool:
    return found.state in {DatasetState.REFUSED, DatasetState.FAILED} and found.owner == caller.name
