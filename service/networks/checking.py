"""Whether a network may be trained: it fits together, it answers with probabilities, and it is not too large.

The one place where this is decided: for `POST /v1/trainings` and for `POST /v1/networks/check`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from service.errors import Fault
from service.networks.arithmetic import Shape
from service.networks.layers.dense import Dense
from service.networks.layers.describing import Layers
from service.networks.measuring import Measured, measure
from service.settings import Settings

BYTES_A_NUMBER: Final = 4  # float32
TRAINING_TIMES_FORWARD: Final = 3  # forward, and twice that backward: gradients of the inputs and of the weights


@dataclass(frozen=True)
class NetworkLimits:
    """The largest network that is trained here, and the most that one training may compute."""

    layers: int
    parameters: int
    activation_bytes: int
    training_flops: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that are set."""
        return cls(
            settings.max_layers,
            settings.max_parameters,
            settings.max_activation_bytes,
            settings.max_training_flops,
        )


@dataclass(frozen=True)
class Purpose:
    """What a network is for: images of `input_shape`, `classes` of them, `images` of which an epoch has (None: unknown).

    `name` is what a message calls the data.
    """

    name: str
    input_shape: Shape
    classes: int
    images: int | None


@dataclass(frozen=True)
class Effort:
    """How a network is to be trained, as far as its cost goes."""

    batch_size: int
    epochs: int


def activation_bytes(measured: Measured, batch_size: int) -> int:
    """Return what a batch takes while it is trained on: all activations, and the gradient of each."""
    return 2 * BYTES_A_NUMBER * measured.activations * batch_size


def size_bytes(measured: Measured) -> int:
    """Return what the trained weights take."""
    return BYTES_A_NUMBER * measured.parameters


def check(layers: Layers, purpose: Purpose, effort: Effort, limits: NetworkLimits) -> tuple[Measured, list[Fault]]:
    """Measure a network and return it with all its faults; their pointers begin at the request's root.

    A body has its layers at `/network/layers` and its recipe at `/recipe`.
    """
    measured = measure(layers, purpose.input_shape)
    shape = "x".join(str(side) for side in purpose.input_shape)
    faults = [
        Fault(
            f"/network/layers/{fault.index}" + (f"/{fault.field}" if fault.field else ""),
            f"{fault.detail} (the images of {purpose.name} are {shape})" if fault.index == 0 else fault.detail,
        )
        for fault in measured.faults
    ]
    faults += _faults_of_output(layers, measured, purpose)
    return measured, [*faults, *_faults_of_size(layers, measured, purpose, effort, limits)]


def at_the_name(faults: Sequence[Fault]) -> list[Fault]:
    """Return faults of a network that was only named: they belong to its name, for the body holds no layers."""
    return [Fault("/network", fault.detail) if fault.pointer.startswith("/network/") else fault for fault in faults]


def _faults_of_output(layers: Layers, measured: Measured, purpose: Purpose) -> list[Fault]:
    classes, last = purpose.classes, measured.last
    place = f"/network/layers/{last}"
    wanted = f'end the network with {{"layer": "Dense", "units": {classes}, "activation": "softmax"}}'
    faults = []
    ending = layers[last]
    units = ending.units if isinstance(ending, Dense) else None
    shape = measured.output if units is None or measured.output is not None else (units,)
    if shape is not None and shape != (classes,):
        field = "" if units is None or len(shape) > 1 else "/units"
        detail = f"The network ends in the shape {list(shape)}, and {purpose.name} has {classes} classes: {wanted}"
        faults.append(Fault(place + field, detail))
    if not (measured.is_distribution or ending.is_distribution([False])):
        activation = ending.activation_name
        field = "" if activation is None else "/activation"
        said = ending.layer + (f" with {activation}" if activation else "")
        detail = f"The last layer, {said}, does not give probabilities: an output that is not a distribution; {wanted}"
        faults.append(Fault(place + field, detail))
    return faults


def _faults_of_size(
    layers: Layers, measured: Measured, purpose: Purpose, effort: Effort, limits: NetworkLimits
) -> list[Fault]:
    faults = []
    if len(layers) > limits.layers:
        faults.append(
            Fault("/network/layers", f"Received {len(layers)} layers; at most {limits.layers} are trained here")
        )
    if measured.parameters > limits.parameters:
        most = max(measured.rows, key=lambda row: row.parameters)
        detail = (
            f"The network has {measured.parameters:,} parameters; at most {limits.parameters:,} are trained here. "
            f"{most.parameters:,} of them are those of {most.name}: make it smaller, or pool more before it"
        )
        faults.append(Fault("/network/layers", detail))
    needed = activation_bytes(measured, effort.batch_size)
    if needed > limits.activation_bytes:
        fits = limits.activation_bytes // activation_bytes(measured, 1)
        advice = f"a batch_size of at most {fits} fits" if fits else "make the network smaller"
        detail = (
            f"A batch of {effort.batch_size} needs about {needed / 2**20:,.0f} MiB for activations; "
            f"at most {limits.activation_bytes / 2**20:,.0f} MiB are given here: {advice}"
        )
        faults.append(Fault("/recipe/batch_size", detail))
    return [*faults, *_faults_of_work(measured, purpose, effort, limits)]


def _faults_of_work(measured: Measured, purpose: Purpose, effort: Effort, limits: NetworkLimits) -> list[Fault]:
    an_epoch = TRAINING_TIMES_FORWARD * measured.flops * (purpose.images or 0)
    if an_epoch * effort.epochs <= limits.training_flops:
        return []
    fits = limits.training_flops // an_epoch
    advice = f"{fits} epochs fit" if fits else "not one epoch fits: make the network smaller"
    detail = (
        f"{effort.epochs} epochs of {purpose.images:,} images at {measured.flops / 1e6:,.1f} MFLOP each, three times "
        f"over for training, are {an_epoch * effort.epochs:.2g} FLOP; at most {limits.training_flops:.2g} are computed "
        f"for one training here: {advice}"
    )
    return [Fault("/recipe/epochs", detail)]
