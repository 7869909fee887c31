"""From a request to a specification: every name looked up, every default written down, everything checked that can be."""

from dataclasses import dataclass
from typing import Any

from service.errors import Fault, InvalidFields, unknown
from service.images.sets.catalogue import BUILTINS, Builtin
from service.networks.arithmetic import LayerDoesNotFit, NetworkCost, cost
from service.networks.layers import LAYER_LIST, Layer
from service.networks.presets import NETWORKS
from service.networks.schemas import LayerList
from service.trainings.recipes import Recipe
from service.trainings.schemas import TrainingRequest

BYTES_A_NUMBER = 4


@dataclass(frozen=True)
class NetworkLimits:
    """The largest network that is trained here."""

    parameters: int
    activation_bytes: int


def resolve(request: TrainingRequest, limits: NetworkLimits) -> dict[str, Any]:
    """Return everything needed to repeat the training, as JSON; raise InvalidFields with all faults that were found."""
    faults: list[Fault] = []
    dataset = _dataset(request, faults)
    named = _network(request, faults)
    if dataset is not None and named is not None:
        faults += _faults_of_network(named[1], dataset, request, limits)
    if dataset is not None:
        faults += _faults_of_recipe(request, dataset)
    if faults or named is None:
        raise InvalidFields.of(faults)
    name, layers = named
    return {
        "preset": request.preset,
        "dataset": request.dataset,
        "network": {"name": name, "layers": [layer.model_dump(mode="json", exclude_none=True) for layer in layers]},
        "recipe": request.recipe.model_dump(mode="json"),
        "validation": _validation(request),
        "seed": request.seed,
        "labels": dict(request.labels),
        "register_as": request.register_as,
    }


def _validation(request: TrainingRequest) -> dict[str, Any]:
    if request.validation.source == "train":
        return {"from": "train", "fraction": request.validation.fraction}
    return {"from": request.validation.source}


def _dataset(request: TrainingRequest, faults: list[Fault]) -> Builtin | None:
    found = BUILTINS.get(request.dataset or "")
    if found is None:
        faults.append(Fault("/dataset", unknown(request.dataset, BUILTINS, "data set")))
    return found


def _network(request: TrainingRequest, faults: list[Fault]) -> tuple[str | None, list[Layer]] | None:
    if isinstance(request.network, LayerList):
        return request.network.name, request.network.layers
    preset = NETWORKS.get(request.network or "")
    if preset is None:
        faults.append(Fault("/network", unknown(request.network, NETWORKS, "network")))
        return None
    return preset.name, LAYER_LIST.validate_python(list(preset.layers))


def _faults_of_network(
    layers: list[Layer], dataset: Builtin, request: TrainingRequest, limits: NetworkLimits
) -> list[Fault]:
    place = "/network" if isinstance(request.network, str) else "/network/layers"
    try:
        found = cost(layers, dataset.shape)
    except LayerDoesNotFit as error:
        pointer = place if isinstance(request.network, str) else f"{place}/{error.index}"
        shape = "x".join(str(side) for side in dataset.shape)
        return [Fault(pointer, f"{error} (the images of {dataset.name} are {shape})")]
    return [*_faults_of_output(layers, found, dataset, place), *_faults_of_size(found, request, limits, place)]


def _faults_of_output(layers: list[Layer], found: NetworkCost, dataset: Builtin, place: str) -> list[Fault]:
    classes = len(dataset.classes)
    wanted = f'{{"layer": "Dense", "units": {classes}, "activation": "softmax"}}'
    if found.output != (classes,):
        shape = list(found.output)
        detail = (
            f"The network ends in the shape {shape}, and {dataset.name} has {classes} classes: end it with {wanted}"
        )
        return [Fault(place, detail)]
    if getattr(layers[-1], "activation", None) != "softmax":
        detail = f"The last layer does not give probabilities: end the network with {wanted}"
        return [Fault(place, detail)]
    return []


def _faults_of_size(found: NetworkCost, request: TrainingRequest, limits: NetworkLimits, place: str) -> list[Fault]:
    faults = []
    if found.parameters > limits.parameters:
        detail = f"The network has {found.parameters:,} parameters; at most {limits.parameters:,} are trained here"
        faults.append(Fault(place, detail))
    needed = 2 * BYTES_A_NUMBER * found.activations * request.recipe.batch_size  # activations, and their gradients
    if needed > limits.activation_bytes:
        fits = limits.activation_bytes // (2 * BYTES_A_NUMBER * found.activations)
        advice = f"a batch_size of at most {fits} fits" if fits else "make the network smaller"
        detail = f"A batch needs about {needed / 2**20:,.0f} MiB for activations; {advice}"
        faults.append(Fault("/recipe/batch_size", detail))
    return faults


def _faults_of_recipe(request: TrainingRequest, dataset: Builtin) -> list[Fault]:
    recipe, validation = request.recipe, request.validation
    faults = []
    images = dataset.train_count
    if validation.source == "train":  # as many of each class, as the worker's stratified split does
        classes = len(dataset.classes)
        images -= classes * max(1, round(images / classes * validation.fraction))
    if recipe.batch_size > images:
        detail = f"Received {recipe.batch_size}; {dataset.name} trains on {images:,} images, a batch cannot be larger"
        faults.append(Fault("/recipe/batch_size", detail))
    for name in ("reduce_lr_on_plateau", "early_stopping"):
        callback = getattr(recipe.callbacks, name)
        if callback is not None and callback.monitor.startswith("val_") and validation.source == "none":
            detail = f'There is no {callback.monitor} when validation is {{"from": "none"}}; monitor loss or accuracy'
            faults.append(Fault(f"/recipe/callbacks/{name}/monitor", detail))
    return [*faults, *_contradictions(recipe)]


def _contradictions(recipe: Recipe) -> list[Fault]:
    faults = []
    optimizer, schedule = recipe.optimizer, recipe.schedule
    moves = schedule.name != "constant" or schedule.warmup_epochs > 0
    if moves and recipe.callbacks.reduce_lr_on_plateau is not None:
        detail = f"The schedule ({schedule.name}, warm-up) and reduce_lr_on_plateau both set the rate; set one of them to null"
        faults.append(Fault("/recipe/callbacks/reduce_lr_on_plateau", detail))
    if schedule.warmup_epochs > recipe.epochs:
        detail = f"Received {schedule.warmup_epochs:g}; the training has only {recipe.epochs} epochs"
        faults.append(Fault("/recipe/schedule/warmup_epochs", detail))
    if optimizer.momentum and optimizer.name not in {"sgd", "rmsprop"}:
        faults.append(Fault("/recipe/optimizer/momentum", f"{optimizer.name} has none; sgd and rmsprop do"))
    if optimizer.nesterov and not (optimizer.name == "sgd" and optimizer.momentum):
        faults.append(Fault("/recipe/optimizer/nesterov", "Only sgd with a momentum above 0 has it"))
    return faults
