"""Print requirements.lock: the versions, in this Python's environment, of everything that pyproject.toml asks for.

`make lock` runs it in a new environment, into which pip has just installed `.[worker,dev]`. One line a package, no addresses
of indexes. A package that pyproject.toml wants on some platforms only keeps that condition.
"""

import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

EXTRAS = ("worker", "dev")  # not gpu: see scripts/lock_gpu.py
HEADER = """\
# The versions that Cyfra is built and tested with: service, worker and development in one. Made by `make lock`.
"""


def main() -> None:
    """Print the file."""
    asked = requirements_of(Path("pyproject.toml"))
    conditions = {canonicalize_name(each.name): each.marker for each in asked}
    found: dict[NormalizedName, Distribution] = {}
    for requirement in asked:
        collect(requirement, found, extra="")
    lines = [line(name, found[name], conditions.get(name)) for name in sorted(found)]
    sys.stdout.write(HEADER + "\n".join(lines) + "\n")


def requirements_of(pyproject: Path) -> list[Requirement]:
    """Return what the project asks for itself, with `EXTRAS` and the extras that those name (`cyfra[service]`)."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    texts: list[str] = [*project["dependencies"]]
    wanted = [*EXTRAS]
    for extra in wanted:  # it grows
        texts += project["optional-dependencies"][extra]
        own = [
            each for each in map(Requirement, project["optional-dependencies"][extra]) if each.name == project["name"]
        ]
        wanted += sorted({named for each in own for named in each.extras} - {*wanted})
    return [each for each in map(Requirement, texts) if each.name != project["name"]]


def collect(requirement: Requirement, found: dict[NormalizedName, Distribution], extra: str) -> None:
    """Add the installed package that `requirement` names, and all that it needs, to `found`."""
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
        return
    name = canonicalize_name(requirement.name)
    is_new = name not in found
    try:
        found[name] = distribution(requirement.name)
    except PackageNotFoundError:
        sys.exit(f"{requirement} is not installed here: pip install '.[worker,dev]' first")
    needs = [Requirement(text) for text in found[name].requires or []]
    for needed in needs:
        if is_new:
            collect(needed, found, extra="")
        for wanted in requirement.extras:
            if needed.marker is not None and "extra" in str(needed.marker):
                collect(needed, found, extra=wanted)


def line(name: str, package: Distribution, condition: Marker | None) -> str:
    """Return `name==version`, and the condition under which it is wanted."""
    pinned = f"{name}=={package.version}"
    return pinned if condition is None else f"{pinned} ; {condition}"


if __name__ == "__main__":
    main()
