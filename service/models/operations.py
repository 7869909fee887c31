"""Which models there are, and which version of each one answers."""

import re
from typing import Final

from sqlalchemy.orm import Session

from service.errors import Fault, InvalidFields, NoModelYet, UnknownModel, UnknownVersion, unknown
from service.models import queries
from service.models.queries import ModelRows
from service.models.schemas import ArtefactReply, InputReply, ModelList, ModelReply, VersionReply, VersionStatus
from service.records import ModelVersion
from service.records.models import DEFAULT_MODEL

STABLE: Final = "stable"  # the alias that, once set, decides which version answers
ALIAS: Final = re.compile(r"[a-z][a-z0-9._-]{0,62}")


def list_models(session: Session) -> ModelList:
    """Return every model."""
    found = [queries.get(session, name) for name in queries.names(session)]
    return ModelList(models=[_reply(session, rows) for rows in found if rows is not None])


def get(session: Session, name: str) -> ModelReply:
    """Return one model; raise UnknownModel."""
    return _reply(session, find(session, name))


def get_version(session: Session, name: str, version: str) -> VersionReply:
    """Return one version of a model, by number or alias; raise UnknownModel, UnknownVersion."""
    return _version_reply(session, choose_version(find(session, name), version))


def set_alias(session: Session, name: str, alias: str, version: int) -> ModelReply:
    """Point an alias at a version; raise UnknownModel, UnknownVersion, InvalidFields."""
    rows = find(session, name)
    if not ALIAS.fullmatch(alias) or alias == "latest":
        advice = f"Received the alias {alias[:70]!r}. Use small letters, digits, '.', '_' or '-', a letter first; not 'latest'."
        raise InvalidFields.of([Fault("alias", advice)])
    choose_version(rows, str(version))
    queries.set_alias(session, name, alias, version)
    return get(session, name)


def find(session: Session, name: str) -> ModelRows:
    """Return a model's rows; raise UnknownModel, or NoModelYet for a default that nothing has trained yet."""
    rows = queries.get(session, name) if "\x00" not in name else None
    if rows is not None:
        return rows
    if name == DEFAULT_MODEL:
        raise NoModelYet(
            "No training has succeeded yet. Start one and ask again in a minute: "
            "curl -H 'Content-Type: application/json' -d '{\"preset\": \"quickstart\"}' …/v1/trainings"
        )
    raise UnknownModel(unknown(name, queries.names(session) or ["(none yet)"], "model"))


def choose_version(rows: ModelRows, version: str | None) -> ModelVersion:
    """Return the version that a number, an alias, `latest` or None asks for; raise UnknownVersion.

    None means the alias `stable`, and the latest version where there is no such alias.
    """
    numbers = {found.version: found for found in rows.versions}
    latest = rows.model.latest_version
    if version is None:
        return numbers[rows.aliases.get(STABLE, latest)]
    if version == "latest":
        return numbers[latest]
    number = int(version) if re.fullmatch(r"[0-9]{1,9}", version) else rows.aliases.get(version)
    if number not in numbers:
        raise UnknownVersion(unknown(version, [*numbers, *rows.aliases, "latest"], f"version of {rows.model.name}"))
    return numbers[number]


def _reply(session: Session, rows: ModelRows) -> ModelReply:
    name = rows.model.name
    return ModelReply(
        name=name,
        created_at=rows.model.created_at,
        latest_version=rows.model.latest_version,
        serving_version=choose_version(rows, None).version,
        aliases=rows.aliases,
        versions=[_version_reply(session, version) for version in rows.versions],
        links={"self": f"/v1/models/{name}", "predict": f"/v1/models/{name}/predict"},
        model_version_status=[VersionStatus(version=str(found.version)) for found in reversed(rows.versions)],
    )


def _version_reply(session: Session, version: ModelVersion) -> VersionReply:
    shas = {"keras": version.keras_sha256, "onnx": version.onnx_sha256}
    sizes = queries.sizes(session, list(shas.values()))
    return VersionReply(
        version=version.version,
        training=version.training_id,
        created_at=version.created_at,
        dataset=version.dataset,
        test_accuracy=version.test_accuracy,
        parameters=version.parameters,
        classes=version.classes["names"],
        input=InputReply.model_validate(version.input),
        artefacts={name: ArtefactReply(sha256=sha, size=sizes[sha]) for name, sha in shas.items()},
        model_version_status=[VersionStatus(version=str(version.version))],
    )
