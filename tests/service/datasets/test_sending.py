"""POST /v1/datasets: what is taken, in which forms, and what is refused at once."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from service.app import create_app
from service.records import Dataset, DatasetUpload, DatasetUploadPart
from tests.service.datasets.sending import LETTERS, Sending
from tests.service.images.archives.packing import in_memory, linked
from tests.service.images.archives.test_arrays import as_idx
from tests.service.images.intake.sets import folders


def uploads(sending: Sending) -> int:
    with sending.database.reading() as session:
        parts = session.scalars(select(func.count()).select_from(DatasetUploadPart)).one()
        whole = session.scalars(select(func.count()).select_from(DatasetUpload)).one()
        return max(parts, whole)


def leftovers(sending: Sending) -> list[Path]:
    return list((sending.settings.home / "datasets").glob(".*"))


def test_a_zip_is_taken_and_its_import_is_to_be_asked_for(sending: Sending) -> None:
    reply = sending.send(title="Letters", description="Of mine")

    body = reply.json()
    assert reply.status_code == 202
    assert reply.headers["location"] == "/v1/datasets/letters"
    assert int(reply.headers["retry-after"]) == body["poll_after_seconds"] == 1
    assert (body["state"], body["title"], body["classes"]) == ("importing", "Letters", [])
    assert sending.client.get("/v1/datasets/letters").headers["retry-after"] == "1"
    assert leftovers(sending) == []


def test_it_becomes_a_data_set_that_can_be_looked_at(sending: Sending) -> None:
    found = sending.imported()

    assert (found["state"], found["classes"], found["shape"]) == ("ready", ["a", "b"], [16, 16, 1])
    assert (found["train_per_class"], found["test_per_class"], found["split"]) == ([12, 12], [3, 3], "made")
    assert len(found["sha256"]) == 64
    assert [each["rule"] for each in found["lint"]] == ["split-made"]
    assert sending.client.get("/v1/datasets").json()["datasets"][-1] == found
    samples = sending.client.get("/v1/datasets/letters/samples?split=test&count=4").json()["samples"]
    assert [each["label"] for each in samples] == ["a", "b", "a", "b"]
    assert sending.client.get(samples[0]["image"]).headers["content-type"] == "image/png"
    assert sending.client.get("/v1/datasets/letters/samples.png").status_code == 200
    assert uploads(sending) == 0
    assert leftovers(sending) == []


def test_another_machine_makes_its_own_files(sending: Sending, tmp_path_factory: pytest.TempPathFactory) -> None:
    sheet = "/v1/datasets/letters/samples.png"
    sending.imported()
    elsewhere = sending.settings.model_copy(
        update={"home": tmp_path_factory.mktemp("elsewhere"), "database_url": sending.settings.resolved_database_url}
    )

    with TestClient(create_app(elsewhere)) as there:
        assert there.get(sheet).content == sending.client.get(sheet).content


def test_a_form_may_hold_the_file_and_the_fields(sending: Sending) -> None:
    reply = sending.client.post(
        "/v1/datasets", data={"name": "letters", "size": "12x10"}, files={"file": ("my letters.zip", LETTERS)}
    )
    sending.work()

    assert reply.status_code == 202, reply.text
    assert sending.get()["shape"] == [12, 10, 1]


def test_what_curl_sends_with_dash_t_is_taken(sending: Sending) -> None:
    for path in ("/v1/datasets/one", "/v1/datasets/two.zip", "/v1/datasets?name=three"):
        assert sending.client.put(path, content=LETTERS).status_code == 202

    assert [sending.get(name)["state"] for name in ("one", "two", "three")] == ["importing"] * 3


def test_idx_files_come_in_one_form_by_their_fields_or_by_what_they_hold(sending: Sending) -> None:
    images = np.random.default_rng(1).integers(0, 256, (40, 9, 9), dtype=np.uint8)
    pair = gzip.compress(as_idx(images)), as_idx((np.arange(40) % 4).astype(np.uint8))
    for name, fields in (("one", ("images", "labels")), ("two", ("file", "file"))):
        files = [(field, (f"train-{what}", content)) for field, what, content in zip(fields, "xy", pair, strict=True)]
        reply = sending.client.post("/v1/datasets", params={"name": name}, files=files)
        assert reply.status_code == 202, reply.text
        sending.work()

    assert sending.get("one")["sha256"] == sending.get("two")["sha256"]


def test_an_npz_keeps_its_parts_and_may_name_its_classes(sending: Sending) -> None:
    content, rng = io.BytesIO(), np.random.default_rng(1)
    given = {"x_train": rng.integers(0, 256, (20, 9, 9, 3), dtype=np.uint8), "y_train": np.arange(20) % 2}
    given |= {"x_test": rng.integers(0, 256, (4, 9, 9, 3), dtype=np.uint8), "y_test": np.arange(4) % 2}
    np.savez(content, **given)

    found = sending.imported(content=content.getvalue(), classes="no, yes")

    assert (found["classes"], found["shape"], found["split"]) == (["no", "yes"], [9, 9, 3], "given")


WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"name": "Letters"}, "name"),
    ({"name": "a/b"}, "name"),
    ({"size": "big"}, "size"),
    ({"size": "4"}, "size"),
    ({"colour": "blue"}, "colour"),
    ({"test_fraction": "2"}, "test_fraction"),
    ({"seed": "x"}, "seed"),
    ({"classes": "a,a"}, "classes"),
    ({"nmae": "x"}, "nmae"),
    ({"name": ["a", "b"]}, "name"),
]


def test_wrong_fields_are_named(sending: Sending) -> None:
    for query, pointer in WRONG_FIELDS:
        reply = sending.client.post("/v1/datasets", params={"name": "letters", **query}, content=LETTERS)

        assert reply.status_code == 422, reply.text
        assert pointer in {error["pointer"] for error in reply.json()["errors"]}, query


REFUSED_AT_ONCE = [
    (b"", "invalid-fields", "empty body"),
    (b"hello, this is no archive at all, whatever its name may say about it.", "unreadable-archive", "text that"),
    (b"\x89PNG\r\n\x1a\n" + bytes(100), "unreadable-archive", "a PNG"),
    (LETTERS[:-40], "unreadable-archive", "Was it sent whole"),
    (in_memory({"../a.png": b"x", "b/1.png": b"y"}), "refused-archive", "leads out"),
    (in_memory({"a/1.png": b"x", "b/1.zip": b"y"}), "refused-archive", "is an archive itself"),
    (in_memory(folders("only")), "refused-dataset", "one class, 'only'"),
    (in_memory({"1.png": b"x"}), "refused-dataset", "folders of classes"),
    (as_idx(np.zeros((4, 8, 8), np.uint8)), "invalid-fields", "belong together"),
]


def test_what_cannot_become_a_data_set_is_refused_at_once(sending: Sending) -> None:
    for content, name, said in REFUSED_AT_ONCE:
        reply = sending.send(content=content)

        assert (reply.status_code, reply.json()["type"]) == (422, f"/problems/{name}"), reply.text
        assert said in reply.json()["detail"]
    assert uploads(sending) == 0
    assert leftovers(sending) == []
    assert sending.client.get("/v1/datasets/letters").status_code == 404


def test_a_link_in_a_zip_is_refused_by_its_name(sending: Sending, tmp_path: Path) -> None:
    reply = sending.send(content=linked(tmp_path / "a.zip").read_bytes())

    assert (reply.status_code, "'cat/1.png' in the zip is a link" in reply.json()["detail"]) == (422, True)


def test_a_form_without_a_file_or_with_its_name_as_text_says_what_would_work(sending: Sending) -> None:
    empty = sending.client.post("/v1/datasets", data={"name": "letters"}, files={"other": b"x" * 100})
    text = sending.client.post("/v1/datasets", files={"name": (None, "letters"), "file": (None, "data.zip")})
    broken = sending.client.post(
        "/v1/datasets?name=x", content=b"--x\r\nnonsense", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )

    assert [reply.status_code for reply in (empty, text, broken)] == [422, 422, 422]
    assert "-F file=@data.zip" in text.json()["detail"]


def test_a_body_over_the_limit_is_refused_and_nothing_stays(sending: Sending) -> None:
    settings = sending.settings.model_copy(update={"max_dataset_bytes": 1000})

    with TestClient(create_app(settings)) as client:
        told = client.post("/v1/datasets?name=letters", content=LETTERS)
        streamed = client.post("/v1/datasets?name=letters", content=iter([LETTERS[:900], LETTERS[900:]]))

    assert [told.status_code, streamed.status_code] == [413, 413]
    assert told.json()["type"] == "/problems/body-too-large"
    assert leftovers(sending) == []


def test_a_name_that_is_taken_is_refused(sending: Sending) -> None:
    sending.send()

    for name in ("letters", "mnist-5k"):
        reply = sending.send(name)
        assert (reply.status_code, reply.json()["type"]) == (409, "/problems/dataset-exists")
    assert uploads(sending) == 1


def test_the_same_request_with_a_key_is_carried_out_once_though_its_boundaries_differ(sending: Sending) -> None:
    def post(content: bytes) -> Any:
        files = {"file": ("letters.zip", content)}
        return sending.client.post("/v1/datasets?name=letters", files=files, headers={"Idempotency-Key": "k"})

    first, again, other = post(LETTERS), post(LETTERS), post(in_memory(folders("c", "d")))

    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert uploads(sending) == 1


def test_a_caller_has_only_a_few_imports_at_a_time(sending: Sending) -> None:
    replies = [sending.send(f"set-{number}") for number in range(sending.settings.max_imports + 1)]

    assert [reply.status_code for reply in replies] == [202] * sending.settings.max_imports + [409]
    assert replies[-1].headers["retry-after"]


def test_a_disk_without_room_is_told_before_anything_is_read(sending: Sending) -> None:
    settings = sending.settings.model_copy(update={"min_free_bytes": 1 << 60})

    with TestClient(create_app(settings)) as client:
        reply = client.post("/v1/datasets?name=letters", content=LETTERS)

    assert (reply.status_code, reply.json()["type"]) == (507, "/problems/storage-full")


def test_a_name_with_a_nul_is_nobodys(sending: Sending) -> None:
    assert sending.client.get("/v1/datasets/a%00b").status_code == 404
    assert sending.client.delete("/v1/datasets/a%00b").status_code == 404
    with sending.database.reading() as session:
        assert session.scalars(select(func.count()).select_from(Dataset)).one() == 0
