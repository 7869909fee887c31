"""A lost or late message changes nothing but seconds."""

from service.queue import Doorbell, celery_application
from tests.waiting import wait_until
from tests.workers import TINY, Site


def test_three_trainings_finish_one_after_another_while_predictions_are_answered(site: Site) -> None:
    with site.worker() as worker:
        worker.wait_until_ready()
        submitted = [site.submit(**TINY, seed=seed) for seed in (1, 2, 3)]
        site.wait_for(submitted[0], "succeeded")
        digit = site.client.get("/v1/datasets/mnist-5k/samples/test/0.png").content
        answers = 0
        while any(site.training(one)["state"] in {"queued", "running"} for one in submitted) or not answers:
            assert site.client.post("/predict", files={"file": digit}).status_code == 200
            answers += 1
        trainings = [site.wait_for(one, "succeeded") for one in submitted]

    begun = [training["started_at"] for training in trainings]
    ended = [training["finished_at"] for training in trainings]
    assert begun == sorted(begun)
    assert all(end <= begin for end, begin in zip(ended, begun[1:], strict=False))


def test_a_ring_that_is_lost_costs_seconds(site: Site) -> None:
    training_id = site.submit(**TINY)
    with celery_application(site.settings).connection_for_write() as connection:
        wait_until(lambda: connection.default_channel.queue_purge(site.settings.queue_name), what="the ring to lose")

    with site.worker():
        site.wait_for(training_id, "succeeded")


def test_a_broker_that_is_away_refuses_no_training(site: Site) -> None:
    away = site.settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
    doorbell = Doorbell(away)

    doorbell.ring()

    assert doorbell.broker_failure()
    doorbell.close()
