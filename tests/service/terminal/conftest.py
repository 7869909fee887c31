"""A stand-in for the service: a small real HTTP server with the same answers, that the client is tested against."""

import socket
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from service.cli import run

TRAINING: dict[str, Any] = {
    "id": "t1",
    "state": "queued",
    "created_at": "2025-11-22T12:00:00Z",
    "started_at": None,
    "finished_at": None,
    "attempt": 0,
    "owner": "anonymous",
    "preset": "quickstart",
    "dataset": "mnist-5k",
    "network": "quickstart",
    "register_as": None,
    "labels": {"course": "dl-1"},
    "spec": {},
    "queue_position": 3,
    "starts_in_seconds": None,
    "poll_after_seconds": 5,
    "progress": {
        "activity": None,
        "epoch": 0,
        "epochs": 2,
        "step": 0,
        "steps": 10,
        "eta_seconds": None,
        "loss": None,
        "accuracy": None,
    },
    "metrics": None,
    "error": None,
    "changes": [{"at": "2025-11-22T12:00:00Z", "state": "queued", "attempt": 0, "reason": None}],
    "models": [],
    "links": {},
}
MATRIX = {"training": "t1", "classes": ["3", "8"], "matrix": [[95, 5], [0, 100]]}
COMPARISON = {
    "trainings": [
        {
            "id": training_id,
            "preset": "quickstart",
            "network": "quickstart",
            "epochs": 12,
            "parameters": 123456,
            "compute_seconds": 65.0,
            "test_accuracy": {"value": accuracy, "low": 0.975, "high": 0.989},
            "test_loss": 0.06,
        }
        for training_id, accuracy in (("t1", 0.981), ("t2", 0.978))
    ],
    "pairs": [{"finding": "quickstart t1 got 14 right that quickstart t2 got wrong: the difference can be chance."}],
}
PREDICTION = {
    "digit": 7,
    "label": "7",
    "confidence": 0.9,
    "probabilities": {"7": 0.9, "1": 0.08, "9": 0.02},
    "model": {"name": "default", "version": 2},
    "filename": "seven.png",
}


def a_training(**changes: Any) -> dict[str, Any]:
    """A training with some fields changed; those of `progress` one by one."""
    training = deepcopy(TRAINING)
    training["progress"] |= changes.pop("progress", {})
    return training | changes


def running(epoch: int, step: int, **progress: Any) -> dict[str, Any]:
    """A training in the middle of its epochs."""
    figures = {
        "activity": "training",
        "epoch": epoch,
        "step": step,
        "eta_seconds": 65.0,
        "loss": 0.25,
        "accuracy": 0.91,
    }
    return a_training(state="running", attempt=1, started_at="2025-11-22T12:00:01Z", progress=figures | progress)


def succeeded() -> dict[str, Any]:
    """A training that ended well."""
    return a_training(
        state="succeeded",
        attempt=1,
        started_at="2025-11-22T12:00:01Z",
        finished_at="2025-11-22T12:00:31Z",
        progress={"epoch": 2, "step": 10},
        metrics={"test_accuracy": 0.981, "test_loss": 0.06, "parameters": 123456},
        models=[{"name": "default", "version": 1}],
    )


def failed() -> dict[str, Any]:
    """A training that did not."""
    error = {"type": "diverged", "detail": "The loss became NaN in epoch 2. A smaller learning rate helps."}
    return a_training(state="failed", attempt=1, error=error)


@dataclass
class StandIn:
    """What the server answers, and what it was asked. `course` is what a training looks like at each look."""

    url: str = ""
    course: list[dict[str, Any]] = field(default_factory=lambda: [a_training()])
    troubles: list[int] = field(default_factory=list)  # statuses that come before the next looks at the training
    troubles_of_submit: list[int] = field(default_factory=list)  # and before a training is accepted
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # the Idempotency-Key of each rerun
    problem: dict[str, Any] | None = None

    def look(self) -> dict[str, Any]:
        """The training as it is now; it goes on at each look."""
        return self.course.pop(0) if len(self.course) > 1 else self.course[0]

    def history(self) -> list[dict[str, Any]]:
        """Figures of the epochs that are over."""
        done = self.course[0]["progress"]["epoch"]
        figures = {"loss": 0.1, "accuracy": 0.9, "val_loss": 0.2, "val_accuracy": 0.8, "seconds": 1.5}
        return [{"epoch": epoch, **figures} for epoch in range(1, done + 1)]


def application(stand_in: StandIn) -> FastAPI:
    """The routes."""
    app = FastAPI()

    @app.middleware("http")
    async def note(request: Request, call_next: Any) -> Response:
        is_json = request.headers.get("content-type") == "application/json"
        body = await request.json() if is_json else dict(request.query_params)
        stand_in.asked.append((request.method, request.url.path, body))
        if stand_in.problem is not None:
            status = stand_in.problem["status"]
            return JSONResponse(stand_in.problem, status, media_type="application/problem+json")
        answer: Response = await call_next(request)
        return answer

    @app.get("/livez")
    def livez() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/v1/trainings")
    def trainings() -> dict[str, Any]:
        return {"trainings": [stand_in.look()], "next": "/v1/trainings?cursor=x"}

    @app.post("/v1/trainings")
    @app.post("/v1/trainings/t1/cancel")
    def submit() -> Response:
        if stand_in.troubles_of_submit:
            return Response("away", stand_in.troubles_of_submit.pop(0))
        return JSONResponse(stand_in.course[0], 202)

    @app.get("/v1/trainings/t1")
    def training() -> Response:
        if stand_in.troubles:
            return Response("away", stand_in.troubles.pop(0))
        return JSONResponse(stand_in.look())

    @app.get("/v1/trainings/t1/history.json")
    def history() -> dict[str, Any]:
        return {"training": "t1", "epochs": stand_in.history()}

    @app.get("/v1/trainings/t1/report.txt")
    def report_text() -> PlainTextResponse:
        return PlainTextResponse("              precision    recall\n           3      1.000     0.950\n")

    @app.get("/v1/trainings/t1/report.json")
    def report() -> dict[str, Any]:
        return {"training": "t1", "test_accuracy": 0.981}

    @app.get("/v1/trainings/t1/advice.txt")
    def advice_text() -> PlainTextResponse:
        return PlainTextResponse("training t1 (succeeded, 2 epochs): nothing stands out\n")

    @app.get("/v1/trainings/t1/receipt.txt")
    def receipt_text() -> PlainTextResponse:
        return PlainTextResponse("Receipt of training t1\nseed       1\n")

    @app.get("/v1/trainings/t1/receipt.json")
    def receipt() -> dict[str, Any]:
        return {"training": "t1", "seed": 1}

    @app.post("/v1/trainings/t1/rerun")
    def rerun(request: Request) -> Response:
        if stand_in.troubles_of_submit:
            return Response("away", stand_in.troubles_of_submit.pop(0))
        stand_in.keys.append(request.headers.get("idempotency-key", ""))
        return JSONResponse(stand_in.course[0], 202)

    @app.get("/v1/trainings/t1/rerun.txt")
    def difference_text() -> PlainTextResponse:
        return PlainTextResponse("The weights are bit-equal to the original's.\n")

    @app.get("/v1/trainings/t1/rerun.json")
    def difference() -> dict[str, Any]:
        return {"training": "t1", "weights": {"bit_equal": True}}

    @app.get("/v1/compare")
    def compare() -> dict[str, Any]:
        return COMPARISON

    @app.get("/v1/trainings/t1/confusion-matrix.json")
    def confusion_matrix() -> dict[str, Any]:
        return MATRIX

    @app.post("/predict")
    @app.post("/v1/models/mine/predict")
    async def predict(request: Request) -> dict[str, Any]:
        form = await request.form()
        count = len(form.getlist("file"))
        return PREDICTION if count == 1 else {"predictions": [PREDICTION] * count}

    @app.get("/v1/datasets")
    def datasets() -> dict[str, Any]:
        shape = {"classes": list("0123456789"), "shape": [28, 28, 1]}
        mnist = {"name": "mnist-5k", "title": "Digits", "train_count": 4000, "test_count": 1000, "available": True}
        return {"datasets": [mnist | shape]}

    @app.get("/v1/networks")
    def networks() -> dict[str, Any]:
        lecture = {"name": "lecture-mnist", "title": "Slides", "input_shape": [28, 28, 1]}
        return {"networks": [lecture | {"parameters": 2782090, "mflops": 40.9}]}

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        versions = [
            {"version": n, "training": f"t{n}", "dataset": "mnist-5k", "test_accuracy": 0.97, "parameters": 5}
            for n in (1, 2)
        ]
        model = {"name": "default", "latest_version": 2, "serving_version": 1, "aliases": {"best": 2}}
        return {"models": [model | {"versions": versions}]}

    return app


@pytest.fixture(scope="session")
def server() -> Iterator[StandIn]:
    """A running server."""
    it = StandIn()
    server = uvicorn.Server(uvicorn.Config(application(it), log_level="warning"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        it.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield it
        server.should_exit = True
        thread.join()


@pytest.fixture
def stand_in(server: StandIn) -> StandIn:
    """The server, with nothing asked yet."""
    server.course, server.asked, server.problem = [a_training()], [], None
    server.troubles, server.troubles_of_submit, server.keys = [], [], []
    return server


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nothing listens, and nothing will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def cyfra(stand_in: StandIn) -> Callable[..., int]:
    """Run a client command against the stand-in; return its exit code."""
    return lambda *arguments: run([*arguments, "--url", stand_in.url])
