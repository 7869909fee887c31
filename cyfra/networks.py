"""Networks: those that have a name, and what a network of your own would cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from cyfra.connection import Connection, decoded
from cyfra.markup import Html, block, code, quiet, strong, table
from cyfra.reading import read, read_all
from cyfra.wording import NOTHING, count, duration, size

Layers = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class LayerSummary:
    """A layer of a network: what comes out of it, and what it costs."""

    name: str
    output_shape: tuple[int | None, ...]
    parameters: int
    layer: str = ""
    flops: int | None = None
    index: int | None = None


@dataclass(frozen=True)
class NetworkSummary:
    """A network layer by layer, as `model.summary()` has it."""

    layers: tuple[LayerSummary, ...]

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(layer.parameters for layer in self.layers)

    def __str__(self) -> str:
        """Return a line a layer."""
        lines = [f"{'layer':<24} {'output':<16} {'parameters':>12}"]
        lines += [
            f"{layer.layer or layer.name:<24} {size(layer.output_shape):<16} {count(layer.parameters):>12}"
            for layer in self.layers
        ]
        return "\n".join([*lines, f"{'all':<41} {count(self.parameters):>12}"])

    def _repr_html_(self) -> str:
        return block(_layer_table(self.layers))


@dataclass(frozen=True)
class Network:
    """A network that has a name."""

    name: str
    title: str
    input_shape: tuple[int, ...]
    """Height, width, channels."""
    parameters: int
    mflops: float
    """Millions of multiplications and additions for one picture, forward."""
    _connection: Connection = field(repr=False, compare=False)
    layers: tuple[Mapping[str, object], ...] = ()
    """The layers as a training takes them: change them, and train your own network."""

    @cached_property
    def summary(self) -> NetworkSummary:
        """The network layer by layer: shapes, parameters, cost."""
        return summary_of(self._connection.json(f"{_path(self.name)}/summary.json"))

    @cached_property
    def svg(self) -> bytes:
        """A diagram of the network as an SVG file."""
        return self._connection.content(f"{_path(self.name)}/summary.svg")

    def __str__(self) -> str:
        """Return what there is to know in a line."""
        return f"{self.name}: {self.title}, {count(self.parameters)} parameters, {self.mflops:.1f} MFLOP a picture"

    def _repr_html_(self) -> str:
        costs = f"{count(self.parameters)} parameters, {self.mflops:.1f} million operations a picture"
        return block(
            strong(f"{self.title} ({self.name})"),
            quiet(f"{size(self.input_shape)} in, {costs}"),
            _layer_table(self.summary.layers),
        )


@dataclass(frozen=True)
class NetworkCheck:
    """What a network would cost, before anything is trained."""

    parameters: int
    flops: int
    """Multiplications and additions for one picture, forward."""
    activation_bytes: int
    size_bytes: int
    seconds_per_epoch: float | None = None
    output_shape: tuple[int | None, ...] = ()
    layers: tuple[LayerSummary, ...] = ()

    def __str__(self) -> str:
        """Return the costs, and a line a layer."""
        return f"{self._costs}\n{NetworkSummary(self.layers)}"

    @property
    def _costs(self) -> str:
        an_epoch = f", about {duration(self.seconds_per_epoch)} an epoch" if self.seconds_per_epoch else ""
        return f"{count(self.parameters)} parameters, {self.flops / 1e6:.1f} MFLOP a picture{an_epoch}"

    def _repr_html_(self) -> str:
        return block(strong(self._costs), _layer_table(self.layers))


class Networks:
    """The networks that have a name: `client.networks["lecture-mnist"]`, or go through them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Network:
        """Return one network; raise NotFound."""
        return read(Network, self._connection.json(_path(name)), _connection=self._connection)

    __getitem__ = get

    def _all(self) -> list[Network]:
        answer = self._connection.json("/v1/networks")
        return [*read_all(Network, answer, "networks", _connection=self._connection)]

    def __iter__(self) -> Iterator[Network]:
        """Go through them."""
        return iter(self._all())

    def check(
        self,
        network: str | Layers | Mapping[str, object],
        *,
        dataset: str | None = None,
        input_shape: Sequence[int] | None = None,
        classes: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
    ) -> NetworkCheck:
        """Say what a network would cost on a data set (or on pictures of `input_shape` with so many `classes`).

        Raises:
            Unprocessable: If the network cannot be: `errors` says what is wrong with which layer.
        """
        recipe = {"epochs": epochs, "batch_size": batch_size}
        given: dict[str, object | None] = {
            "network": as_json(network),
            "dataset": dataset,
            "input_shape": None if input_shape is None else [*input_shape],
            "classes": classes,
            "recipe": {name: value for name, value in recipe.items() if value is not None} or None,
        }
        body = {name: value for name, value in given.items() if value is not None}
        return read(NetworkCheck, decoded(self._connection.post("/v1/networks/check", body)))

    def _repr_html_(self) -> str:
        rows = [
            (code(one.name), one.title, size(one.input_shape), count(one.parameters), f"{one.mflops:.1f}")
            for one in self._all()
        ]
        return block(table(("network", "", "input", "parameters", "MFLOP"), rows, ("left", "left")))


def as_json(network: str | Layers | Mapping[str, object]) -> object:
    """Return a network as the service takes it: a name, or `{"layers": […]}`."""
    if isinstance(network, str | Mapping):
        return network
    return {"layers": [dict(layer) for layer in network]}


def summary_of(answer: object) -> NetworkSummary:
    """Return the summary that the service answers with: rows, bare or under `layers`."""
    return NetworkSummary(read_all(LayerSummary, {"layers": answer} if isinstance(answer, list) else answer, "layers"))


def _layer_table(layers: Sequence[LayerSummary]) -> Html:
    rows = [
        (
            layer.layer or layer.name,
            size(layer.output_shape),
            count(layer.parameters),
            NOTHING if layer.flops is None else f"{layer.flops / 1e6:,.2f}",
        )
        for layer in layers
    ]
    return table(("layer", "output", "parameters", "MFLOP"), rows, ("left", "left"))


def _path(name: str) -> str:
    return f"/v1/networks/{quote(name, safe='')}"
