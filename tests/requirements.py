"""What tests want from the machine: found by environment variable or at its usual local place, or loudly missing."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
import redis

POSTGRES = os.environ.get("CYFRA_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("CYFRA_TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


def missing(what: str, variable: str) -> NoReturn:
    """Skip the test; with CYFRA_TEST_REQUIRE=all, fail it."""
    reason = f"there is no {what}; set {variable}"
    if os.environ.get("CYFRA_TEST_REQUIRE") == "all":
        pytest.fail(f"{reason} (CYFRA_TEST_REQUIRE=all)")
    pytest.skip(reason)


def program(name: str, what: str, *folders: str) -> str:
    """Return the path of a program, on the PATH or in one of `folders`."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *folders]))
    return found or missing(f"{what} to start ({name})", "PATH")


@contextmanager
def postgresql_database(template: str = "template0") -> Iterator[str]:
    """Give the URL of a new PostgreSQL database, a copy of the database `template`, dropped afterwards."""
    name = f"cyfra_test_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        missing("PostgreSQL", "CYFRA_TEST_POSTGRES_URL")
    with server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield POSTGRES.rpartition("/")[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def redis_url() -> str:
    """Return the URL of a Redis that answers."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except redis.exceptions.ConnectionError:
        missing("Redis", "CYFRA_TEST_REDIS_URL")
    return REDIS


def datasets_folder() -> Path:
    """Return the folder with the full data sets."""
    folder = os.environ.get("CYFRA_DATASETS")
    if not folder or not (Path(folder) / "mnist.npz").exists():
        pytest.skip("there is no mnist.npz; set CYFRA_DATASETS")
    return Path(folder)
