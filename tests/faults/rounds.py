"""How often a fault is tried: a few times in a usual test run, as often as docs/reliability.md says with `make faults`.

`CYFRA_FAULT_ROUNDS` is `full`, or a number for something in between. Every round has a random generator of its own; its seed
is printed, and `CYFRA_FAULT_SEED=N` makes the first round that one.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

WANTED = os.environ.get("CYFRA_FAULT_ROUNDS", "")
FULL = WANTED == "full"


@dataclass(frozen=True)
class Tried:
    """A fault that was tried on one kind of site, `rounds` times without a finding."""

    fault: str
    site: str
    rounds: int
    seconds: float


TRIED: list[Tried] = []


def rounds(fault: str, site: str, full: int, short: int = 1) -> Iterator[random.Random]:
    """Give a random generator for each round, and write down the count once all have passed."""
    first = int(os.environ.get("CYFRA_FAULT_SEED", random.SystemRandom().randrange(2**32)))
    began_at = time.monotonic()
    count = full if FULL else min(full, int(WANTED or short))
    for number in range(count):
        seed = (first + number) % 2**32
        print(f"{fault} on {site}: round {number + 1} of {count}, CYFRA_FAULT_SEED={seed}")
        yield random.Random(seed)
    _write_down(Tried(fault, site, count, round(time.monotonic() - began_at, 1)))


def _write_down(tried: Tried) -> None:
    TRIED.append(tried)
    if "CYFRA_FAULT_LOG" in os.environ:
        with Path(os.environ["CYFRA_FAULT_LOG"]).open("a") as log:
            log.write(json.dumps(asdict(tried)) + "\n")


def main() -> None:
    """Print the table of what a log holds: `python -m tests.faults.rounds build/faults.jsonl`."""
    path = Path(sys.argv[1])
    lines = path.read_text().splitlines() if path.exists() else []
    print("| fault | on | rounds | seconds |\n|---|---|---:|---:|")
    for tried in sorted((Tried(**json.loads(line)) for line in lines), key=lambda tried: (tried.fault, tried.site)):
        print(f"| {tried.fault} | {tried.site} | {tried.rounds} | {tried.seconds:.0f} |")


if __name__ == "__main__":
    main()
