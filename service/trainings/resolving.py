"""From a request to a specification: every name looked up, every default written down, everything checked that can be."""

from typing import Any, Final

from service.errors import Fault, InvalidFields, unknown
from service.images.sets.catalogue import KnownSet
from service.networks import checking
from service.networks.checking import Effort, NetworkLimits, Purpose
from service.networks.layers import LAYER_LIST, Layer
from service.networks.presets import NETWORKS
from service.networks.schemas import LayerList, Network
from service.networks.wiring import wire
from service.sets.finding import BUILTIN_SETS, Sets
from service.trainings.recipes import Recipe
from service.trainings.schemas import TrainingRequest, Validation

DIGITS: Final = frozenset("0123456789")
VARIED: Final = frozenset("17")


def resolve(request: TrainingRequest, limits: NetworkLimits, sets: Sets = BUILTIN_SETS) -> dict[str, Any]:
    """Return everything needed to repeat the training, as JSON; raise InvalidFields with all faults that were found."""
    faults: list[Fault] = []
    dataset = find_dataset(request.dataset, sets, faults)
    named = find_network(request.network, dataset, faults)
    if dataset is not None and named is not None:
        faults += _faults_of_heads(request.recipe, named[1])
        purpose = purpose_of(dataset, request.validation)
        effort = Effort(request.recipe.batch_size, request.recipe.epochs)
        found = checking.check(named[1], purpose, effort, limits)[1]
        faults += checking.at_the_name(found) if isinstance(request.network, str) else found
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


def find_dataset(name: str | None, sets: Sets, faults: list[Fault]) -> KnownSet | None:
    """Return the data set of a name; add to `faults` if there is none."""
    found = sets.get(name or "")
    if found is None:
        faults.append(Fault("/dataset", sets.explain(name)))
    return found


def find_network(
    network: Network | None, dataset: KnownSet | None, faults: list[Fault]
) -> tuple[str | None, list[Layer]] | None:
    """Return a network's name and layers, looked up if only named; add to `faults` if there is none.

    One that is named ends in as many classes as the data set has.
    """
    if isinstance(network, LayerList):
        return network.name, network.layers
    preset = NETWORKS.get(network or "")
    if preset is None:
        faults.append(Fault("/network", unknown(network, NETWORKS, "network")))
        return None
    layers = preset.layers if dataset is None else preset.layers_for(len(dataset.classes))
    return preset.name, LAYER_LIST.validate_python(list(layers))


def purpose_of(dataset: KnownSet, validation: Validation) -> Purpose:
    """Return what a network is for that is trained on a data set."""
    return Purpose(dataset.name, dataset.shape, len(dataset.classes), images_to_train_on(dataset, validation))


def images_to_train_on(dataset: KnownSet, validation: Validation) -> int:
    """Return how many images an epoch has."""
    if validation.source != "train":
        return dataset.train_count
    # Of each class, as the worker's stratified split does.
    kept = (min(max(round(validation.fraction * count), 1), count - 1) for count in dataset.train_of_each)
    return dataset.train_count - sum(kept)


def _faults_of_recipe(request: TrainingRequest, dataset: KnownSet) -> list[Fault]:
    recipe, validation = request.recipe, request.validation
    faults = faults_of_batch_size(recipe, validation, dataset)
    for name in ("reduce_lr_on_plateau", "early_stopping"):
        callback = getattr(recipe.callbacks, name)
        if callback is not None and callback.monitor.startswith("val_") and validation.source == "none":
            detail = f'There is no {callback.monitor} when validation is {{"from": "none"}}; monitor loss or accuracy'
            faults.append(Fault(f"/recipe/callbacks/{name}/monitor", detail))
    return [*faults, *_faults_of_class_weight(recipe, dataset), *_faults_of_variants(recipe, dataset)]


def _faults_of_heads(recipe: Recipe, layers: list[Layer]) -> list[Fault]:
    """Return the fault of training heads apart where there are none."""
    wiring = wire(layers)
    last = layers[wiring.output]
    if not recipe.loss.each_head or (last.layer == "Average" and len(wiring.sources[wiring.output]) > 1):
        return []
    detail = (
        f"Received true; the network ends in {last.layer}. It is for one that ends in the Average of two heads or more"
    )
    return [Fault("/recipe/loss/each_head", detail)]


def faults_of_batch_size(recipe: Recipe, validation: Validation, dataset: KnownSet) -> list[Fault]:
    """Return the fault of a batch that has more images than an epoch."""
    images = images_to_train_on(dataset, validation)
    if recipe.batch_size <= images:
        return []
    detail = f"Received {recipe.batch_size}; {dataset.name} trains on {images:,} images, a batch cannot be larger"
    return [Fault("/recipe/batch_size", detail)]


def _faults_of_variants(recipe: Recipe, dataset: KnownSet) -> list[Fault]:
    """Return the fault of redrawing what is no handwritten seven or one."""
    variants = 0.0 if recipe.augmentation is None else recipe.augmentation.variants
    classes = set(dataset.classes)
    if not variants or (dataset.handwriting and classes <= DIGITS and classes & VARIED):
        return []
    detail = (
        f"Received {variants:g}; it redraws handwritten sevens and ones, and {dataset.name} is not handwriting whose classes "
        "are named 0 to 9, 1 or 7 among them. Set it to 0, or leave it out"
    )
    return [Fault("/recipe/augmentation/variants", detail)]


def _faults_of_class_weight(recipe: Recipe, dataset: KnownSet) -> list[Fault]:
    weights = recipe.class_weight
    if weights is None or isinstance(weights, str):
        return []
    faults = [
        Fault(
            f"/recipe/class_weight/{name.replace('~', '~0').replace('/', '~1')}",
            unknown(name, dataset.classes, "class"),
        )
        for name in weights
        if name not in dataset.classes
    ]
    if not any(weights.get(name, 1.0) for name in dataset.classes):
        faults.append(
            Fault("/recipe/class_weight", "No class counts anything; one at least must, with a weight above 0")
        )
    return faults
