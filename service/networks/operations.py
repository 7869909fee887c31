"""Which networks have a name, what a network costs, and whether it may be trained."""

from sqlalchemy.orm import Session

from service.errors import DatasetUnavailable, Fault, InvalidFields, UnknownNetwork, unknown
from service.images.sets.catalogue import KnownSet
from service.networks import checking, queries, summaries
from service.networks.checking import Effort, NetworkLimits, Purpose
from service.networks.estimating import estimate
from service.networks.layers import LAYER_LIST
from service.networks.measuring import measure
from service.networks.presets import NETWORKS, NetworkPreset
from service.networks.schemas import CheckReply, CheckRequest, NetworkList, NetworkReply, Summary
from service.sets.finding import AllSets
from service.trainings import operations as trainings
from service.trainings import resolving
from service.trainings.schemas import Validation


def list_networks() -> NetworkList:
    """Return every preset with its cost."""
    return NetworkList(networks=[_reply(preset) for preset in NETWORKS.values()])


def get_network(name: str) -> NetworkReply:
    """Return one preset; raise UnknownNetwork."""
    return _reply(_find(name))


def _find(name: str) -> NetworkPreset:
    if name not in NETWORKS:
        raise UnknownNetwork(unknown(name, NETWORKS, "network"))
    return NETWORKS[name]


def _reply(preset: NetworkPreset) -> NetworkReply:
    found = measure(LAYER_LIST.validate_python(list(preset.layers)), preset.input_shape)
    return NetworkReply(
        name=preset.name,
        title=preset.title,
        input_shape=list(preset.input_shape),
        parameters=found.parameters,
        mflops=round(found.flops / 1e6, 3),
        layers=list(preset.layers),
    )


def summary_of_preset(name: str) -> Summary:
    """Return the summary of a preset on the picture it was made for; raise UnknownNetwork."""
    preset = _find(name)
    return summaries.summarise(preset.name, LAYER_LIST.validate_python(list(preset.layers)), preset.input_shape)


def summary_of_training(session: Session, training_id: str) -> Summary:
    """Return the summary of a training's network on the images of its data set; raise UnknownTraining, DatasetUnavailable."""
    training = trainings.find(session, training_id)
    layers = LAYER_LIST.validate_python(training.spec["network"]["layers"])
    dataset = AllSets(session).get(training.dataset)
    if dataset is None:
        raise DatasetUnavailable(f"The data set {training.dataset!r} that it was trained on was deleted.")
    return summaries.summarise(training.network, layers, dataset.shape)


def check(session: Session, request: CheckRequest, limits: NetworkLimits) -> CheckReply:
    """Return what a network costs; raise InvalidFields with all that would keep it from being trained."""
    faults: list[Fault] = []
    dataset = None if request.dataset is None else resolving.find_dataset(request.dataset, AllSets(session), faults)
    named = resolving.find_network(request.network, dataset, faults)
    purpose = _purpose(request, dataset)
    if purpose is None or named is None:
        raise InvalidFields.of(faults)
    effort = Effort(request.recipe.batch_size, request.recipe.epochs)
    measured, found = checking.check(named[1], purpose, effort, limits)
    faults += checking.at_the_name(found) if isinstance(request.network, str) else found
    if dataset is not None:
        faults += resolving.faults_of_batch_size(request.recipe, Validation(), dataset)
    if faults:
        raise InvalidFields.of(faults)
    expected = estimate(measured.flops, purpose.images, queries.newest_finished(session), AllSets(session))
    return CheckReply(
        parameters=measured.parameters,
        flops=measured.flops,
        activation_bytes=checking.activation_bytes(measured, effort.batch_size),
        size_bytes=checking.size_bytes(measured),
        seconds_per_epoch=expected.seconds_per_epoch,
        estimate=expected,
        output_shape=list(measured.output or ()),
        layers=summaries.rows(measured),
    )


def _purpose(request: CheckRequest, dataset: KnownSet | None) -> Purpose | None:
    """Return what the network is for; None where the data set is not known."""
    if dataset is not None:
        return resolving.purpose_of(dataset, Validation())
    if request.input_shape is None or request.classes is None:
        return None
    return Purpose("your data", request.input_shape, request.classes, None)
