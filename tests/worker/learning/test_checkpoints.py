"""Checkpoints as bytes: what is refused, and whose they are."""

import contextlib
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.learning.jobs import (
    DATASET,
    DROPOUT,
    JOBS,
    RANDOM,
    Train,
    Uninterrupted,
    job,
    optimizer,
    stopping,
)
from worker.learning.checkpoints import Place, State, fingerprint, read
from worker.learning.errors import UnusableCheckpoint
from worker.learning.training import Job

pytestmark = pytest.mark.usefixtures("quick_collections")


@pytest.fixture(scope="module")
def kept(uninterrupted: Uninterrupted) -> bytes:
    """A checkpoint in the second epoch of a small network."""
    return uninterrupted("sgd")[0].checkpoints[Place(1, 3)]


@pytest.mark.parametrize(
    "other",
    [
        job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1), seed=2),
        job(layers=RANDOM, optimizer=optimizer("sgd", 0.1)),
        job(layers=DROPOUT, optimizer=optimizer("sgd", 0.2)),
    ],
    ids=["another seed", "another network", "another rate"],
)
def test_another_trainings_checkpoint_is_refused(other: Job, kept: bytes, run: Train):
    with pytest.raises(UnusableCheckpoint, match="fingerprint"):
        run(other, resume=read(kept))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (job(layers=RANDOM, optimizer=optimizer("sgd", 0.1)), "model"),
        (job(layers=DROPOUT, optimizer=optimizer("adam", 0.1)), "optimizer"),
        (job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1), epochs=1), "no such place"),
        (job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1), batch_size=50), "no such place"),
        (
            job(
                layers=DROPOUT,
                optimizer=optimizer("sgd", 0.1),
                callbacks={"early_stopping": stopping("loss", restore=True)},
            ),
            "callbacks",
        ),
    ],
)
def test_what_does_not_fit_is_refused_even_under_the_right_fingerprint(other: Job, why: str, kept: bytes, run: Train):
    mislabelled = replace(read(kept), fingerprint=fingerprint(other, DATASET))

    with pytest.raises(UnusableCheckpoint, match=why):
        run(other, resume=mislabelled)


def test_another_backends_checkpoint_is_refused(kept: bytes, run: Train):
    other = "tensorflow" if keras.backend.backend() == "jax" else "jax"

    with pytest.raises(UnusableCheckpoint, match="backend"):
        run(JOBS["sgd"], resume=replace(read(kept), backend=other))


@pytest.mark.parametrize(
    "change", [lambda array: array[:-1], lambda array: array.astype(">f4"), lambda _: np.array("text")]
)
def test_an_array_of_another_shape_or_type_is_refused(
    change: Callable[[np.ndarray], np.ndarray], kept: bytes, run: Train
):
    state = read(kept)
    key = next(key for key in state.arrays if key.endswith("kernel"))

    with pytest.raises(UnusableCheckpoint, match=key):
        run(JOBS["sgd"], resume=replace(state, arrays={**state.arrays, key: change(state.arrays[key])}))


def test_a_fingerprint_follows_from_the_job_and_its_images_not_from_how_they_were_written_down():
    reordered = [dict(reversed(layer.items())) for layer in DROPOUT]

    assert fingerprint(job(layers=reordered), DATASET) == fingerprint(job(layers=DROPOUT), DATASET)
    assert fingerprint(job(), "1" * 64) != fingerprint(job(), DATASET)
    assert fingerprint(job(epochs=4), DATASET) != fingerprint(job(), DATASET)


def test_a_fingerprint_is_that_of_the_first_version_where_the_recipe_says_nothing_that_it_did_not_know():
    """What the version before recipes had more fields gave: its checkpoints are still resumed from."""
    recorded = "5538b1cb88e70df2afb2c4484d19ce9b85c84f5b8fea8cfedd48e419a5dd1408"
    said = job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0, rho=None, clipnorm=None), precision="float32")

    assert fingerprint(JOBS["adadelta"], DATASET) == fingerprint(said, DATASET) == recorded
    assert fingerprint(job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0, rho=0.9)), DATASET) != recorded
    assert (
        fingerprint(job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0), ema={"momentum": 0.9}), DATASET)
        != recorded
    )


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"\x93NUMPY", bytes(32), bytes(100)])
def test_bytes_that_never_were_a_checkpoint_are_refused(content: bytes):
    for one in (content, sealed(content)):
        with pytest.raises(UnusableCheckpoint):
            read(one)


def sealed(archive: bytes) -> bytes:
    return archive + hashlib.sha256(archive).digest()


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_torn_or_altered_bytes_are_refused(kept: bytes, data: st.DataObject):
    start = data.draw(st.integers(0, len(kept) - 1))
    end = data.draw(st.integers(start, min(len(kept), start + 64)))
    altered = kept[:start] + data.draw(st.binary(max_size=64)) + kept[end:]
    torn = kept[:start]

    for content in {altered, torn} - {kept}:
        with pytest.raises(UnusableCheckpoint):
            read(content)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_altered_bytes_under_a_right_digest_are_refused_or_read_as_a_state(kept: bytes, data: st.DataObject):
    # Half of the positions in what says where the arrays are, at the end.
    archive = bytearray(kept[:-32])
    where = st.one_of(st.integers(0, len(archive) - 1), st.integers(len(archive) - 1500, len(archive) - 1))
    for position in data.draw(st.lists(where, min_size=1, max_size=3)):
        archive[position] = data.draw(st.integers(0, 255))

    with contextlib.suppress(UnusableCheckpoint):
        assert isinstance(read(sealed(bytes(archive))), State)


def test_an_array_whose_header_breaks_off_is_refused(kept: bytes):
    """NumPy reads it as Python's own literals, and lets a tokenizer's error through. Found by the test above."""
    archive = bytearray(kept[:-32])
    for position in [place for place in range(len(archive)) if archive[place : place + 1] == b"}"]:
        altered = archive.copy()
        altered[position] = 0
        with contextlib.suppress(UnusableCheckpoint):
            assert isinstance(read(sealed(bytes(altered))), State)


def with_metadata(content: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    with np.load(io.BytesIO(content[:-32])) as members:
        arrays = {name: members[name] for name in members.files}
    metadata = json.loads(arrays["metadata"].tobytes())
    change(metadata)
    arrays["metadata"] = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return sealed(file.getvalue())


def test_a_checkpoint_of_another_format_is_refused(kept: bytes):
    with pytest.raises(UnusableCheckpoint, match=r"format must be 1\. Received: 2"):
        read(with_metadata(kept, lambda metadata: metadata.update(format=2)))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["epoch", "step", "loss"]), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(["place", "epochs", "seconds", "callbacks", "format"]), value=ANY_JSON)
@settings(max_examples=100, deadline=None)
def test_metadata_that_says_anything_else_is_refused_or_read_as_a_state(kept: bytes, name: str, value: object):
    with contextlib.suppress(UnusableCheckpoint):
        assert isinstance(read(with_metadata(kept, lambda metadata: metadata.update({name: value}))), State)
