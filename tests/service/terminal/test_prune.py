"""`cyfra prune`, from outside: over each kind of database, while the service runs, and on a full disk."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from service.app import create_app
from service.cli import run
from service.database import Database
from service.records import Artefact, Training, TrainingState
from service.settings import Settings
from service.terminal.wording import volume
from tests import disks
from tests.service.retention import rows
from tests.service.retention.rows import DAY, HOUR

MEBIBYTE = 1 << 20


@pytest.fixture
def home(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a service over each kind of database, and no other setting."""
    for name in [name for name in os.environ if name.startswith("CYFRA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CYFRA_HOME", str(tmp_path))
    monkeypatch.setenv("CYFRA_DATABASE_URL", database_url)
    return tmp_path


@pytest.fixture
def old(database: Database) -> str:
    """The id of a training that ended long ago; beside it, bytes that nothing points to."""
    with database.transaction() as session:
        training_id = rows.add_training(session, TrainingState.SUCCEEDED, ended_ago=40 * DAY)
        rows.add_artefact(session, b"\0" * MEBIBYTE, age=40 * DAY, of=training_id)
        for size in (2, 3):
            rows.add_artefact(session, b"\1" * size * MEBIBYTE, age=2 * HOUR)
    return training_id


def trainings(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Training.id)))


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the command's JSON, what was removed by kind."""
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said | {"removed": {each["what"]: each for each in said["removed"]}}


def test_a_dry_run_says_what_would_go_and_removes_nothing(
    home: Path, database: Database, old: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prune", "--dry-run", "--trainings-older-than", "30"]) == 0

    out = capsys.readouterr().out
    assert "would be removed" in out
    assert "6.0 MiB would be removed. The database holds" in out
    assert trainings(database) == [old]
    with database.reading() as session:
        assert len(session.scalars(select(Artefact.sha256)).all()) == 3


def test_prune_removes_it_and_gives_the_room_back(
    home: Path, database: Database, old: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prune", "--dry-run", "--json"]) == 0
    before = answer(capsys)

    assert run(["prune", "--json"]) == 0
    after = answer(capsys)

    assert (before["dry_run"], after["dry_run"]) == (True, False)
    assert before["removed"] == after["removed"]
    assert after["removed"]["artefacts"] == {"what": "artefacts", "count": 2, "bytes": 5 * MEBIBYTE}
    assert after["removed"]["trainings"]["count"] == 0
    assert trainings(database) == [old]
    if database.is_sqlite:
        assert after["database"]["empty_bytes"] == 0
        assert after["database"]["bytes"] < before["database"]["bytes"] - 4 * MEBIBYTE

    assert run(["prune", "--trainings-older-than", "30"]) == 0  # not at a terminal: nobody to ask
    assert re.search(r"^trainings that ended long ago, with reports +1 ", capsys.readouterr().out, re.MULTILINE)
    assert trainings(database) == []


def test_a_setting_removes_old_trainings_without_being_asked(
    home: Path, database: Database, old: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CYFRA_KEEP_TRAININGS_DAYS", "39")

    assert run(["prune", "--json"]) == 0

    assert answer(capsys)["removed"]["trainings"]["count"] == 1
    assert trainings(database) == []


@pytest.mark.parametrize("arguments", [["--trainings-older-than", "-1"], ["--trainings-older-than", "x"], ["--al"]])
def test_wrong_usage_removes_nothing(home: Path, database: Database, old: str, arguments: list[str]) -> None:
    assert run(["prune", *arguments]) == 2

    assert trainings(database) == [old]


@pytest.fixture
def at_a_terminal(home: Path) -> Iterator[Callable[..., tuple[int, str]]]:
    """Run the command at a terminal where somebody types; return its exit code, and what the terminal shows."""
    master, slave = pty.openpty()

    def command(typed: str, *arguments: str) -> tuple[int, str]:
        os.write(master, typed.encode())
        process = subprocess.run(
            [sys.executable, "-m", "service.cli", "prune", *arguments],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return process.returncode, process.stdout

    yield command
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_person_is_asked_before_trainings_go(
    at_a_terminal: Callable[..., tuple[int, str]], database: Database, old: str
) -> None:
    code, said = at_a_terminal("n\n", "--trainings-older-than", "30")
    assert (code, trainings(database)) == (1, [old])
    assert "This removes 1 training(s) that ended more than 30 days ago" in said
    assert "Nothing was removed" in said

    code, _ = at_a_terminal("y\n", "--trainings-older-than", "30")
    assert (code, trainings(database)) == (0, [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_is_asked_when_there_is_nothing_to_ask(
    at_a_terminal: Callable[..., tuple[int, str]], database: Database, old: str
) -> None:
    for arguments in (["--trainings-older-than", "41"], ["--trainings-older-than", "30", "--dry-run"], []):
        code, said = at_a_terminal("", *arguments)
        assert (code, "Go on?" in said) == (0, False), said

    code, said = at_a_terminal("", "--trainings-older-than", "30", "--yes")
    assert (code, "Go on?" in said) == (0, False)
    assert trainings(database) == []


def test_vacuum_shrinks_a_file_that_was_made_before_files_could_shrink(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cyfra.sqlite3"
    shutil.copyfile(migrated_sqlite, file)
    monkeypatch.setenv("CYFRA_HOME", str(tmp_path))
    database = Database(f"sqlite:///{file}")
    with closing(database.engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA auto_vacuum = NONE")
        connection.cursor().execute("VACUUM")
    with database.transaction() as session:
        rows.add_artefact(session, b"\1" * 3 * MEBIBYTE, age=2 * HOUR)

    assert run(["prune"]) == 0
    out = capsys.readouterr().out
    assert "of it empty: new rows go there; `cyfra prune --vacuum` gives that back" in out
    assert file.stat().st_size > 3 * MEBIBYTE

    assert run(["prune", "--vacuum", "--json"]) == 0
    assert answer(capsys)["database"]["empty_bytes"] == 0
    assert file.stat().st_size < MEBIBYTE

    with database.transaction() as session:
        rows.add_artefact(session, b"\1" * 3 * MEBIBYTE, age=2 * HOUR)
    assert run(["prune"]) == 0  # from now on without
    assert file.stat().st_size < MEBIBYTE
    database.close()


def test_vacuum_tidies_a_server(home: Path, old: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prune", "--vacuum", "--json"]) == 0

    assert answer(capsys)["removed"]["artefacts"]["count"] == 2


def test_prune_makes_room_on_a_full_disk_while_the_service_runs(
    migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with disks.small_disk(12) as disk:
        shutil.copyfile(migrated_sqlite, disk.path / "cyfra.sqlite3")
        monkeypatch.setenv("CYFRA_HOME", str(disk.path))
        settings = Settings(home=disk.path, min_free_bytes=3 << 20, queue_name=f"test-{uuid.uuid4().hex}")
        database = Database(settings.resolved_database_url)
        with database.transaction() as session:
            for number in range(4):
                rows.add_artefact(session, bytes([number]) * MEBIBYTE, age=2 * HOUR)
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            disk.fill(leave_bytes=256 << 10)
            refused = client.post("/v1/trainings", json={"preset": "quickstart"})

            assert run(["prune"]) == 0

            assert refused.status_code == 507
            assert "4.0 MiB removed" in capsys.readouterr().out
            assert client.post("/v1/trainings", json={"preset": "quickstart"}).status_code == 202
        database.close()


def test_vacuum_is_refused_where_two_copies_of_the_database_have_no_room(
    migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with disks.small_disk(8) as disk:
        shutil.copyfile(migrated_sqlite, disk.path / "cyfra.sqlite3")
        monkeypatch.setenv("CYFRA_HOME", str(disk.path))
        disk.fill(leave_bytes=400 << 10)

        assert run(["prune", "--vacuum"]) == 3

    assert "--vacuum writes the database anew" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3072.0 GiB")],
)
def test_sizes_read_like_a_disk_s(size: int, words: str) -> None:
    assert volume(size) == words


def test_a_database_that_was_never_migrated_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CYFRA_HOME", str(tmp_path))

    assert run(["prune"]) == 2

    assert "Run `cyfra migrate` once" in capsys.readouterr().err
