"""The client: one service, and everything it can do."""

import os
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Final, Self, cast, overload

import httpx

from cyfra.batches import Batch
from cyfra.batches import submit as submit_batch
from cyfra.comparing import Comparison, compare
from cyfra.connection import ANSWER_SECONDS, Connection
from cyfra.datasets import Datasets
from cyfra.models import Models
from cyfra.networks import Layers, Networks
from cyfra.pages import Page, read_pages
from cyfra.pictures import Picture, is_one
from cyfra.predictions import Explanation, Normalize, Prediction, Predictions, explain, predict
from cyfra.training import Training
from cyfra.trainings import Trainings, spec_of

DEFAULT_URL: Final = "http://127.0.0.1:8000"
DEFAULT_MODEL: Final = "default"


class Client:
    """Speaks to one Cyfra service. Use it in a `with` block, which closes its connections; or `close()` it.

    Args:
        url: Where the service is. If not given: the variable CYFRA_URL, or else http://127.0.0.1:8000.
        key: Sent as `Authorization: Bearer KEY`, to a service that wants one. If not given: the variable CYFRA_KEY.
        timeout: How many seconds one answer may take.
        transport: What carries the requests; a seam for tests.

    Raises:
        BadAddress: If `url` is no address. Nothing is sent yet.

    Example:
        with Client() as client:
            training = client.train(preset="quickstart").wait()
            print(training.report)
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        timeout: float = ANSWER_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection(
            url or os.environ.get("CYFRA_URL") or DEFAULT_URL,
            key=key or os.environ.get("CYFRA_KEY") or None,
            timeout_seconds=timeout,
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Return the client; the block's end closes its connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    @property
    def url(self) -> str:
        """Where the service is."""
        return self._connection.url

    @property
    def is_live(self) -> bool:
        """Whether the service answers at all."""
        return self._connection.is_live()

    @property
    def trainings(self) -> Trainings:
        """The trainings: go through them, get one, submit one."""
        return Trainings(self._connection)

    @property
    def datasets(self) -> Datasets:
        """The data sets."""
        return Datasets(self._connection)

    @property
    def networks(self) -> Networks:
        """The networks that have a name; and `check(…)`, for those of your own."""
        return Networks(self._connection)

    @property
    def models(self) -> Models:
        """The trained networks that have a name."""
        return Models(self._connection)

    def train(  # noqa: PLR0913 - a field each
        self,
        preset: str | None = None,
        *,
        dataset: str | None = None,
        network: str | Layers | Mapping[str, object] | None = None,
        epochs: int | None = None,
        recipe: Mapping[str, object] | None = None,
        validation: Mapping[str, object] | None = None,
        seed: int | None = None,
        labels: Mapping[str, str] | None = None,
        register_as: str | None = None,
        priority: int | None = None,
        **more: object,
    ) -> Training:
        """Submit a training, and return at once: `wait()` for its end.

        Args:
            preset: `quickstart` (what you get without anything), `lecture-mnist`, `lecture-cifar10`. All else overrides it.
            dataset: The name of a data set.
            network: The name of a network, or its layers: `[{"layer": "Flatten"}, {"layer": "Dense", "units": 10, …}]`.
            epochs: Short for `recipe={"epochs": …}`.
            recipe: `batch_size`, `optimizer`, `augmentation` and so on.
            validation: What the validation figures are measured on, such as `{"from": "train", "fraction": 0.1}`.
            seed: The same seed gives the same training.
            labels: Keys and values to find it by.
            register_as: The name of the model that gets a new version when it succeeds.
            priority: The highest goes first.
            more: Any other field of the service's.

        Raises:
            Unprocessable: If some fields are wrong: `errors` says which, and what would work.
        """
        spec = spec_of(
            preset=preset,
            dataset=dataset,
            network=network,
            epochs=epochs,
            recipe=recipe,
            validation=validation,
            seed=seed,
            labels=labels,
            register_as=register_as,
            priority=priority,
            **more,
        )
        return self.trainings.submit(spec)

    @overload  # a path and bytes can be gone through too, but are one picture
    def predict(  # type: ignore[overload-overlap]
        self,
        pictures: Picture,
        *,
        model: str | None = None,
        version: str | int | None = None,
        top: int | None = None,
        seen: bool | None = None,
        normalize: Normalize | None = None,
    ) -> Prediction: ...
    @overload
    def predict(
        self,
        pictures: Iterable[Picture],
        *,
        model: str | None = None,
        version: str | int | None = None,
        top: int | None = None,
        seen: bool | None = None,
        normalize: Normalize | None = None,
    ) -> Predictions: ...
    def predict(
        self,
        pictures: Picture | Iterable[Picture],
        *,
        model: str | None = None,
        version: str | int | None = None,
        top: int | None = None,
        seen: bool | None = None,
        normalize: Normalize | None = None,
    ) -> Prediction | Predictions:
        """Say what is on a picture, or on each of a list of pictures.

        Args:
            pictures: A path, bytes, an open file, a Pillow image or an array; or a list of such.
            model: The model that answers; the default one if not given.
            version: A version of it, an alias or `latest`.
            top: Answer with the likeliest `top` classes only.
            seen: Whether to show what the network saw. If not given: for one picture yes, for a list no.
            normalize: Whether to lay a handwritten digit out as in MNIST: `auto`, unless it is 28x28 already (the default),
                `always`, or `never`, which only scales it.

        Raises:
            Unprocessable: If a picture cannot be read, or there is nothing on it.
            Conflict: If there is no model yet.
        """
        alone = is_one(pictures)
        given = [cast("Picture", pictures)] if alone else cast("Iterable[Picture]", pictures)
        shown = alone if seen is None else seen
        answers = predict(
            self._connection, given, model=model, version=version, top=top, seen=shown, normalize=normalize
        )
        return answers[0] if alone else answers

    def read_digits(self, picture: Picture, *, model: str | None = None, version: str | int | None = None) -> Page:
        """Find and read all digits on a picture: a postcode, a column of numbers, a sheet of cells.

        Args:
            picture: A path, bytes, an open file, a Pillow image or an array.
            model: The model that reads; the default one if not given. It has to be one for handwritten digits.
            version: A version of it, an alias or `latest`.

        Raises:
            Unprocessable: If the picture cannot be read, there is nothing on it, or too much.
            Conflict: If there is no model yet.
        """
        return read_pages(self._connection, [picture], model=model, version=version)[0]

    def predict_batch(
        self,
        pictures: Picture | Iterable[Picture],
        *,
        labels: str | os.PathLike[str] | bytes | None = None,
        model: str | None = None,
        version: str | int | None = None,
        array: str | None = None,
        normalize: Normalize | None = None,
    ) -> Batch:
        """Have the workers say what is on many pictures, and return at once: `wait()` for the end, then `results()`.

        Args:
            pictures: A zip of pictures, an npz or an IDX file; or a list of pictures, each as for `predict`.
            labels: A table (`name,label` a line), or beside an IDX file of pictures one of labels: then there is a `report`.
            model: The model that answers; the default one if not given.
            version: A version of it, an alias or `latest`.
            array: Of an npz: the array that holds the pictures.
            normalize: As for `predict`.

        Raises:
            Unprocessable: If there are no pictures in it, or the labels cannot be used.
            Conflict: If there is no model yet.
        """
        return submit_batch(
            self._connection,
            pictures,
            labels=labels,
            model=model,
            version=version,
            array=array,
            normalize=normalize,
        )

    def explain(self, picture: Picture, *, model: str = DEFAULT_MODEL, label: str | None = None) -> Explanation:
        """Say where on a picture the answer comes from, or what speaks for the class `label`."""
        return explain(self._connection, picture, model=model, label=label)

    def compare(self, *trainings: Training | str) -> Comparison:
        """Compare 2 to 8 trainings: figures with intervals, McNemar's test, curves over each other."""
        return compare(self._connection, [one.id if isinstance(one, Training) else one for one in trainings])

    def __repr__(self) -> str:
        """Return where the service is."""
        return f"Client({self.url!r})"
