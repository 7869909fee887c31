"""Every fault as often as docs/reliability.md says, many side by side: `make faults`.

    python -m tests.faults.storm [-k CHOICE] [--side-by-side N]

Each test is a pytest process of its own, because most of its time it waits: for a lease to end, for a broker to be away a
minute. The longest begin first. What each has to say is in build/faults/, one line a round in build/faults.jsonl; a test that
failed does not hold up the others, and its seed is in both.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

BUILD = Path("build")
LOG = BUILD / "faults.jsonl"
SIDE_BY_SIDE = 8
LONGEST_FIRST = (
    "test_the_broker_is_away_for_a_minute",
    "test_kill_9_of_the_worker",
    "test_sigterm_of_the_worker",
    "test_every_message_is_delivered_ten_times_and_two_workers_race",
    "test_the_api_is_killed_in_the_middle_of_a_submit",
    "test_postgresql_is_restarted_under_load",
    "test_a_ring_that_cannot_be_acknowledged_makes_no_worker_deaf",
    "test_sigstop_beyond_the_lease",
    "test_kill_9_while_a_checkpoint_is_written",
)


@dataclass(frozen=True)
class Ended:
    """A test that was run."""

    name: str
    passed: bool
    minutes: float
    log: Path


def tests(choice: str) -> list[str]:
    """Return the names of the tests, those first that take longest."""
    listed = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "tests/faults",
            "--collect-only",
            "-q",
            "-k",
            choice,
            "-p",
            "no:cacheprovider",
        ],
        env=os.environ | {"CYFRA_FAULT_ROUNDS": "full"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in listed.stdout.splitlines() if "::" in line and not line.startswith(("ERROR", "SKIPPED"))]
    if listed.returncode != 0 or not found:
        sys.exit(listed.stdout + listed.stderr)
    return sorted(found, key=_place)


def _place(name: str) -> int:
    function = name.rpartition("::")[2].partition("[")[0]
    return LONGEST_FIRST.index(function) if function in LONGEST_FIRST else len(LONGEST_FIRST)


def run(name: str) -> Ended:
    """Run one test."""
    log = BUILD / "faults" / (re.sub(r"[^\w+.-]+", "_", name.removeprefix("tests/faults/")).strip("_") + ".log")
    began_at = time.monotonic()
    with log.open("wb") as output:
        status = subprocess.call(
            [sys.executable, "-m", "pytest", name, "-p", "no:cacheprovider", "--capture=tee-sys"],
            env={"CYFRA_FAULT_ROUNDS": "full", "CYFRA_FAULT_LOG": str(LOG), **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    return Ended(name, status == 0, (time.monotonic() - began_at) / 60, log)


def run_all(names: list[str], side_by_side: int) -> Iterator[Ended]:
    """Run tests side by side, and give each as it ends."""
    with ThreadPoolExecutor(side_by_side) as pool:
        for ended in as_completed([pool.submit(run, name) for name in names]):
            yield ended.result()


def main() -> None:
    """Run them all; the exit status is 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", dest="choice", default="", help="as for pytest: which tests")
    parser.add_argument("--side-by-side", type=int, default=SIDE_BY_SIDE, help="how many tests at once")
    given = parser.parse_args()
    (BUILD / "faults").mkdir(parents=True, exist_ok=True)
    names = tests(given.choice)
    print(
        f"{len(names)} tests, {given.side_by_side} at once; what each has to say is in {BUILD / 'faults'}/.", flush=True
    )
    failed = []
    for ended in run_all(names, given.side_by_side):
        verdict = "passed" if ended.passed else "FAILED"
        print(f"{verdict} after {ended.minutes:.1f} min: {ended.name}", flush=True)
        if not ended.passed:
            failed.append(ended)
            print(f"    {ended.log}", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
