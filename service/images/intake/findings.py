"""What is odd about a data set that somebody has sent, in words, with the names of the files."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Severity = Literal["note", "warning", "refusal"]
MOST_NAMES: Final = 20


@dataclass(frozen=True)
class Finding:
    """One thing that was found: `rule` names it for programs, `finding` tells it; `count` files, the first of them named."""

    rule: str
    severity: Severity
    finding: str
    count: int = 0
    files: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return asdict(self) | {"files": list(self.files)}


def about(rule: str, severity: Severity, finding: str, names: Sequence[str]) -> Finding:
    """Return a finding about some files: it counts all, and names the first."""
    return Finding(rule, severity, finding, len(names), tuple(names[:MOST_NAMES]))
