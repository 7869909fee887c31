"""Import one data set: fetch what was sent, prepare it, store its pixels for all machines, and write down how it ended."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError

from service import logs, storage
from service.database import Database
from service.errors import RefusedDataset, StorageFull, Unprocessable
from service.images.intake import collecting, preparing
from service.images.intake.findings import about
from service.images.intake.options import Options
from service.images.intake.preparing import Prepared
from service.images.sets import store
from service.records import DatasetPart, DatasetState, DatasetUploadPart
from service.records.base import Json
from service.sets import keeping
from service.sets.limits import intake_limits
from worker.heartbeat import TIME_LIMIT
from worker.imports import claims
from worker.imports.claims import ImportClaim
from worker.imports.heartbeat import ImportHeartbeat
from worker.imports.progress import ImportProgress
from worker.leases import LeaseLost
from worker.rescuing import OUT_OF_MEMORY
from worker.stopping import ShuttingDown, Stops, TimeLimit

if TYPE_CHECKING:
    from worker.app import Workshop

logger = logging.getLogger(__name__)

STORAGE_FULL: Final = "storage-full"
INTERNAL: Final = "internal"


@dataclass(frozen=True)
class Ending:
    """How an import ended that did not succeed: refused for what was sent, or failed for another reason."""

    state: DatasetState
    error_type: str
    detail: str
    lint: Json | None = None


def work(workshop: "Workshop") -> bool:
    """Claim one data set and import it; return whether there was one."""
    settings, database = workshop.settings, workshop.database
    claim = claims.claim(database, workshop.name, settings.lease_seconds)
    if claim is None:
        return False
    seconds = settings.max_import_seconds
    with (
        logs.bound(dataset=claim.name, attempt=claim.attempt),
        ImportHeartbeat(database, claim, settings.lease_seconds, seconds) as heartbeat,
    ):
        logger.info("data set %s: attempt %d begins", claim.name, claim.attempt)
        carry_out(workshop, claim, Stops(heartbeat, workshop.is_shutting_down, seconds))
    return True


def carry_out(workshop: "Workshop", claim: ImportClaim, stops: Stops) -> None:
    """Import, and write down how it ended, whatever happens: this is the edge of the worker."""
    database = workshop.database
    try:
        prepared = import_set(workshop, claim, stops)
        logger.info("data set %s: ready, SHA-256 %s", claim.name, prepared.sha256)
    except LeaseLost:
        logger.warning("data set %s: attempt %d is not ours any more", claim.name, claim.attempt)
    except ShuttingDown:
        _give_back(database, claim)
    except Exception as error:
        ending = how_it_ended(error, workshop)
        if ending is None:
            # Nothing was committed of the last step. The lease ends, and the set is claimed again, here or elsewhere.
            logger.exception("data set %s: the database failed; attempt %d is given up", claim.name, claim.attempt)
        else:
            _end(database, claim, ending, error)


def how_it_ended(error: Exception, workshop: "Workshop") -> Ending | None:
    """Return how an error ends an import; None for one of the database, which another attempt may not meet."""
    failed = DatasetState.FAILED
    if storage.is_full(error, workshop.database.file):
        return Ending(failed, STORAGE_FULL, storage.full().detail)
    match error:
        case OperationalError() | InterfaceError():
            ending = None
        case RefusedDataset():
            lint = {"findings": [about(error.rule, "refusal", error.detail, error.files).as_json()]}
            ending = Ending(DatasetState.REFUSED, error.rule, error.detail, lint)
        case Unprocessable():
            ending = Ending(DatasetState.REFUSED, error.name, error.detail)
        case StorageFull():
            ending = Ending(failed, STORAGE_FULL, error.detail)
        case TimeLimit():
            seconds = workshop.settings.max_import_seconds
            ending = Ending(failed, TIME_LIMIT, f"It took longer than {seconds:,.0f} s: fewer or smaller pictures fit.")
        case MemoryError():
            ending = Ending(failed, OUT_OF_MEMORY, "The pictures did not fit into memory.")
        case _:
            ending = Ending(failed, INTERNAL, f"{type(error).__name__}: {error}"[:2000].replace("\x00", ""))
    return ending


def import_set(workshop: "Workshop", claim: ImportClaim, stops: Stops) -> Prepared:
    """Fetch, prepare, store; raise what keeps it from becoming a set."""
    settings, database = workshop.settings, workshop.database
    progress = ImportProgress(database, claim, stops, settings.progress_seconds)
    progress.say("fetching what was sent")
    limits, options = intake_limits(settings), Options.from_json(claim.options)
    with keeping.making_folder(settings.home, claim.name) as folder:
        sent = folder.with_name("sent")
        sent.mkdir()
        files = fetch(database, claim, sent, progress)
        with collecting.collected(files, options, limits) as collection:
            threads = settings.threads or len(os.sched_getaffinity(0))
            prepared = preparing.prepare(collection, options, limits, folder, threads, progress.say)
        _store(database, claim, folder, progress)
        _finish(database, claim, prepared)
        keeping.put_in_place(folder, keeping.folder_of(settings.home, prepared.sha256))
    return prepared


def fetch(database: Database, claim: ImportClaim, folder: Path, progress: ImportProgress) -> dict[str, Path]:
    """Make files of what was sent, by their roles."""
    files = {}
    mine = DatasetUploadPart.upload_id == claim.upload_id
    with database.reading() as session:
        keys = session.execute(
            select(DatasetUploadPart.role, DatasetUploadPart.number)
            .where(mine)
            .order_by(DatasetUploadPart.role, DatasetUploadPart.number)
        ).all()
        for role, number in keys:
            progress.say("fetching what was sent")
            here = (mine, DatasetUploadPart.role == role, DatasetUploadPart.number == number)
            content = session.scalars(select(DatasetUploadPart.content).where(*here)).one()
            files[role] = folder / role
            with files[role].open("ab") as file:
                file.write(content)
    if not files:
        raise LeaseLost  # deleted meanwhile
    return files


def _store(database: Database, claim: ImportClaim, folder: Path, progress: ImportProgress) -> None:
    """Store the arrays in parts, each in a transaction of its own that holds the claim."""
    for array in store.ARRAYS:
        for number, content in enumerate(keeping.compressed(folder / f"{array}.npy")):
            progress.say("storing")
            with database.transaction() as session:
                claims.hold(session, claim)
                session.add(
                    DatasetPart(
                        dataset_id=claim.dataset_id, attempt=claim.attempt, array=array, number=number, content=content
                    )
                )


def _finish(database: Database, claim: ImportClaim, prepared: Prepared) -> None:
    expects = prepared.expects
    facts = {
        "classes": list(prepared.classes),
        "shape": [expects.height, expects.width, expects.channels],
        "handwriting": expects.handwriting,
        "train_per_class": list(prepared.train_per_class),
        "test_per_class": list(prepared.test_per_class),
        "made_split": prepared.made_split,
    }
    lint = {"findings": [each.as_json() for each in prepared.findings]}
    with database.transaction() as session:
        claims.finish(session, claim, DatasetState.READY, sha256=prepared.sha256, facts=facts, lint=lint)


def _end(database: Database, claim: ImportClaim, ending: Ending, error: Exception) -> None:
    told = error if ending.error_type == INTERNAL else None
    said = (claim.name, ending.state.value, ending.error_type, ending.detail)
    logger.warning("data set %s: %s as %s: %s", *said, exc_info=told)
    columns = {"error_type": ending.error_type, "error_detail": ending.detail, "lint": ending.lint}
    try:
        with database.transaction() as session:
            claims.finish(session, claim, ending.state, **columns)
    except LeaseLost:
        logger.warning("data set %s: attempt %d is not ours any more", claim.name, claim.attempt)


def _give_back(database: Database, claim: ImportClaim) -> None:
    try:
        claims.release(database, claim)
        logger.info("data set %s: given back", claim.name)
    except LeaseLost:
        logger.warning("data set %s: attempt %d is not ours any more", claim.name, claim.attempt)
