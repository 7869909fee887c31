"""How long an epoch would take: what finished trainings computed in a second, or, before there are any, an assumption."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from statistics import median
from typing import Final

from pydantic import ValidationError

from service.networks.checking import TRAINING_TIMES_FORWARD
from service.networks.layers import LAYER_LIST
from service.networks.measuring import measure
from service.networks.queries import Finished
from service.networks.schemas import Estimate
from service.sets.finding import BUILTIN_SETS, Sets

ASSUMED_FLOPS_PER_SECOND: Final = 50e9
"""About half of what two cores with AVX2 reach on the lecture's network: small layers are slower."""

ALIKE: Final = 5  # of the finished trainings, those whose networks cost most nearly as much an image
ALIKE_WITHIN: Final = 10
"""Times dearer or cheaper. The epochs of a network of a few FLOPs are all overhead: they tell nothing of a large one's."""


@dataclass(frozen=True)
class Pace:
    """What one finished training computed: FLOPs of an image forward, and FLOPs a second over its epochs."""

    flops: int
    flops_per_second: float


def estimate(flops: int, images: int | None, finished: Sequence[Finished], sets: Sets = BUILTIN_SETS) -> Estimate:
    """Return how long an epoch of `images` images takes that cost `flops` each, forward."""
    paces = [pace for pace in (_pace(one, sets) for one in finished) if pace is not None]
    rate = ASSUMED_FLOPS_PER_SECOND
    basis = f"assumed: {rate / 1e9:.0f} GFLOP/s, for nothing {'like it ' if paces else ''}was trained here yet"
    alike = _alike(paces, flops)
    if alike:
        rate = median(pace.flops_per_second for pace in alike)
        what = "one finished training" if len(alike) == 1 else f"{len(alike)} finished trainings"
        basis = f"measured: {rate / 1e9:.3g} GFLOP/s in {what} of this service, those most alike in cost"
    if images is None:
        basis += "; without a data set nobody knows how many images an epoch has"
    seconds = None if images is None else TRAINING_TIMES_FORWARD * flops * images / rate
    return Estimate(
        seconds_per_epoch=None if seconds is None else float(f"{seconds:.2g}"),
        gflops_per_second=float(f"{rate / 1e9:.3g}"),
        basis=basis,
    )


def _alike(paces: Sequence[Pace], flops: int) -> Sequence[Pace]:
    """Return the paces of the networks that cost most nearly as much as one of `flops`, the nearest first."""

    def distance(pace: Pace) -> float:
        return abs(log(pace.flops / max(flops, 1)))

    return sorted((pace for pace in paces if distance(pace) <= log(ALIKE_WITHIN)), key=distance)[:ALIKE]


def _pace(finished: Finished, sets: Sets) -> Pace | None:
    """Return what a training computed in a second; None for one that cannot be measured any more."""
    dataset = sets.get(finished.dataset)
    if dataset is None:
        return None
    try:
        layers = LAYER_LIST.validate_python(finished.spec["network"]["layers"])
    except ValidationError:  # of a version that knew other layers
        return None
    flops = measure(layers, dataset.shape).flops
    validation = finished.spec["validation"]
    share = 1 - validation["fraction"] if validation["from"] == "train" else 1
    computed = TRAINING_TIMES_FORWARD * flops * dataset.train_count * share
    return Pace(flops, computed / finished.seconds_per_epoch) if flops else None
