"""The HTTP client of the terminal: one method a question, every trouble a `CommandFailed`."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import httpx

from service.terminal.exits import REFUSED, UNREACHABLE, CommandFailed, Refused, Unreachable
from service.terminal.shapes import (
    ConfusionMatrix,
    History,
    Predictions,
    Problem,
    Samples,
    Training,
    Trainings,
)

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0

Query = Mapping[str, str | int | Sequence[str]]


class Client:
    """Speaks to one service. `transport` is the seam for tests."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        """Prepare to speak to the service at `url`; nothing is sent yet."""
        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise CommandFailed(REFUSED, f"The service's address must start with http:// or https://. Received: {url}")
        try:
            self._http = httpx.Client(
                base_url=self.url,
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                transport=transport,
                trust_env=not is_loopback(httpx.URL(self.url).host),  # a proxy does not know this machine's loopback
            )
        except httpx.InvalidURL as error:
            raise CommandFailed(REFUSED, f"That is no address of a service: {url} ({error}).") from error

    def __enter__(self) -> Self:
        """Return the client; the block's end closes its connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http.close()

    def is_live(self) -> bool:
        """Whether the service answers at all."""
        try:
            return self._http.get("/livez", timeout=1.0).is_success
        except httpx.HTTPError:
            return False

    def get(self, path: str, query: Query | None = None, *, wait_seconds: int | None = None) -> httpx.Response:
        """GET `path`; with `wait_seconds` the service may hold the answer back that long until there is news."""
        headers = {} if wait_seconds is None else {"Prefer": f"wait={wait_seconds}"}
        return self._ask(self._http.build_request("GET", path, params=query, headers=headers))

    def post(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """POST a JSON body, or none."""
        return self._ask(self._http.build_request("POST", path, json=body))

    def predict(self, files: Sequence[Path], model: str | None, top: int | None) -> httpx.Response:
        """Ask what is on the images in `files`."""
        path = "/predict" if model is None else f"/v1/models/{model}/predict"
        uploads = [("file", (file.name, file.read_bytes())) for file in files]
        query = {} if top is None else {"top": top}
        return self._ask(self._http.build_request("POST", path, params=query, files=uploads))

    def training(self, training_id: str, *, wait_seconds: int | None = None) -> Training:
        """Return one training."""
        return cast("Training", decoded(self.get(f"/v1/trainings/{training_id}", wait_seconds=wait_seconds)))

    def has_trainings(self) -> bool:
        """Whether there is any training, of whatever state."""
        page = cast("Trainings", decoded(self.get("/v1/trainings", {"limit": 1})))
        return bool(page["trainings"])

    def submit(self, spec: Mapping[str, object], key: str) -> httpx.Response:
        """Submit a training; sent again with the same key, it stays one training."""
        headers = {"Idempotency-Key": key}
        return self._ask(self._http.build_request("POST", "/v1/trainings", json=spec, headers=headers))

    def history(self, training_id: str) -> History:
        """Return the finished epochs of a training."""
        return cast("History", decoded(self.get(f"/v1/trainings/{training_id}/history.json")))

    def confusion_matrix(self, training_id: str) -> ConfusionMatrix:
        """Return the confusion matrix of a training that succeeded."""
        return cast("ConfusionMatrix", decoded(self.get(f"/v1/trainings/{training_id}/confusion-matrix.json")))

    def samples(self, dataset: str, *, split: str, count: int) -> Samples:
        """Return some pictures of a data set, as many of each class as can be."""
        return cast("Samples", decoded(self.get(f"/v1/datasets/{dataset}/samples", {"split": split, "count": count})))

    def _ask(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            raise Unreachable(self.url, str(error) or type(error).__name__) from error
        if not response.is_success:
            raise Refused(_problem(response))
        return response


def decoded(response: httpx.Response) -> object:
    """Return the JSON of an answer; a page that is no JSON comes from something that is not Cyfra."""
    try:
        return response.json()
    except ValueError as error:
        raise CommandFailed(
            UNREACHABLE, f"{response.request.url} answers, but not with JSON: is that a Cyfra service?"
        ) from error


def predictions(response: httpx.Response) -> Predictions:
    """Return the answer to one or several images in the shape for several."""
    answer = cast("dict[str, object]", decoded(response))
    return cast("Predictions", answer if "predictions" in answer else {"predictions": [answer]})


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine's loopback."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(response: httpx.Response) -> Problem:
    fallback: Problem = {
        "title": response.reason_phrase or "The service refused",
        "status": response.status_code,
        "detail": response.text[:500],
    }
    if "json" not in response.headers.get("content-type", ""):
        return fallback
    try:
        body = response.json()
    except ValueError:
        return fallback
    return cast("Problem", {**fallback, **body}) if isinstance(body, dict) else fallback
