"""What came in for a batch, as a file on this machine while the batch is worked on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import undefer

from service.database import Database
from service.inference.bundles import Source
from service.records import BatchInput, BatchInputPart
from service.storage import uploads
from worker.leases import LeaseLost


@dataclass(frozen=True, eq=False)
class Fetched:
    """The file, what it is, and `(n,)` class indices, -1 for pictures without a label; None where there are none at all."""

    file: Path
    source: Source
    labels: NDArray[np.int16] | None


@contextmanager
def fetched(database: Database, batch_id: str, home: Path) -> Iterator[Fetched]:
    """Fetch what came in, a part at a time; raise LeaseLost if it is gone, for it goes only when a batch ends."""
    with database.reading() as session:
        undeferred = (undefer(BatchInput.source), undefer(BatchInput.labels))
        found = session.get(BatchInput, batch_id, options=undeferred)
    if found is None:
        raise LeaseLost
    with TemporaryDirectory(prefix="batch-", dir=uploads(home)) as folder:
        file = Path(folder) / "input"
        with file.open("wb") as written:
            for part in _parts(database, batch_id):
                written.write(part)
        if file.stat().st_size != found.size:
            raise LeaseLost
        labels = None if found.labels is None else np.frombuffer(found.labels, np.dtype("<i2")).astype(np.int16)
        yield Fetched(file, Source.from_json(found.source), labels)


def _parts(database: Database, batch_id: str) -> Iterator[bytes]:
    number = 0
    while True:
        with database.reading() as session:
            place = (BatchInputPart.batch_id == batch_id, BatchInputPart.number == number)
            content = session.scalar(select(BatchInputPart.content).where(*place))
        if content is None:
            return
        yield content
        number += 1
