"""What two trainings were not made alike with, and which of it their weights follow from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from service.receipts.schemas import AttemptReply, MadeWith


class Kind(IntEnum):
    """What may be another, the likeliest reason of other weights first."""

    DATA = 1
    BACKEND = 2
    CODE = 3
    PRECISION = 4
    VERSION = 5  # of what computes: backend, Keras, NumPy
    HARDWARE = 6
    THREADS = 7
    SETTING = 8  # a variable of the environment
    ASIDE = 9  # weights do not follow from it


WHY: Final = {
    Kind.DATA: "they did not learn from the same images",
    Kind.BACKEND: "each backend draws its random numbers in its own way",
    Kind.CODE: "Cyfra's own code that trains is another, and may compute something else",
    Kind.PRECISION: "numbers are rounded in another way",
    Kind.VERSION: "another version may bring other kernels, which add up in another order",
    Kind.HARDWARE: "other hardware is given other kernels, which add up in another order",
    Kind.THREADS: "with another number of threads sums are split up in another way",
    Kind.SETTING: "it changes which kernels run, or how exactly they compute",
}
ON_A_GPU: Final = (
    "A GPU trained at least one of them: there sums are taken in no fixed order, even on the same machine."
)
ORIGINAL_UNKNOWN: Final = (
    "What the original was made with is not known: it was trained before receipts were kept, or was deleted."
)
RERUN_UNKNOWN: Final = "What the rerun was made with is not known: a worker of an earlier version carried it out."
NOTHING_KNOWN: Final = (
    "Nothing differs that the receipts know of. On a CPU that should not be: please tell whoever runs the service."
)
HASH_SHOWN: Final = 12
SHAPING_VERSIONS: Final = ("keras", "numpy", "tensorflow", "jax", "torch")


@dataclass(frozen=True)
class Difference:
    """Something that is not alike. Several values, because attempts differed, have `then` between them; None is none."""

    what: str
    kind: Kind
    original: str | None
    rerun: str | None

    @property
    def matters(self) -> bool:
        """Whether weights may follow from it."""
        return self.kind != Kind.ASIDE


def differences(original: Sequence[AttemptReply], rerun: Sequence[AttemptReply]) -> list[Difference]:
    """Return what is not alike, those that matter first; nothing where one of the two is not known.

    Only attempts count that shaped the weights. What changed from one attempt to the next differs in any case: the other
    training hardly changed at the same step.
    """
    if not original or not rerun:
        return []
    before, after = _values(original), _values(rerun)
    found = [
        Difference(what, kind, _said(before.get((what, kind))), _said(after.get((what, kind))))
        for what, kind in {**before, **after}
        if before.get((what, kind)) != after.get((what, kind)) or len(before[what, kind]) > 1
    ]
    return sorted(found, key=lambda one: one.kind)


def reasons(
    found: Sequence[Difference], original: Sequence[AttemptReply], rerun: Sequence[AttemptReply]
) -> Iterator[str]:
    """Yield why weights may be other ones, the likeliest reason first."""
    for kind, why in WHY.items():
        if kind == Kind.PRECISION and _any_gpu(original, rerun):
            yield ON_A_GPU
        alike = [
            f"{one.what} ({one.original or 'none'}, then {one.rerun or 'none'})" for one in found if one.kind == kind
        ]
        if alike:
            yield f"Not the same: {', '.join(alike)}; {why}."
    if not original:
        yield ORIGINAL_UNKNOWN
    if not rerun:
        yield RERUN_UNKNOWN
    if original and rerun and not any(one.matters for one in found) and not _any_gpu(original, rerun):
        yield NOTHING_KNOWN


def _any_gpu(*trainings: Sequence[AttemptReply]) -> bool:
    return any(attempt.made_with.hardware.gpus for attempts in trainings for attempt in attempts)


def _values(attempts: Sequence[AttemptReply]) -> dict[tuple[str, Kind], list[str]]:
    """Return each thing's values in the order of the attempts, none twice."""
    values: dict[tuple[str, Kind], list[str]] = {}
    for attempt in attempts:
        for what, kind, value in _facts(attempt.dataset_sha256, attempt.made_with):
            seen = values.setdefault((what, kind), [])
            if value not in seen:
                seen.append(value)
    return values


def _facts(dataset_sha256: str, made: MadeWith) -> Iterator[tuple[str, Kind, str]]:
    yield "data set's SHA-256", Kind.DATA, dataset_sha256[:HASH_SHOWN]
    yield "backend", Kind.BACKEND, made.backend
    yield "code's SHA-256", Kind.CODE, made.code_sha256[:HASH_SHOWN]
    yield "precision", Kind.PRECISION, made.precision
    for package, version in made.versions.items():
        yield package, Kind.VERSION if package in SHAPING_VERSIONS else Kind.ASIDE, version
    hardware = made.hardware
    yield "machine", Kind.HARDWARE, hardware.machine
    yield "CPU", Kind.HARDWARE, hardware.cpu
    yield "instruction sets", Kind.HARDWARE, " ".join(hardware.instructions) or "none known"
    yield "GPU", Kind.HARDWARE, ", ".join(hardware.gpus) or "none"
    yield "threads", Kind.THREADS, str(made.threads)
    yield "cores", Kind.ASIDE, str(hardware.cores)
    for variable, value in made.environment.items():
        yield variable, Kind.SETTING, value


def _said(values: Sequence[str] | None) -> str | None:
    return None if values is None else ", then ".join(values)
