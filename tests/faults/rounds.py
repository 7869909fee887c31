"""How often a fault is tried: a few times in a usual test run, as often as docs/reliability.md says with `make faults`.

`CYFRA_FAULT_ROUNDS` is `full`, or a number for something in between. Every round has a random generator of its own; its seed
is printed, and `CYFRA_FAULT_SEED=N` makes the first round that one. `CYFRA_FAULT_LOG` names a file where each round that has
passed or failed is one line of JSON; many processes may write to it.
"""

import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

WANTED = os.environ.get("CYFRA_FAULT_ROUNDS", "")
FULL = WANTED == "full"


@dataclass(frozen=True)
class Round:
    """A fault that was tried once on one kind of site."""

    fault: str
    site: str
    seed: int
    passed: bool
    seconds: float


class _Current:
    """The round that is being tried, for whoever learns that it failed."""

    fault = site = ""
    seed: int | None = None
    began_at = 0.0


def rounds(fault: str, site: str, full: int, short: int = 1) -> Iterator[random.Random]:
    """Give a random generator for each round, and write down each that has passed."""
    first = int(os.environ.get("CYFRA_FAULT_SEED", random.SystemRandom().randrange(2**32)))
    count = full if FULL else min(full, int(WANTED or short))
    for number in range(count):
        seed = (first + number) % 2**32
        print(f"{fault} on {site}: round {number + 1} of {count}, CYFRA_FAULT_SEED={seed}", flush=True)
        _Current.fault, _Current.site, _Current.seed, _Current.began_at = fault, site, seed, time.monotonic()
        yield random.Random(seed)
        end_round(passed=True)


def end_round(*, passed: bool) -> None:
    """Write down how the present round ended; nothing where there is none."""
    if _Current.seed is None:
        return
    seconds = round(time.monotonic() - _Current.began_at, 1)
    ended = Round(_Current.fault, _Current.site, _Current.seed, passed, seconds)
    _Current.seed = None
    if "CYFRA_FAULT_LOG" in os.environ:
        with Path(os.environ["CYFRA_FAULT_LOG"]).open("a") as log:  # one short write at the end: lines do not mix
            log.write(json.dumps(asdict(ended)) + "\n")


def table(ended: Iterable[Round]) -> str:
    """Return the counts as a table in Markdown."""
    groups: defaultdict[tuple[str, str], list[Round]] = defaultdict(list)
    for one in ended:
        groups[one.fault, one.site].append(one)
    lines = ["| fault | on | passed | failed | seconds | seeds that failed |", "|---|---|---:|---:|---:|---|"]
    for (fault, site), tried in sorted(groups.items()):
        failed = [str(one.seed) for one in tried if not one.passed]
        seconds = sum(one.seconds for one in tried)
        lines.append(
            f"| {fault} | {site} | {len(tried) - len(failed)} | {len(failed)} | {seconds:.0f} | {', '.join(failed)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table of what a log holds: `python -m tests.faults.rounds build/faults.jsonl`."""
    path = Path(sys.argv[1])
    lines = path.read_text().splitlines() if path.exists() else []
    print(table(Round(**json.loads(line)) for line in lines))


if __name__ == "__main__":
    main()
