"""Which networks have a name, and what they cost."""

from service.errors import UnknownNetwork, unknown
from service.networks.arithmetic import NetworkCost, cost
from service.networks.layers import LAYER_LIST
from service.networks.presets import NETWORKS, NetworkPreset
from service.networks.schemas import NetworkList, NetworkReply


def list_networks() -> NetworkList:
    """Return every preset with its cost."""
    return NetworkList(networks=[_reply(preset) for preset in NETWORKS.values()])


def get_network(name: str) -> NetworkReply:
    """Return one preset; raise UnknownNetwork."""
    if name not in NETWORKS:
        raise UnknownNetwork(unknown(name, NETWORKS, "network"))
    return _reply(NETWORKS[name])


def preset_cost(preset: NetworkPreset) -> NetworkCost:
    """Return what a preset costs on the picture it was made for."""
    return cost(LAYER_LIST.validate_python(list(preset.layers)), preset.input_shape)


def _reply(preset: NetworkPreset) -> NetworkReply:
    found = preset_cost(preset)
    return NetworkReply(
        name=preset.name,
        title=preset.title,
        input_shape=list(preset.input_shape),
        parameters=found.parameters,
        mflops=round(found.flops / 1e6, 3),
        layers=list(preset.layers),
    )
