"""The base of all schemas that a client sends: unknown fields are refused, with the nearest valid name."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from service.errors import unknown


class Strict(BaseModel):
    """A schema without surprises: no unknown fields, no NaN, frozen once read."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_nearest_field(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401
        try:
            return handler(data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title, [cls._explained(one) for one in error.errors(include_url=False)]
            ) from None

    @classmethod
    def _explained(cls, error: Any) -> InitErrorDetails:  # noqa: ANN401 - pydantic's ErrorDetails
        kind: Any = error["type"]
        if kind == "extra_forbidden" and len(error["loc"]) == 1:
            kind = PydanticCustomError(
                "unknown_field", "{advice}", {"advice": unknown(error["loc"][0], cls.model_fields)}
            )
        else:
            kind = PydanticCustomError(kind, "{message}", {"message": error["msg"], **error.get("ctx", {})})
        return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"])
