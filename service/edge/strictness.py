"""The base of all schemas that a client sends: unknown fields are refused, with the nearest valid name."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
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
            made = handler(data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title, [cls._explained(one) for one in error.errors(include_url=False)]
            ) from None
        found = [_contradiction(path, detail, data) for path, detail in made.contradictions()]
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return made

    def contradictions(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Give what is wrong among fields that are right by themselves: the path of the one to change, and what to change."""
        return ()

    @classmethod
    def _explained(cls, error: Any) -> InitErrorDetails:  # noqa: ANN401 - pydantic's ErrorDetails
        kind: Any = error["type"]
        if kind == "extra_forbidden" and len(error["loc"]) == 1:
            kind = PydanticCustomError(
                "unknown_field", "{advice}", {"advice": unknown(error["loc"][0], cls.model_fields)}
            )
        else:
            message = _with_the_nearest(error) if kind == "literal_error" else error["msg"]
            kind = PydanticCustomError(kind, "{message}", {"message": message, **error.get("ctx", {})})
        return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"])


def _contradiction(path: tuple[str, ...], detail: str, data: object) -> InitErrorDetails:
    kind = PydanticCustomError("value_error", "{advice}", {"advice": detail})
    return InitErrorDetails(type=kind, loc=path, input=data)


def _with_the_nearest(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    """Of a word that is none of a few: say which of them is nearest. An inner schema may have said so already."""
    words = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    nearest = get_close_matches(str(error["input"])[:100], words, n=1)
    message: str = error["msg"]
    return f"Did you mean {nearest[0]!r}? {message}" if nearest and "message" not in error["ctx"] else message
