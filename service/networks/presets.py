"""The networks that have a name. The lecture's two are its slides, layer for layer."""

from dataclasses import dataclass
from typing import Any, Final

LayerJson = dict[str, Any]


@dataclass(frozen=True)
class NetworkPreset:
    """A named architecture and the picture it was made for, `(height, width, channels)`."""

    name: str
    title: str
    input_shape: tuple[int, int, int]
    layers: tuple[LayerJson, ...]

    def layers_for(self, classes: int) -> tuple[LayerJson, ...]:
        """Return the layers for a data set of so many classes: the last one has a unit for each."""
        *body, head = self.layers
        return (*body, {**head, "units": classes})


def _conv(filters: int, padding: str = "same", activation: str = "relu") -> LayerJson:
    return {"layer": "Conv2D", "filters": filters, "kernel_size": 3, "padding": padding, "activation": activation}


def _dropout(rate: float) -> LayerJson:
    return {"layer": "Dropout", "rate": rate}


def _dense(units: int, activation: str = "relu") -> LayerJson:
    return {"layer": "Dense", "units": units, "activation": activation}


POOL: Final[LayerJson] = {"layer": "MaxPooling2D", "pool_size": 2}
FLATTEN: Final[LayerJson] = {"layer": "Flatten"}

_LECTURE_HEAD: Final = (FLATTEN, _dense(256), _dropout(0.35), _dense(128), _dropout(0.25), _dense(10, "softmax"))

LECTURE_MNIST: Final = NetworkPreset(
    name="lecture-mnist",
    title="The lecture's network for MNIST: five convolutions, two hidden dense layers",
    input_shape=(28, 28, 1),
    layers=(
        *(_conv(32, "valid"), POOL, _dropout(0.20)),
        *(_conv(64), POOL, _dropout(0.25)),
        *(_conv(128), POOL, _dropout(0.30)),
        *(_conv(256), _dropout(0.40)),
        *(_conv(512), _dropout(0.50)),
        *_LECTURE_HEAD,
    ),
)

LECTURE_CIFAR10: Final = NetworkPreset(
    name="lecture-cifar10",
    title="The lecture's network for CIFAR-10: three pairs of convolutions, two hidden dense layers",
    input_shape=(32, 32, 3),
    layers=(
        *(_conv(64, "valid"), _conv(64, "valid"), POOL, _dropout(0.25)),
        *(_conv(128), _conv(128), POOL, _dropout(0.25)),
        *(_conv(256), _conv(256), POOL, _dropout(0.35)),
        *_LECTURE_HEAD,
    ),
)

QUICKSTART: Final = NetworkPreset(
    name="quickstart",
    title="A small modern network for 28x28 digits: three convolutions, the first with a stride, the last normalised",
    input_shape=(28, 28, 1),
    layers=(
        {**_conv(16), "kernel_size": 5, "strides": 2},  # at a quarter of the pixels, the rest costs a quarter
        *(_conv(32), POOL),
        {**_conv(64), "use_bias": False, "activation": "linear"},
        {"layer": "BatchNormalization", "momentum": 0.9},
        *({"layer": "Activation", "activation": "relu"}, POOL),
        *(FLATTEN, _dropout(0.2), _dense(10, "softmax")),
    ),
)


def _normalised(filters: int, kernel_size: int, padding: str, *, pooled: bool = True) -> tuple[LayerJson, ...]:
    # Pooled before the relu: of a maximum it is the same, and a quarter of the work.
    return (
        {**_conv(filters, padding, "linear"), "kernel_size": kernel_size, "use_bias": False},
        {"layer": "BatchNormalization", "momentum": 0.9},
        *((POOL,) if pooled else ()),
        {"layer": "Activation", "activation": "relu"},
    )


# The first two convolutions after tuomaso/train_mnist_fast (5x5, valid, 24 filters; pooled at once), the rest is ours.
FAST_MNIST: Final = NetworkPreset(
    name="fast-mnist",
    title="A small network to serve digits with: three normalised convolutions, each pooled at once",
    input_shape=(28, 28, 1),
    layers=(
        *(*_normalised(24, 5, "valid"), *_normalised(48, 3, "same"), *_normalised(64, 3, "same")),
        *(FLATTEN, _dense(128), _dropout(0.3), _dense(10, "softmax")),
    ),
)

FAST_MNIST_WIDE: Final = NetworkPreset(
    name="fast-mnist-wide",
    title="fast-mnist with more filters, for two cores and some minutes",
    input_shape=(28, 28, 1),
    layers=(
        *(*_normalised(32, 5, "valid"), *_normalised(64, 3, "same"), *_normalised(96, 3, "same")),
        *(FLATTEN, _dense(128), _dropout(0.3), _dense(10, "softmax")),
    ),
)

FAST_CIFAR10: Final = NetworkPreset(
    name="fast-cifar10",
    title="A network for 32x32 colour pictures that two cores train in minutes: five normalised convolutions",
    input_shape=(32, 32, 3),
    layers=(
        {**_conv(48, "same", "linear"), "kernel_size": 4, "strides": 2, "use_bias": False},
        *({"layer": "BatchNormalization", "momentum": 0.9}, {"layer": "Activation", "activation": "relu"}),
        *_normalised(96, 3, "same"),
        *_normalised(96, 3, "same", pooled=False),
        *_normalised(192, 3, "same"),
        *_normalised(192, 3, "same", pooled=False),
        *({"layer": "GlobalMaxPooling2D"}, _dropout(0.2), _dense(10, "softmax")),
    ),
)

NETWORKS: Final = {
    preset.name: preset
    for preset in (QUICKSTART, FAST_MNIST, FAST_MNIST_WIDE, FAST_CIFAR10, LECTURE_MNIST, LECTURE_CIFAR10)
}
