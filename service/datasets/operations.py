"""Which data sets there are, what is in them, and how one goes."""

from sqlalchemy.orm import Session

from service.datasets import queries, replies
from service.datasets.schemas import DatasetList, DatasetReply, Sample, SamplePage
from service.errors import DatasetInUse, NotAllowed, UnknownDataset
from service.images.sets.catalogue import BUILTINS
from service.images.sets.opening import is_available
from service.images.sets.samples import contact_sheet_png, sample_png, spread
from service.pictures.drawings import Drawing, drawing
from service.sets.finding import AllSets, find
from service.sets.opening import open_set
from service.settings import Settings


def list_datasets(session: Session, settings: Settings) -> DatasetList:
    """Return every data set, without reading any image: those that are built in, then those that people have sent."""
    built_in = [replies.builtin(settings, builtin) for builtin in BUILTINS.values()]
    return DatasetList(datasets=[*built_in, *map(replies.uploaded, queries.every(session))])


def get(session: Session, settings: Settings, name: str) -> DatasetReply:
    """Return one data set; one that is built in and lies on this machine is read once for its SHA-256. Raise UnknownDataset."""
    if name in BUILTINS:
        if is_available(name, settings.home, settings.datasets):
            open_set(session, settings, name)
        return replies.builtin(settings, BUILTINS[name])
    found = find(session, name)
    if found is None:
        raise UnknownDataset(AllSets(session).explain(name))
    return replies.uploaded(found)


def remove(session: Session, name: str) -> str | None:
    """Delete a data set; return the SHA-256 of pixels that nobody needs any more.

    Raise UnknownDataset, NotAllowed for one that is built in, DatasetInUse.
    """
    if name in BUILTINS:
        raise NotAllowed(f"{name} is built in. Only data sets that were sent can be deleted.")
    found = queries.locked(session, name) if "\x00" not in name else None
    if found is None:
        raise UnknownDataset(AllSets(session).explain(name))
    busy = queries.trainings_on(session, name)
    if busy:
        raise DatasetInUse(
            f"Trainings on {name!r} wait or run: {', '.join(busy)}. Cancel them first, or wait for their end.",
            retry_after_seconds=replies.POLL_SECONDS,
        )
    sha256 = found.sha256
    queries.remove(session, found)
    return sha256 if sha256 is not None and not queries.has_content(session, sha256) else None


def samples(session: Session, settings: Settings, name: str, split: str, count: int) -> SamplePage:
    """Return `count` samples, as many of each class as can be; raise UnknownDataset, DatasetUnavailable."""
    found = open_set(session, settings, name)
    labels = found.y_train if split == "train" else found.y_test
    return SamplePage(
        dataset=name,
        samples=[
            Sample(
                split=split,
                index=index,
                label=found.classes[int(labels[index])],
                image=f"/v1/datasets/{name}/samples/{split}/{index}.png",
            )
            for index in spread(labels, count)
        ],
    )


def sample_sheet(session: Session, settings: Settings, name: str, split: str, count: int) -> Drawing:
    """Return the same samples as one PNG; raise UnknownDataset, DatasetUnavailable."""
    found = open_set(session, settings, name)
    labels = found.y_train if split == "train" else found.y_test

    def draw() -> bytes:
        return contact_sheet_png(found, split, spread(labels, count))

    return drawing("samples.png", (name, found.classes, found.sha256, split, count), draw)


def sample(session: Session, settings: Settings, name: str, split: str, index: int) -> bytes:
    """Return one picture as PNG; raise UnknownDataset, UnknownSample, DatasetUnavailable."""
    return sample_png(open_set(session, settings, name), split, index)
