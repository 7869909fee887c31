"""Reads docker-compose.yml as Compose does: variables filled in, anchors merged."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
PASSWORDS = {"CYFRA_POSTGRES_PASSWORD": "postgrespassword", "CYFRA_REDIS_PASSWORD": "redispassword"}

VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<word>[^}]*))?\}")


class MissingVariable(Exception):
    """What Compose says, and then does nothing."""


def read_compose(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the services with `environment` filled in; raise MissingVariable where `:?` asks for more."""

    def value(found: re.Match[str]) -> str:
        given = environment.get(found["name"], "")
        if given or found["kind"] == "-":
            return given or found["word"]
        raise MissingVariable(f"required variable {found['name']} is missing a value: {found['word']}")

    text = VARIABLE.sub(value, (ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def variables() -> set[str]:
    """Return the names of all variables that the file asks for."""
    return {found["name"] for found in VARIABLE.finditer((ROOT / "docker-compose.yml").read_text())}
