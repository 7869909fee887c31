"""What the slides say."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

TEST_IMAGES: Final = 10_000  # of MNIST and of CIFAR-10 alike
STANDARD_DEVIATIONS: Final = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True)
class DeckRow:
    """One training of the deck: what it is called here, the preset that repeats it, and the figures on the slide.

    `accuracy` is a fraction of the test set's 10,000 images, `wrong` a number of them.
    """

    name: str
    title: str
    preset: str
    epochs: int
    accuracy: float
    loss: float
    wrong: int

    def compared(self, accuracy: float) -> str:
        """Return in words how an accuracy on the same test set compares with the slide's.

        By the normal approximation of two independent proportions. Both saw the same images, so that the true
        uncertainty is smaller; but which images the deck's network missed is not known.
        """
        points = f"{abs(100 * (accuracy - self.accuracy)):.2f} points"
        variance = sum(share * (1 - share) / TEST_IMAGES for share in (accuracy, self.accuracy))
        if abs(accuracy - self.accuracy) <= STANDARD_DEVIATIONS * sqrt(variance):
            return f"alike: {points} can be chance" if accuracy != self.accuracy else "the same"
        return f"{points} {'better' if accuracy > self.accuracy else 'worse'}, more than chance"


ROWS: Final = {
    row.name: row
    for row in (
        DeckRow("mnist-3", "MNIST, 3 epochs", "lecture-mnist", 3, 0.9753, 0.0808, 247),
        DeckRow("mnist-50", "MNIST, 50 epochs", "lecture-mnist", 50, 0.9963, 0.0111, 37),
        DeckRow("cifar10-3", "CIFAR-10, 3 epochs", "lecture-cifar10", 3, 0.2071, 2.151, 7929),
        DeckRow("cifar10-50", "CIFAR-10, 50 epochs", "lecture-cifar10", 50, 0.8385, 0.498, 1615),
    )
}
ON_A_CPU: Final = ("mnist-3", "mnist-50", "cifar10-3")
