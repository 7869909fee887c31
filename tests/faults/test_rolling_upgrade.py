"""Workers and API are replaced one after another while trainings come in: nothing is lost, and no attempt is counted."""

import signal
import threading
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

import httpx

from service.records import Training
from tests.faults.apis import Apis, RunningApi, apis
from tests.faults.conftest import new_site
from tests.faults.nursery import Nursery
from tests.faults.results import assert_one_result
from tests.faults.rounds import rounds
from tests.workers import TINY


class Client:
    """Submits all the time, each training until it is accepted, to whichever API serves."""

    def __init__(self, api: RunningApi) -> None:
        self.api = api
        self.accepted: list[str] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._submit_again_and_again)
        self._thread.start()

    def stop(self) -> None:
        """Submit no more."""
        self._stopped.set()
        self._thread.join()

    def _submit_again_and_again(self) -> None:
        while not self._stopped.wait(0.5):
            key = uuid.uuid4().hex
            while (training_id := self._submit(key)) is None:
                time.sleep(0.1)
            self.accepted.append(training_id)

    def _submit(self, key: str) -> str | None:
        try:
            reply = self.api.client.post("/v1/trainings", json=TINY, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            return None
        return reply.json()["id"] if reply.status_code == 202 else None


def test_everything_is_replaced_under_load(kind: str, tmp_path: Path, nursery: Nursery) -> None:
    # Nobody dies here: a lease may be long, so that a machine that is busy with other things costs none.
    overrides = {"lease_seconds": 20, "checkpoint_seconds": 0.2}
    with ExitStack() as stack:
        site = stack.enter_context(new_site(kind, tmp_path, **overrides))
        processes = stack.enter_context(apis(site.settings))
        serving = processes.next()
        workers = [stack.enter_context(nursery.worker(site.settings)) for _ in range(2)]
        client = Client(serving)
        try:
            for rng in rounds("rolling upgrade of workers and API", kind, full=10):
                for number in range(len(workers)):
                    time.sleep(rng.uniform(0, 2))  # the moment is the point
                    leaving = workers[number]
                    workers[number] = stack.enter_context(nursery.worker(site.settings))
                    leaving.send(signal.SIGTERM)
                    leaving.join(30)
                client.api = serving = replaced(processes, serving)
        finally:
            client.stop()
        for training_id in client.accepted:
            site.wait_for(training_id, "succeeded", "failed")
            assert_one_result(site, training_id)
        with site.database.reading() as session:
            losses = [session.get_one(Training, training_id).losses for training_id in client.accepted]
    assert client.accepted
    assert sum(losses) == 0


def replaced(processes: Apis, leaving: RunningApi) -> RunningApi:
    """Start another API process, then tell this one to go; it goes with 0."""
    following = processes.next()
    leaving.process.send_signal(signal.SIGTERM)
    assert leaving.process.wait(30) == 0
    return following
