"""What a worker makes of a data set that was sent, and what happens when it cannot."""

from sqlalchemy import func, select, update

from service.records import Dataset, DatasetPart
from service.records.clock import lease_now
from tests.made import made_training
from tests.service.datasets.sending import LETTERS, Sending
from tests.service.images.archives.packing import in_memory
from tests.service.images.intake.sets import folders
from tests.workers import TINY
from worker.imports import claims

BROKEN = in_memory(folders("a", "b") | {f"a/x{number}.png": b"no picture" for number in range(4)})


def parts(sending: Sending) -> int:
    with sending.database.reading() as session:
        return session.scalars(select(func.count()).select_from(DatasetPart)).one()


def test_a_set_whose_pictures_cannot_be_read_is_refused_with_their_names(sending: Sending) -> None:
    found = sending.imported(content=BROKEN)

    assert (found["state"], found["error"]["type"]) == ("refused", "too-many-unreadable")
    (finding,) = found["lint"]
    assert (finding["severity"], finding["count"]) == ("refusal", 4)
    assert finding["files"][0].startswith("a/x0.png: Received text")
    refused = sending.client.post("/v1/trainings", json={**TINY, "dataset": "letters"})
    assert "was not imported" in refused.json()["errors"][0]["detail"]
    assert sending.client.get("/v1/datasets/letters/samples").status_code == 424


def test_one_that_was_refused_may_be_sent_again(sending: Sending) -> None:
    sending.imported(content=BROKEN)

    assert sending.imported()["state"] == "ready"


def test_a_training_on_a_set_that_is_being_imported_is_told_to_wait(sending: Sending) -> None:
    sending.send()

    reply = sending.client.post("/v1/trainings", json={**TINY, "dataset": "letters"})

    assert reply.status_code == 422
    assert "still being imported" in reply.json()["errors"][0]["detail"]


def test_a_worker_that_shuts_down_gives_the_set_back(sending: Sending) -> None:
    sending.send()

    sending.work(is_shutting_down=True)

    assert sending.get()["state"] == "importing"
    assert sending.work()
    assert sending.get()["state"] == "ready"


def test_a_worker_that_lost_its_lease_can_change_nothing(sending: Sending) -> None:
    sending.send()
    lost = claims.claim(sending.database, "lost", 60)
    assert lost is not None
    with sending.database.transaction() as session:
        session.execute(update(Dataset).values(lease_until=lease_now() - 1))

    assert claims.rescue(sending.database, max_attempts=3) == 1
    assert sending.work()

    for write in (lambda: claims.renew(sending.database, lost, 60), lambda: claims.release(sending.database, lost)):
        try:
            write()
        except claims.LeaseLost:
            continue
        raise AssertionError("the lost claim was taken")
    assert sending.get()["state"] == "ready"


def test_a_set_whose_workers_are_lost_again_and_again_fails(sending: Sending) -> None:
    sending.send()

    for _ in range(3):
        assert claims.claim(sending.database, "killed", 60) is not None
        claims.abandon(sending.database, "killed", 3, "out-of-memory")

    assert (sending.get()["state"], sending.get()["error"]["type"]) == ("failed", "out-of-memory")
    assert claims.claim(sending.database, "another", 60) is None


def test_deleting_takes_it_from_its_worker_and_leaves_nothing(sending: Sending) -> None:
    sending.send()
    held = claims.claim(sending.database, "worker", 60)
    assert held is not None

    assert sending.client.delete("/v1/datasets/letters").status_code == 204

    try:
        claims.renew(sending.database, held, 60)
    except claims.LeaseLost:
        pass
    else:
        raise AssertionError("it is still held")
    assert sending.client.get("/v1/datasets/letters").status_code == 404


def test_a_deleted_set_is_gone_with_its_files(sending: Sending) -> None:
    sha256 = sending.imported()["sha256"]
    assert (sending.settings.home / "datasets" / "uploaded" / sha256).is_dir()

    assert sending.client.delete("/v1/datasets/letters").status_code == 204

    assert parts(sending) == 0
    assert not (sending.settings.home / "datasets" / "uploaded" / sha256).exists()
    assert sending.client.delete("/v1/datasets/letters").status_code == 404


def test_two_sets_with_the_same_pixels_share_files_until_both_are_gone(sending: Sending) -> None:
    sha256 = sending.imported("one")["sha256"]
    assert sending.imported("two", LETTERS)["sha256"] == sha256

    sending.client.delete("/v1/datasets/one")

    assert sending.client.get("/v1/datasets/two/samples.png").status_code == 200


def test_a_set_that_is_trained_on_stays(sending: Sending) -> None:
    sending.imported()
    training = sending.client.post("/v1/trainings", json={**_two_classes(), "dataset": "letters"}).json()

    refused = sending.client.delete("/v1/datasets/letters")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/dataset-in-use")
    assert training["id"] in refused.json()["detail"]
    sending.client.post(f"/v1/trainings/{training['id']}/cancel")
    assert sending.client.delete("/v1/datasets/letters").status_code == 204
    assert sending.client.get(f"/v1/trainings/{training['id']}/network").status_code == 424


def test_what_is_built_in_cannot_be_deleted(sending: Sending) -> None:
    assert sending.client.delete("/v1/datasets/mnist-5k").status_code == 403


def test_a_training_whose_set_was_deleted_says_so_where_it_needs_pictures(sending: Sending) -> None:
    training_id = made_training(sending.database, dataset="gone")

    assert "was deleted" in sending.client.get(f"/v1/trainings/{training_id}/network").json()["detail"]


def _two_classes() -> dict[str, object]:
    layers = [{"layer": "Flatten"}, {"layer": "Dense", "units": 2, "activation": "softmax"}]
    return {"network": {"layers": layers}, "recipe": {"epochs": 1, "batch_size": 8}}
