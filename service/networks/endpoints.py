"""`/v1/networks`."""

from fastapi import APIRouter

from service.edge.documenting import problems
from service.errors import UnknownNetwork
from service.networks import operations
from service.networks.schemas import NetworkList, NetworkReply

router = APIRouter(prefix="/v1/networks", tags=["networks"])


@router.get("", summary="List the networks that have a name")
def list_networks() -> NetworkList:
    """The presets: name, layers, number of parameters, cost."""
    return operations.list_networks()


@router.get("/{name}", summary="Get one network", responses=problems(UnknownNetwork))
def get_network(name: str) -> NetworkReply:
    """One preset, layer for layer."""
    return operations.get_network(name)
