"""The API is killed while it takes a training; the client sends the same request again, and there is one training."""

import statistics
import threading
import time
from collections import Counter
from contextlib import suppress

import httpx
from sqlalchemy import func, select

from service.records import Training, TrainingChange, TrainingLabel
from tests.faults.apis import RunningApi, apis
from tests.faults.rounds import FULL, rounds
from tests.waiting import wait_until
from tests.workers import TINY, Site

REHEARSALS = 5
PASSING = {409, 502, 503, 504}  # the killed one's transaction may still be open, or the service be away


def test_the_api_is_killed_in_the_middle_of_a_submit(site: Site, kind: str) -> None:
    met: Counter[str] = Counter()
    with apis(site.settings) as processes:
        api = processes.next()
        for rng in rounds("kill -9 the API at each step of a submit, the client retries", kind, full=100, short=3):
            following = processes.next()
            name = f"round-{rng.randrange(2**64):x}"
            seconds = usual_seconds(api, name)
            # Half of the rounds and more fall before the answer; the others, after it, must change nothing either.
            answer = submit_and_kill(api, name, rng.uniform(0, 1.3 * seconds))
            met[what_was_met(site, name, answer)] += 1

            retried = wait_until(lambda name=name, following=following: accepted(following, name), 60, "202")

            assert trainings_labelled(site, name) == [retried["id"]]
            assert answer is None or answer.json()["id"] == retried["id"]
            assert changes(site, retried["id"]) == 1
            listed = following.client.get("/v1/trainings", params={"label.round": name}).json()
            assert [training["id"] for training in listed["trainings"]] == [retried["id"]]
            api = following
    print(f"the kills met: {dict(met)}")
    assert not FULL or met["nothing written"], "no kill came before the commit: the test has lost its point"
    assert not FULL or met["written, not answered"], (
        "no kill fell between commit and answer: the test has lost its point"
    )


def usual_seconds(api: RunningApi, name: str) -> float:
    """Submit a few others, and return how long one takes here and now."""
    taken = []
    for number in range(REHEARSALS):
        began_at = time.monotonic()
        assert post(api, f"{name}-rehearsal-{number}").status_code == 202
        taken.append(time.monotonic() - began_at)
    return statistics.median(taken)


def submit_and_kill(api: RunningApi, name: str, after_seconds: float) -> httpx.Response | None:
    """Kill the API so long after the request was sent; return its answer, if there was one."""
    answers: list[httpx.Response] = []

    def send() -> None:
        with suppress(httpx.TransportError):  # what a client sees of a killed service
            answers.append(post(api, name))

    client = threading.Thread(target=send)
    client.start()
    time.sleep(after_seconds)  # the moment is the point
    api.kill()
    client.join()
    return answers[0] if answers else None


def post(api: RunningApi, name: str) -> httpx.Response:
    body = {**TINY, "labels": {"round": name}}
    return api.client.post("/v1/trainings", json=body, headers={"Idempotency-Key": name})


def accepted(api: RunningApi, name: str) -> dict[str, str] | None:
    reply = post(api, name)
    assert reply.status_code in {202, *PASSING}, reply.text
    return reply.json() if reply.status_code == 202 else None


def what_was_met(site: Site, name: str, answer: httpx.Response | None) -> str:
    if answer is not None:
        return "answered"
    return "written, not answered" if trainings_labelled(site, name) else "nothing written"


def trainings_labelled(site: Site, name: str) -> list[str]:
    with site.database.reading() as session:
        query = select(Training.id).join(TrainingLabel).where(TrainingLabel.key == "round", TrainingLabel.value == name)
        return list(session.scalars(query))


def changes(site: Site, training_id: str) -> int:
    with site.database.reading() as session:
        return session.scalars(select(func.count()).where(TrainingChange.training_id == training_id)).one()
