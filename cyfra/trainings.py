"""The trainings of a service: submit one, get one, go through them."""

import uuid
from collections.abc import Iterator, Mapping, Sequence

import httpx

from cyfra.connection import Connection, LostSight, decoded
from cyfra.facts import Facts
from cyfra.following import path_of
from cyfra.markup import block, code, table
from cyfra.networks import Layers, as_json
from cyfra.paging import pages
from cyfra.reading import read, read_all
from cyfra.training import Training
from cyfra.wording import NOTHING, percent

Spec = dict[str, object]
DEFAULT_PRESET = "quickstart"
PAGE = 50
SHOWN = 20


class Trainings:
    """The trainings, newest first: `client.trainings[id]`, `for training in client.trainings`, `client.trainings.list(…)`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit(self, spec: Mapping[str, object]) -> Training:
        """Submit a training, once, although the service may go away in that very moment.

        Whatever is sent again carries the same Idempotency-Key: there is one training in the end.

        Raises:
            Unprocessable: If some fields are wrong: `errors` says which, and what would work.
        """
        return Training(self._connection, read(Facts, decoded(submit(self._connection, spec))))

    def get(self, training_id: str) -> Training:
        """Return one training; raise NotFound."""
        return Training(self._connection, read(Facts, self._connection.json(path_of(training_id))))

    __getitem__ = get

    def list(
        self,
        *,
        state: str | None = None,
        dataset: str | None = None,
        preset: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Iterator[Training]:
        """Go through those in a state, on a data set, of a preset, or with labels; newest first, page after page."""
        given = {"state": state, "dataset": dataset, "preset": preset}
        query: dict[str, str | int] = {name: value for name, value in given.items() if value is not None}
        query |= {f"label.{key}": value for key, value in (labels or {}).items()}
        for page in pages(self._connection, "/v1/trainings", {**query, "limit": PAGE}):
            for facts in read_all(Facts, page, "trainings"):
                yield Training(self._connection, facts)

    def __iter__(self) -> Iterator[Training]:
        """Go through all of them, newest first."""
        return self.list()

    def _repr_html_(self) -> str:
        page = self._connection.json("/v1/trainings", {"limit": SHOWN})
        rows = [
            (
                code(facts.id),
                facts.state_text,
                facts.dataset,
                facts.network or "its own layers",
                NOTHING if facts.metrics is None else percent(facts.metrics.test_accuracy),
            )
            for facts in read_all(Facts, page, "trainings")
        ]
        headings = ("training", "state", "data set", "network", "test accuracy")
        return block(table(headings, rows, ("left", "left", "left", "left")))


def submit(
    connection: Connection,
    spec: Mapping[str, object],
    *,
    pauses_seconds: Sequence[float] | None = None,
    lost_sight: LostSight = lambda _trouble: None,
) -> httpx.Response:
    """Submit a training and return the service's answer. Whatever is sent again carries the same Idempotency-Key."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    address = "/v1/trainings"
    return connection.post(address, dict(spec), headers=headers, pauses_seconds=pauses_seconds, lost_sight=lost_sight)


def spec_of(
    *,
    preset: str | None,
    dataset: str | None,
    network: str | Layers | Mapping[str, object] | None,
    epochs: int | None,
    recipe: Mapping[str, object] | None,
    **given: object,
) -> Spec:
    """Return the body of POST /v1/trainings. The quickstart, if there is neither a preset nor a network of one's own."""
    spec: Spec = {name: value for name, value in given.items() if value is not None}
    if preset is None and network is None:
        preset = DEFAULT_PRESET
    if network is not None:
        spec["network"] = as_json(network)
    named = {"preset": preset, "dataset": dataset}
    spec |= {name: value for name, value in named.items() if value is not None}
    wanted = dict(recipe or {}) | ({} if epochs is None else {"epochs": epochs})
    return spec | ({"recipe": wanted} if wanted else {})
