"""Which data sets there are, and what is in them."""

from service.datasets.schemas import DatasetList, DatasetReply, Sample, SamplePage
from service.errors import UnknownDataset, unknown
from service.images.sets.catalogue import BUILTINS, Builtin
from service.images.sets.opening import LabelledSet, is_available, known_sha256, open_set
from service.images.sets.samples import contact_sheet_png, sample_png, spread
from service.pictures.drawings import Drawing, drawing
from service.settings import Settings


def list_datasets(settings: Settings) -> DatasetList:
    """Return every data set, without reading any image."""
    return DatasetList(datasets=[_reply(settings, builtin) for builtin in BUILTINS.values()])


def get(settings: Settings, name: str) -> DatasetReply:
    """Return one data set; one that lies on this machine is read once for its SHA-256. Raise UnknownDataset."""
    builtin = _find(name)
    if is_available(name, settings.home, settings.datasets):
        open_set(name, settings.home, settings.datasets)
    return _reply(settings, builtin)


def samples(settings: Settings, name: str, split: str, count: int) -> SamplePage:
    """Return `count` samples, as many of each class as can be; raise UnknownDataset, DatasetUnavailable."""
    found = _open(settings, name)
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


def sample_sheet(settings: Settings, name: str, split: str, count: int) -> Drawing:
    """Return the same samples as one PNG; raise UnknownDataset, DatasetUnavailable."""
    found = _open(settings, name)
    labels = found.y_train if split == "train" else found.y_test

    def draw() -> bytes:
        return contact_sheet_png(found, split, spread(labels, count))

    return drawing("samples.png", (name, known_sha256(name, settings.home), split, count), draw)


def sample(settings: Settings, name: str, split: str, index: int) -> bytes:
    """Return one picture as PNG; raise UnknownDataset, UnknownSample, DatasetUnavailable."""
    return sample_png(_open(settings, name), split, index)


def _find(name: str) -> Builtin:
    if name not in BUILTINS:
        raise UnknownDataset(unknown(name, BUILTINS, "data set"))
    return BUILTINS[name]


def _open(settings: Settings, name: str) -> LabelledSet:
    _find(name)
    return open_set(name, settings.home, settings.datasets)


def _reply(settings: Settings, builtin: Builtin) -> DatasetReply:
    own = f"/v1/datasets/{builtin.name}"
    return DatasetReply(
        name=builtin.name,
        title=builtin.title,
        description=builtin.description,
        classes=list(builtin.classes),
        shape=list(builtin.shape),
        train_count=builtin.train_count,
        test_count=builtin.test_count,
        sha256=known_sha256(builtin.name, settings.home),
        available=is_available(builtin.name, settings.home, settings.datasets),
        links={"self": own, "samples": f"{own}/samples", "gallery": f"{own}/samples.png"},
    )
