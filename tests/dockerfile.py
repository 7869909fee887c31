"""Reads a Dockerfile: what its stages say, and what of it a test can carry out without an engine."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass
class Stage:
    """One `FROM … AS name`, and its instructions in order; `base` is another stage or an image."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        """Return what each instruction of that kind says."""
        return [text for found, text in self.instructions if found == word]


@dataclass(frozen=True)
class Dockerfile:
    """All stages, by name."""

    stages: dict[str, Stage]
    arguments: dict[str, str]

    def line_of(self, name: str) -> list[Stage]:
        """Return a stage with those it is built on, the lowest first."""
        stage = self.stages[name]
        return [*(self.line_of(stage.base) if stage.base in self.stages else []), stage]

    def all(self, name: str, word: str) -> list[str]:
        """Return what a stage and those below it say, the lowest first."""
        return [text for stage in self.line_of(name) for text in stage.all(word)]

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables that a stage sets; PATH is what comes before the image's own."""
        pairs = [pair for text in self.all(name, "ENV") for pair in shlex.split(text)]
        found = dict(pair.split("=", 1) for pair in pairs)
        return {key: value.removesuffix(":$PATH") for key, value in found.items()}

    def command(self, name: str) -> list[str]:
        """Return ENTRYPOINT and CMD in one."""
        return [*json.loads(self.all(name, "ENTRYPOINT")[-1]), *json.loads(self.all(name, "CMD")[-1])]

    def health_check(self, name: str) -> list[str]:
        """Return the command of HEALTHCHECK."""
        return list(json.loads(self.all(name, "HEALTHCHECK")[-1].partition("CMD ")[2]))


def read_dockerfile(path: Path = ROOT / "Dockerfile.gpu") -> Dockerfile:
    """Return what the file says, comments left out and continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, text = line.strip().partition(" ")
        if word == "ARG" and not stages:
            arguments.update([text.split("=", 1)])
        elif word == "FROM":
            base, _, name = text.partition(" AS ")
            for argument, value in arguments.items():
                base = base.replace(f"${{{argument}}}", value)
            stages[name] = Stage(name, base)
        elif word:
            list(stages.values())[-1].instructions.append((word, text))
    return Dockerfile(stages, arguments)
