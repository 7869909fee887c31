"""The `cyfra` command: what it refuses before anything is started, and what it must not import."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import migrating
from service.cli import run
from service.database import Database


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that does not exist yet, and no other setting."""
    for name in [name for name in os.environ if name.startswith("CYFRA_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("CYFRA_HOME", str(home))
    return home


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def pretend_newer(home: Path) -> None:
    """Migrate, then write the version of a program that does not exist yet."""
    home.mkdir()
    database = Database(f"sqlite:///{home / 'cyfra.sqlite3'}")
    migrating.migrate(database)
    with database.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()


def test_help_names_every_command_and_the_exit_codes(capsys):
    assert run(["--help"]) == 0

    out = capsys.readouterr().out
    for word in ("up", "api", "worker", "migrate", "demo", "train", "report", "predict", "datasets", "130 Ctrl-C"):
        assert word in out


def test_the_command_line_alone_loads_neither_keras_nor_a_database():
    code = "import sys, service.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert not {"keras", "tensorflow", "sqlalchemy", "celery", "httpx", "pydantic", "worker"} & set(loaded)


def test_migrate_makes_a_database_and_says_so_and_then_has_nothing_to_do(home, capsys):
    assert run(["migrate"]) == 0
    assert "Made a new database" in capsys.readouterr().out
    assert (home / "cyfra.sqlite3").exists()

    assert run(["migrate"]) == 0
    assert "is at this program's version" in capsys.readouterr().out


def test_up_refuses_a_busy_port_before_anything_is_made(home, busy_port, capsys):
    assert run(["up", "--port", str(busy_port)]) == 2

    assert f"127.0.0.1:{busy_port}: something listens there already" in capsys.readouterr().err
    assert not home.exists()


@pytest.mark.parametrize("command", ["up", "api", "migrate"])
def test_a_database_that_a_newer_program_wrote_is_refused(home, capsys, command):
    pretend_newer(home)

    assert run([command]) == 2

    assert "a newer Cyfra wrote it" in capsys.readouterr().err


def test_api_refuses_a_database_that_was_never_migrated(home, capsys):
    home.mkdir()

    assert run(["api"]) == 2

    assert "Run `cyfra migrate` once" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["up", "api"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_others_reach_is_refused_without_keys(home, capsys, command, host):
    assert run([command, "--host", host]) == 2

    assert "CYFRA_ALLOW_OPEN=1" in capsys.readouterr().err
    assert not home.exists()


def test_an_open_address_that_is_allowed_is_warned_of(home, monkeypatch, capsys):
    monkeypatch.setenv("CYFRA_ALLOW_OPEN", "1")
    home.mkdir()

    assert run(["api", "--host", "0.0.0.0"]) == 2  # for its database

    assert "WARNING: 0.0.0.0 can be reached from other machines" in capsys.readouterr().err


def test_settings_that_make_no_sense_are_named(home, monkeypatch, capsys):
    monkeypatch.setenv("CYFRA_LEASE_SECONDS", "-1")

    assert run(["up"]) == 2

    assert "CYFRA_LEASE_SECONDS" in capsys.readouterr().err


def test_a_home_that_cannot_be_made_is_said(home, monkeypatch, capsys):
    home.write_text("a file")

    assert run(["migrate"]) == 2

    assert f"The home {home} cannot be made" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_said_without_its_password(home, monkeypatch, capsys):
    monkeypatch.setenv("CYFRA_DATABASE_URL", "postgresql://cyfra:secret@127.0.0.1:1/cyfra")

    assert run(["migrate"]) == 2

    err = capsys.readouterr().err
    assert "cannot be used" in err
    assert "secret" not in err


def test_the_worker_command_becomes_the_worker(home):
    home.mkdir()
    environment = {**os.environ, "CYFRA_HOME": str(home)}

    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "worker"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0  # there is no database: it does not wait for one
    assert "cyfra migrate" in done.stderr
