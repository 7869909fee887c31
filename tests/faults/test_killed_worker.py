"""A worker that dies, is stopped, or is asked to stop: nothing is lost, doubled or stuck."""

from sqlalchemy import func, select

from service.records import Report
from tests.waiting import wait_until
from tests.workers import ENDLESS, TINY, Site


def states(training: dict[str, object]) -> list[str]:
    changes = training["changes"]
    assert isinstance(changes, list)
    return [change["state"] for change in changes]


def test_a_training_whose_worker_is_killed_runs_again_and_has_one_result(site: Site) -> None:
    training_id = site.submit(**{**TINY, "recipe": {"epochs": 12, "batch_size": 50}})
    with site.worker("first") as first:
        site.wait_for_step(training_id)
        first.kill()

    with site.worker("second"):
        training = site.wait_for(training_id, "succeeded", "failed", seconds=240)

    assert states(training) == ["queued", "running", "queued", "running", "succeeded"]
    assert training["attempt"] == 2
    assert len(site.client.get(f"/v1/trainings/{training_id}/history.json").json()["epochs"]) == 12
    with site.database.reading() as session:
        assert session.scalars(select(func.count()).select_from(Report)).one() == 1


def test_only_the_child_is_killed_and_the_same_worker_goes_on(site: Site) -> None:
    training_id = site.submit(**ENDLESS)
    with site.worker() as worker:
        site.wait_for_step(training_id)
        worker.child().kill()
        site.wait_for(training_id, "queued", seconds=60)
        site.wait_for(training_id, "running")
        site.client.post(f"/v1/trainings/{training_id}/cancel")
        training = site.wait_for(training_id, "cancelled")

    assert states(training) == ["queued", "running", "queued", "running", "cancelled"]


def test_a_child_that_is_killed_while_it_waits_leaves_a_worker_that_still_trains(site: Site) -> None:
    with site.worker() as worker:
        worker.wait_until_ready()
        idle = worker.child()
        idle.kill()
        wait_until(lambda: not idle.is_running(), what="the child's end")

        training_id = site.submit(**TINY)
        site.wait_for(training_id, "succeeded")
        assert worker.process.poll() is None


def test_a_worker_that_is_stopped_gives_its_training_back_and_ends(site: Site) -> None:
    training_id = site.submit(**ENDLESS)
    with site.worker() as worker:
        site.wait_for_step(training_id)
        assert worker.stop() == 0

    training = site.training(training_id)
    assert training["state"] == "queued"
    assert "was stopped" in training["changes"][-1]["reason"]


def test_a_worker_whose_whole_group_is_stopped_gives_its_training_back_and_ends(site: Site) -> None:
    training_id = site.submit(**ENDLESS)
    with site.worker() as worker:
        site.wait_for_step(training_id)
        assert worker.stop_group() == 0
    assert site.training(training_id)["state"] == "queued"


def test_an_idle_worker_whose_whole_group_is_stopped_ends(site: Site) -> None:
    with site.worker() as worker:
        worker.wait_until_ready()

        assert worker.stop_group() == 0


def test_a_worker_whose_parent_dies_leaves_its_training_to_others(site: Site) -> None:
    training_id = site.submit(**ENDLESS)
    with site.worker("first") as first:
        site.wait_for_step(training_id)
        child = first.child()
        first.process.kill()
        first.process.wait()
        child.wait(timeout=30)

        with site.worker("second"):
            site.wait_for(training_id, "queued", seconds=60)
            assert site.wait_for(training_id, "running")["attempt"] == 2


def test_a_running_training_is_cancelled_within_seconds_in_the_middle_of_an_epoch(site: Site) -> None:
    training_id, following = site.submit(**ENDLESS), site.submit(**TINY)
    with site.worker():
        site.wait_for_step(training_id)
        site.client.post(f"/v1/trainings/{training_id}/cancel")
        training = site.wait_for(training_id, "cancelled", seconds=15)
        site.wait_for(following, "succeeded")

    assert states(training) == ["queued", "running", "cancelled"]
