"""What each element of a fast recipe buys: the recipe, and the recipe without it, on a validation split; and what it is worth.

    make bench-recipes ARGS="fast-mnist"
    make bench-recipes ARGS="fast-mnist --seeds 1,2,3 --only 'whole,without dropout'"
    make bench-recipes ARGS="fast-cifar10 --try '{\"recipe\": {\"epochs\": 8}}'"
    make bench-recipes ARGS="fast-mnist --final --seeds 1,2,3,4,5"

Every choice is made on a tenth of the training set, the same for each seed's variants: nothing looks at the test set but
`--final`, which trains the preset as it is through a service of its own, and is for the end. Each run is one line of
build/recipes.jsonl, written as it ends; a run that is there already is not repeated, so the command can be stopped and goes on
later. `--try` measures the preset with the given fields laid over it, for the search.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

from cyfra import Client
from scripts.lecture.serving import service_at
from service.images.expectation import scale
from service.images.sets.opening import LabelledSet, open_set
from service.networks.checking import NetworkLimits
from service.networks.presets import NETWORKS
from service.settings import Settings
from service.trainings.presets import overridden
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingRequest
from worker.learning import backend

WHOLE: Final = "whole"
FINAL: Final = "whole, on the test set"
HONEST: Final = {"validation": {"from": "train", "fraction": 0.1}}
RUNS: Final = Path("build/recipes.jsonl")


def layers_without(network: str, kind: str) -> dict[str, Any]:
    """Return a network as JSON, without its layers of a kind; convolutions have biases where no normalisation adds one."""
    kept = [layer for layer in NETWORKS[network].layers if layer["layer"] != kind]
    biased = [{**layer, "use_bias": True} if layer["layer"] == "Conv2D" else layer for layer in kept]
    return {"network": {"layers": biased}}


FIELDS: Final[dict[str, dict[str, Any]]] = {
    "augmentation": {"recipe": {"augmentation": None}},
    "one cycle": {"recipe": {"schedule": {"name": "constant"}}},
    "label smoothing": {"recipe": {"loss": {"label_smoothing": 0}}},
}
WITHOUT: Final[dict[str, dict[str, dict[str, Any]]]] = {
    preset: {
        **FIELDS,
        "batch normalisation": layers_without(network, "BatchNormalization"),
        "dropout": layers_without(network, "Dropout"),
    }
    for preset, network in (("fast-mnist", "fast-mnist-wide"), ("fast-cifar10", "fast-cifar10"))
}
"""For each preset its elements, and the fields that take each one out."""


@dataclass(frozen=True)
class Run:
    """One training: figures of `count` images that it has not seen, and what it took beside whatever else was running."""

    preset: str
    variant: str
    seed: int
    wrong: int
    count: int
    loss: float
    seconds: float
    cpu_seconds: float

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what no two runs share."""
        return self.preset, self.variant, self.seed


def main() -> None:
    """Measure what the command line names and is not there yet, and print the table."""
    asked = arguments()
    variants = {WHOLE: {}} | {f"without {name}": fields for name, fields in WITHOUT.get(asked.preset, {}).items()}
    if asked.trying is not None:
        variants = {asked.name or json.dumps(asked.trying): asked.trying}
    elif asked.only is not None:
        variants = {name: variants[name] for name in asked.only}
    there = {run.key for run in read(asked.runs)}
    if asked.final:
        for run in finals(asked.preset, [seed for seed in asked.seeds if (asked.preset, FINAL, seed) not in there]):
            write(asked.runs, run)
    else:
        for seed in asked.seeds:  # seed by seed, so that an early stop leaves whole comparisons
            for name, fields in variants.items():
                if (asked.preset, name, seed) not in there:
                    write(asked.runs, measured(asked.preset, name, fields, seed))
    show([run for run in read(asked.runs) if run.preset == asked.preset])


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.recipes", description="What each element of a recipe buys.")
    parser.add_argument("preset", nargs="?", default="fast-mnist")
    parser.add_argument("--seeds", type=lambda text: [int(each) for each in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"of the variants, {WHOLE} among them")
    parser.add_argument("--try", dest="trying", type=json.loads, help="fields over the preset's, as JSON")
    parser.add_argument("--name", help="what a try is called")
    parser.add_argument("--final", action="store_true", help="the preset as it is, on the test set")
    parser.add_argument("--runs", type=Path, default=RUNS)
    return parser.parse_args()


def measured(preset: str, variant: str, fields: Mapping[str, Any], seed: int) -> Run:
    """Train once, and return the figures of the validation images."""
    backend.configure()
    backend.load()
    from worker.learning.datasets import LabelledImages, split_validation  # noqa: PLC0415 - it imports Keras
    from worker.learning.evaluation import evaluate  # noqa: PLC0415
    from worker.learning.recipes import Recipe  # noqa: PLC0415
    from worker.learning.training import Job, Validation, fit  # noqa: PLC0415

    settings = Settings()
    request = overridden(overridden(HONEST, dict(fields)), {"preset": preset, "seed": seed})
    spec = resolve(TrainingRequest.model_validate(request), NetworkLimits.of(settings))
    data = open_set(spec["dataset"], settings.home, settings.datasets)
    recipe = Recipe.from_json(spec["recipe"], data.classes)
    job = Job(spec["network"]["layers"], data.shape, recipe, Validation.from_json(spec["validation"]), seed)
    began, cpu = time.perf_counter(), cpu_seconds()
    fitted = fit(job, training_images(data), training_images(data), scale)
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    _, held_out = split_validation(data.y_train, job.validation.fraction, seed)
    images = LabelledImages(data.x_train, data.y_train, len(data.classes), held_out)
    found = evaluate(fitted.model, images, data.classes, scale)
    wrong = len(found.misclassified)
    return Run(preset, variant, seed, wrong, len(held_out), round(found.test_loss, 5), round(seconds, 1), round(cpu, 1))


def finals(preset: str, seeds: Sequence[int]) -> Iterator[Run]:
    """Train the preset with each seed through a service, and give the figures of its reports.

    `seconds` are from the claim to the stored model, the import of TensorFlow left out after the first.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        service_at(Path(folder)) as service,
        Client(service.client.url) as client,
    ):
        for seed in seeds:
            cpu = cpu_seconds()
            training = client.train(preset=preset, seed=seed).wait(bar=False)
            report, seconds = training.report, training.facts.compute_seconds
            yield Run(
                *(preset, FINAL, seed, report.misclassified_count, report.test_count, round(report.test_loss, 5)),
                *(round(seconds, 1), round(cpu_seconds() - cpu, 1)),
            )


def training_images(data: LabelledSet) -> Any:
    """Return the images that may be looked at; there is no way from here to the test set."""
    from worker.learning.datasets import LabelledImages  # noqa: PLC0415 - it imports Keras

    return LabelledImages(data.x_train, data.y_train, len(data.classes))


def cpu_seconds() -> float:
    """Return what this process and those below it have computed."""
    this = psutil.Process()
    times = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def read(path: Path) -> list[Run]:
    """Return all runs that are written."""
    return list(_read(path)) if path.exists() else []


def _read(path: Path) -> Iterator[Run]:
    for line in path.read_text().splitlines():
        yield Run(**json.loads(line))


def write(path: Path, run: Run) -> None:
    """Add a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(asdict(run)) + "\n")
    print(run, flush=True)


def show(runs: list[Run]) -> None:
    """Print a line for each variant: mean and spread over its seeds."""
    table = Table("variant", "accuracy, mean", "sd", "wrong", "loss", "seconds", "CPU seconds")
    for variant in dict.fromkeys(run.variant for run in runs):
        of = [run for run in runs if run.variant == variant]
        accuracies = [100 * (1 - run.wrong / run.count) for run in of]
        table.add_row(
            variant,
            f"{statistics.mean(accuracies):.3f} %",
            f"{statistics.stdev(accuracies):.3f}" if len(of) > 1 else "",
            ", ".join(str(run.wrong) for run in of),
            f"{statistics.mean(run.loss for run in of):.4f}",
            f"{statistics.median(run.seconds for run in of):.0f}",
            f"{statistics.median(run.cpu_seconds for run in of):.0f}",
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
