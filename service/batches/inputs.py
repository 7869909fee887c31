"""Store what came in for a batch, before the batch itself: in short transactions, so that nobody waits long for a lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from service.batches import queries
from service.batches.surveying import Survey
from service.database import Database
from service.records import BatchInput, BatchInputPart

PART_BYTES: Final = 4 << 20


@contextmanager
def stored(database: Database, batch_id: str, survey: Survey) -> Iterator[None]:
    """Store it under the id that the batch will have; if there is no such batch at the end of the block, remove it again.

    A process that is killed within the block leaves it to `cyfra prune`.
    """
    labels = None if survey.labels is None else survey.labels.indices.astype("<i2").tobytes()
    try:
        with database.transaction() as session:
            size = survey.file.stat().st_size
            session.add(BatchInput(batch_id=batch_id, size=size, source=survey.source.as_json(), labels=labels))
        with survey.file.open("rb") as opened:
            number = 0
            while content := opened.read(PART_BYTES):
                with database.transaction() as session:
                    session.add(BatchInputPart(batch_id=batch_id, number=number, content=content))
                number += 1
        yield
    finally:
        if not _is_used(database, batch_id):
            with database.transaction() as session:
                queries.remove_input(session, batch_id)


def _is_used(database: Database, batch_id: str) -> bool:
    with database.reading() as session:
        return queries.get(session, batch_id) is not None
