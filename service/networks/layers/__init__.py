"""The layers a network may have: Keras' own names, arguments and defaults, with bounds. A file for each family.

Each class is one layer as JSON: `{"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "same"}`, and knows its own
arithmetic. What is not listed here is not built: a network description is data, never code.
"""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Discriminator, Tag, TypeAdapter
from pydantic_core import PydanticCustomError

from service.errors import unknown
from service.networks.layers.activating import ELU, Activation, LeakyReLU, ReLU, Softmax
from service.networks.layers.attending import MultiHeadAttention
from service.networks.layers.convolutions import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from service.networks.layers.dense import Dense
from service.networks.layers.describing import Described
from service.networks.layers.merging import Add, Average, Concatenate, Multiply
from service.networks.layers.normalising import BatchNormalization, GroupNormalization, LayerNormalization
from service.networks.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from service.networks.layers.recurrent import GRU, LSTM, SimpleRNN
from service.networks.layers.regularising import Dropout, GaussianNoise, SpatialDropout2D
from service.networks.layers.shaping import Cropping2D, Flatten, Reshape, UpSampling2D, ZeroPadding2D
from service.networks.layers.sharing import Shared

LAYERS: Final[dict[str, type[Described]]] = {
    kind.__name__: kind
    for kind in (
        *(Conv2D, DepthwiseConv2D, SeparableConv2D, Conv2DTranspose),
        *(MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D),
        *(UpSampling2D, ZeroPadding2D, Cropping2D, Flatten, Reshape),
        Dense,
        *(Dropout, SpatialDropout2D, GaussianNoise),
        *(BatchNormalization, LayerNormalization, GroupNormalization),
        *(Activation, ReLU, LeakyReLU, ELU, Softmax),
        *(Add, Multiply, Concatenate, Average),
        *(SimpleRNN, GRU, LSTM),
        MultiHeadAttention,
        Shared,
    )
}


def _known_layer(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """Refuse what is no layer, before pydantic tries them all."""
    if isinstance(value, Described):
        return value
    if not isinstance(value, dict) or "layer" not in value:
        raise PydanticCustomError("not_a_layer", 'A layer is an object such as {"layer": "Dense", "units": 10}')
    if not isinstance(value["layer"], str) or value["layer"] not in LAYERS:
        raise PydanticCustomError("unknown_field", "{advice}", {"advice": unknown(value["layer"], LAYERS, "layer")})
    return value


def _tag(value: Any) -> str:  # noqa: ANN401 - whatever a client sent
    return f"tag:{value['layer'] if isinstance(value, dict) else value.layer}"


Layer = Annotated[
    Annotated[Conv2D, Tag("tag:Conv2D")]
    | Annotated[DepthwiseConv2D, Tag("tag:DepthwiseConv2D")]
    | Annotated[SeparableConv2D, Tag("tag:SeparableConv2D")]
    | Annotated[Conv2DTranspose, Tag("tag:Conv2DTranspose")]
    | Annotated[MaxPooling2D, Tag("tag:MaxPooling2D")]
    | Annotated[AveragePooling2D, Tag("tag:AveragePooling2D")]
    | Annotated[GlobalAveragePooling2D, Tag("tag:GlobalAveragePooling2D")]
    | Annotated[GlobalMaxPooling2D, Tag("tag:GlobalMaxPooling2D")]
    | Annotated[UpSampling2D, Tag("tag:UpSampling2D")]
    | Annotated[ZeroPadding2D, Tag("tag:ZeroPadding2D")]
    | Annotated[Cropping2D, Tag("tag:Cropping2D")]
    | Annotated[Flatten, Tag("tag:Flatten")]
    | Annotated[Reshape, Tag("tag:Reshape")]
    | Annotated[Dense, Tag("tag:Dense")]
    | Annotated[Dropout, Tag("tag:Dropout")]
    | Annotated[SpatialDropout2D, Tag("tag:SpatialDropout2D")]
    | Annotated[GaussianNoise, Tag("tag:GaussianNoise")]
    | Annotated[BatchNormalization, Tag("tag:BatchNormalization")]
    | Annotated[LayerNormalization, Tag("tag:LayerNormalization")]
    | Annotated[GroupNormalization, Tag("tag:GroupNormalization")]
    | Annotated[Activation, Tag("tag:Activation")]
    | Annotated[ReLU, Tag("tag:ReLU")]
    | Annotated[LeakyReLU, Tag("tag:LeakyReLU")]
    | Annotated[ELU, Tag("tag:ELU")]
    | Annotated[Softmax, Tag("tag:Softmax")]
    | Annotated[Add, Tag("tag:Add")]
    | Annotated[Multiply, Tag("tag:Multiply")]
    | Annotated[Concatenate, Tag("tag:Concatenate")]
    | Annotated[Average, Tag("tag:Average")]
    | Annotated[SimpleRNN, Tag("tag:SimpleRNN")]
    | Annotated[GRU, Tag("tag:GRU")]
    | Annotated[LSTM, Tag("tag:LSTM")]
    | Annotated[MultiHeadAttention, Tag("tag:MultiHeadAttention")]
    | Annotated[Shared, Tag("tag:Shared")],
    Discriminator(_tag),
    BeforeValidator(_known_layer),
]

LAYER_LIST: Final[TypeAdapter[list[Layer]]] = TypeAdapter(list[Layer])
