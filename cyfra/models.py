"""Trained networks that have a name, versions and aliases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from cyfra.connection import Connection, decoded
from cyfra.markup import block, code, strong, table
from cyfra.pictures import Picture
from cyfra.predictions import Explanation, Normalize, Prediction, explain, predict
from cyfra.reading import read, read_all
from cyfra.wording import NOTHING, count, percent


@dataclass(frozen=True)
class Version:
    """One version of a model."""

    version: int
    dataset: str
    test_accuracy: float
    parameters: int
    training: str | None = None
    created_at: datetime | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """A model: `serving_version` answers when nobody asks for another."""

    name: str
    latest_version: int
    serving_version: int
    aliases: Mapping[str, int]
    versions: tuple[Version, ...]
    _connection: Connection = field(repr=False, compare=False)

    def predict(
        self,
        picture: Picture,
        *,
        top: int | None = None,
        version: str | int | None = None,
        seen: bool = True,
        normalize: Normalize | None = None,
    ) -> Prediction:
        """Say what is on a picture; `normalize` as in `Client.predict`."""
        [answer] = predict(
            self._connection,
            [picture],
            model=self.name,
            version=version,
            top=top,
            seen=seen,
            normalize=normalize,
        )
        return answer

    def explain(self, picture: Picture, *, label: str | None = None) -> Explanation:
        """Say where on the picture the answer comes from, or what speaks for the class `label`."""
        return explain(self._connection, picture, model=self.name, label=label)

    def set_alias(self, alias: str, version: int) -> "Model":
        """Point an alias at a version, and return the model as it is then. `stable` is the version that answers."""
        path = f"{_path(self.name)}/aliases/{quote(alias, safe='')}"
        answer = decoded(self._connection.put(path, {"version": version}))
        return read(Model, answer, _connection=self._connection)

    def __str__(self) -> str:
        """Return a line a version."""
        return "\n".join(
            f"{self.name} {one.version}: {percent(one.test_accuracy)} on {one.dataset}, {count(one.parameters)} parameters"
            + (" (answers)" if one.version == self.serving_version else "")
            for one in self.versions
        )

    def _repr_html_(self) -> str:
        return block(strong(self.name), _version_table([self]))


class Models:
    """The models: `client.models["default"]`, or go through them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> Model:
        """Return one model; raise NotFound."""
        return read(Model, self._connection.json(_path(name)), _connection=self._connection)

    __getitem__ = get

    def _all(self) -> list[Model]:
        return [*read_all(Model, self._connection.json("/v1/models"), "models", _connection=self._connection)]

    def __iter__(self) -> Iterator[Model]:
        """Go through them."""
        return iter(self._all())

    def _repr_html_(self) -> str:
        return block(_version_table(self._all()))


def _version_table(models: list[Model]) -> str:
    rows = [
        (
            code(model.name),
            version.version,
            "answers" if version.version == model.serving_version else "",
            ", ".join(alias for alias, target in model.aliases.items() if target == version.version),
            version.training or NOTHING,
            version.dataset,
            percent(version.test_accuracy),
            count(version.parameters),
        )
        for model in models
        for version in model.versions
    ]
    headings = ("model", "version", "", "aliases", "training", "data set", "test accuracy", "parameters")
    return table(headings, rows, ("left",))


def _path(name: str) -> str:
    return f"/v1/models/{quote(name, safe='')}"
