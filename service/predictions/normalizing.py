"""`?normalize=`: whether a handwritten digit is laid out as in MNIST."""

from typing import Annotated, TypeAlias

from fastapi import Query

from service.images.expectation import Normalize

Normalizing: TypeAlias = Annotated[
    Normalize,
    Query(
        description="Lay a handwritten digit out as in MNIST: `auto` unless it is 28x28 already, `always`, or `never`, "
        "which only scales. Other networks' pictures are scaled in any case"
    ),
]
