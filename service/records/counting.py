"""Count what all workers do together: epochs, lost leases, checkpoints, trainings by how they ended."""

from sqlalchemy.orm import Session

from service.records.inserting import insert
from service.records.workers import Counter


def count(session: Session, name: str, label: str = "", by: int = 1) -> None:
    """Raise a counter by `by` (at least 1) inside the caller's transaction: it counts what is committed, and nothing else.

    The counter's row stays locked until the commit, and every worker counts in it. So count last; and who counts several in
    one transaction counts them in the order of their names, or two of them may wait for each other.
    """
    if by < 1:
        raise ValueError(f"Received by={by}: a counter only grows.")
    session.execute(
        insert(session, Counter)
        .values(name=name, label=label, value=by)
        .on_conflict_do_update(index_elements=["name", "label"], set_={"value": Counter.value + by}),
        execution_options={"synchronize_session": False},
    )
