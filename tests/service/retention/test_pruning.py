"""What prune removes, and what it never touches; over each kind of database."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from service.database import Database
from service.records import (
    Artefact,
    ArtefactContent,
    Base,
    BatchInput,
    Checkpoint,
    CheckpointPart,
    Dataset,
    DatasetState,
    DatasetUpload,
    DatasetUploadPart,
    IdempotentAnswer,
    ModelVersion,
    PredictionBatch,
    Report,
    Training,
    TrainingChange,
    TrainingState,
    Worker,
)
from service.retention import operations
from service.retention.operations import Removed
from service.retention.rules import Rules
from service.settings import Settings
from tests.service.retention import rows
from tests.service.retention.rows import DAY, HOUR

ENDED = [TrainingState.SUCCEEDED, TrainingState.FAILED, TrainingState.CANCELLED]
RULES = Rules.of(Settings())


def prune(database: Database, home: Path, rules: Rules = RULES) -> dict[str, Removed]:
    """Prune, and check that the dry run had said the same."""
    foretold = operations.measure(database, home, rules)
    removed = list(operations.prune(database, home, rules))
    assert removed == foretold
    assert [each.count for each in operations.measure(database, home, rules)] == [0] * len(removed)
    return {each.what: each for each in removed}


def left(database: Database, column: Any) -> Sequence[Any]:
    with database.reading() as session:
        return sorted(session.scalars(select(column)))


def test_by_default_no_training_is_ever_removed(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        kept = [rows.add_training(session, state, ended_ago=700 * DAY) for state in ENDED]
        rows.add_report(session, kept[0], 100)

    removed = prune(database, tmp_path)

    assert {each.count for each in removed.values()} == {0}
    assert left(database, Training.id) == sorted(kept)
    assert left(database, Report.training_id) == kept[:1]


def test_old_trainings_go_with_all_they_have_and_their_models_stay(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        old = rows.add_training(session, TrainingState.SUCCEEDED, ended_ago=31 * DAY)
        rows.add_report(session, old, 500)
        served = [rows.add_artefact(session, name, age=31 * DAY, of=old) for name in (b"keras", b"onnx")]
        rows.add_version(session, "mine", old, *served)
        rows.add_artefact(session, b"served by nobody", age=31 * DAY, of=old)
        young = rows.add_training(session, TrainingState.SUCCEEDED, ended_ago=29 * DAY)
        shared = rows.add_artefact(session, b"both have it", age=31 * DAY, of=old)
        rows.add_artefact(session, b"of the young one", age=29 * DAY, of=young)
    with database.transaction() as session:
        session.add(rows.TrainingArtefact(training_id=young, format="keras", sha256=shared))

    removed = prune(database, tmp_path, RULES.with_trainings_of(30))

    assert removed["trainings"] == Removed("trainings", 1, 500)
    assert removed["artefacts"] == Removed("artefacts", 1, len(b"served by nobody"))
    assert left(database, Training.id) == [young]
    assert left(database, TrainingChange.training_id) == [young]
    assert left(database, ModelVersion.training_id) == [None]
    assert left(database, ArtefactContent.content) == sorted([b"keras", b"onnx", b"both have it", b"of the young one"])


@pytest.mark.parametrize("state", [TrainingState.QUEUED, TrainingState.RUNNING])
def test_a_training_that_has_not_ended_is_never_removed(
    database: Database, tmp_path: Path, state: TrainingState
) -> None:
    with database.transaction() as session:
        waiting = rows.add_training(session, state, ended_ago=700 * DAY)  # a time of ending that it cannot have
        checkpoint = rows.add_checkpoint(session, waiting, age=700 * DAY, is_complete=True)
        artefact = rows.add_artefact(session, b"x", age=700 * DAY, of=waiting)

    prune(database, tmp_path, RULES.with_trainings_of(0))

    assert left(database, Training.id) == [waiting]
    assert left(database, Checkpoint.id) == [checkpoint]
    assert left(database, Artefact.sha256) == [artefact]


@pytest.mark.parametrize("state", ENDED)
def test_checkpoints_of_ended_trainings_and_old_unfinished_ones_go(
    database: Database, tmp_path: Path, state: TrainingState
) -> None:
    with database.transaction() as session:
        ended = rows.add_training(session, state, ended_ago=1)
        rows.add_checkpoint(session, ended, age=1, is_complete=True)
        running = rows.add_training(session, TrainingState.RUNNING)
        rows.add_checkpoint(session, running, age=25 * HOUR, is_complete=False, parts=3)
        kept = [
            rows.add_checkpoint(session, running, age=25 * HOUR, is_complete=True),
            rows.add_checkpoint(session, running, age=23 * HOUR, is_complete=False),
        ]

    removed = prune(database, tmp_path)

    assert removed["checkpoints"] == Removed("checkpoints", 2, 5000)
    assert left(database, Checkpoint.id) == kept
    assert sorted(set(left(database, CheckpointPart.checkpoint_id))) == kept


def test_batches_go_a_month_after_they_ended_and_pictures_that_belong_to_none_after_an_hour(
    database: Database, tmp_path: Path
) -> None:
    with database.transaction() as session:
        for number, (state, days) in enumerate(
            [("succeeded", 31), ("cancelled", 29), ("queued", 700)]  # a time of ending that the last cannot have
        ):
            rows.add_batch(session, f"{number}", TrainingState(state), ended_ago=days * DAY)
        for batch_id, hours in (("0", 1.5), ("2", 700), ("never", 1.5), ("coming", 0.5)):
            rows.add_batch_input(session, batch_id, age=hours * HOUR, size=70)

    removed = prune(database, tmp_path)

    assert removed["batches"] == Removed("batches", 1, 6)
    assert removed["batch inputs"] == Removed("batch inputs", 2, 140)
    assert left(database, PredictionBatch.id) == ["1", "2"]
    assert left(database, BatchInput.batch_id) == ["2", "coming"]


def test_answers_and_workers_go_a_day_after_nobody_needs_them(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        for hours in (23, 25):
            rows.add_answer(session, f"{hours} hours", age=hours * HOUR)
            rows.add_worker(session, f"{hours} hours", age=hours * HOUR)

    removed = prune(database, tmp_path)

    assert removed["answers"] == Removed("answers", 1, 10)
    assert removed["workers"] == Removed("workers", 1, 0)
    assert left(database, IdempotentAnswer.key) == left(database, Worker.name) == ["23 hours"]


def test_bytes_that_nothing_points_to_go_after_an_hour(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        rows.add_artefact(session, b"old", age=2 * HOUR)
        young = rows.add_artefact(session, b"young", age=HOUR / 2)

    removed = prune(database, tmp_path)

    assert removed["artefacts"] == Removed("artefacts", 1, 3)
    assert left(database, Artefact.sha256) == left(database, ArtefactContent.sha256) == [young]


def test_many_rows_and_large_ones_go_in_several_transactions(database: Database, tmp_path: Path) -> None:
    sizes = [operations.MOST_BYTES // 3, 1, operations.MOST_BYTES // 2, operations.MOST_BYTES + 1, 2]
    with database.transaction() as session:
        for number in range(2 * operations.MOST_ROWS + 1):
            rows.add_answer(session, f"{number}", age=25 * HOUR)
        for size in sizes:
            rows.add_artefact(session, b"\0" * size, age=2 * HOUR)

    removed = prune(database, tmp_path)

    assert removed["answers"].count == 2 * operations.MOST_ROWS + 1
    assert removed["artefacts"] == Removed("artefacts", len(sizes), sum(sizes))
    for table in (IdempotentAnswer, Artefact, ArtefactContent):
        assert count(database, table) == 0


def test_what_was_needed_again_since_it_was_found_stays(database: Database) -> None:
    from service.retention import queries  # noqa: PLC0415

    with database.transaction() as session:
        rows.add_worker(session, "back", age=25 * HOUR)
        training = rows.add_training(session, TrainingState.RUNNING)
        artefact = rows.add_artefact(session, b"x", age=2 * HOUR)
    with database.reading() as session:
        assert [each.key for each in queries.find_workers(session, RULES)] == ["back"]
        assert [each.key for each in queries.find_artefacts(session, RULES)] == [artefact]
    with database.transaction() as session:
        session.get_one(Worker, "back").seen_at = rows.ago(0)  # type: ignore[assignment] # an SQL expression
        session.add(rows.TrainingArtefact(training_id=training, format="keras", sha256=artefact))

    with database.transaction() as session:
        assert queries.remove_workers(session, RULES, ["back"]) == []
        assert queries.remove_artefacts(session, RULES, [artefact]) == []


def test_how_long_all_of_it_is_kept_can_be_set(database: Database, tmp_path: Path) -> None:
    rules = Rules.of(
        Settings(keep_trainings_days=3, keep_worker_hours=1, keep_artefact_hours=0, keep_checkpoint_hours=2)
    )
    with database.transaction() as session:
        gone = rows.add_training(session, TrainingState.FAILED, ended_ago=4 * DAY)
        rows.add_artefact(session, b"x", age=1, of=gone)
        rows.add_worker(session, "gone", age=1.5 * HOUR)
        running = rows.add_training(session, TrainingState.RUNNING)
        rows.add_checkpoint(session, running, age=3 * HOUR, is_complete=False)

    removed = prune(database, tmp_path, rules)

    assert {each.what for each in removed.values() if each.count} == {
        "trainings",
        "artefacts",
        "workers",
        "checkpoints",
    }
    assert replace(rules, trainings_seconds=None) != rules


def count(database: Database, table: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_is_left_of_data_sets_that_came_to_nothing_goes(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        rows.add_upload(session, 7, age=2 * HOUR)
        kept = [rows.add_upload(session, 9, age=2 * HOUR), rows.add_upload(session, 8, age=HOUR / 2)]
        rows.add_dataset(session, "failed-long-ago", DatasetState.FAILED, ended_ago=8 * DAY)
        rows.add_dataset(session, "refused-of-late", DatasetState.REFUSED, ended_ago=6 * DAY)
        rows.add_dataset(session, "waiting", DatasetState.IMPORTING, upload_id=kept[0])
        rows.add_dataset(session, "ready", DatasetState.READY, ended_ago=700 * DAY, sha256="a" * 64)

    removed = prune(database, tmp_path)

    assert removed["imports"] == Removed("imports", 1, 0)
    assert removed["uploads"] == Removed("uploads", 1, 7)
    assert left(database, Dataset.name) == ["ready", "refused-of-late", "waiting"]
    assert left(database, DatasetUpload.id) == left(database, DatasetUploadPart.upload_id) == kept


def test_files_of_a_data_set_that_was_deleted_elsewhere_go(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        rows.add_dataset(session, "ready", DatasetState.READY, sha256="a" * 64)
    uploaded = tmp_path / "datasets" / "uploaded"
    for sha256 in ("a" * 64, "b" * 64):
        (uploaded / sha256).mkdir(parents=True)
        (uploaded / sha256 / "x_train.npy").write_bytes(b"12345")

    assert prune(database, tmp_path)["leftovers"].count == 0  # it was made just now
    assert prune(database, tmp_path, replace(RULES, leftovers_seconds=0.0))["leftovers"].count == 1
    assert [path.name for path in uploaded.iterdir()] == ["a" * 64]
