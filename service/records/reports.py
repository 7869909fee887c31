"""What the test set said about a training."""

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Json


class Report(Base):
    """The report of a training that succeeded, one row. The per-class figures and the misclassified have rows of their own."""

    __tablename__ = "reports"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    test_count: Mapped[int]
    test_loss: Mapped[float]
    test_accuracy: Mapped[float]
    misclassified_count: Mapped[int]
    classification: Mapped[Json]  # scikit-learn's output_dict
    text: Mapped[str] = mapped_column(Text)  # scikit-learn's text
    confusion_matrix: Mapped[Json]  # {"matrix": rows are true classes, columns predicted ones}
    notes: Mapped[Json]  # {"notes": what a reader must know to judge the figures}
    # One predicted class a test image, in test-set order, unsigned 16 bit little-endian; likewise float32 confidences.
    predicted: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    confidences: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    # Temperature, thresholds, verdicts on test images and on other things, or the reason why there are none; null before 0012.
    confidence: Mapped[Json | None]
    top_k: Mapped[Json | None]  # {"3": share of images whose class is among the 3 likeliest}; null before 0003


class ClassFigures(Base):
    """Precision, recall, f1 and support of one class of one training: one row, queryable."""

    __tablename__ = "class_figures"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    class_index: Mapped[int] = mapped_column(primary_key=True)
    class_name: Mapped[str] = mapped_column(String(200))
    precision: Mapped[float]
    recall: Mapped[float]
    f1: Mapped[float]
    support: Mapped[int]


class MisclassifiedExample(Base):
    """A test image that the network got wrong."""

    __tablename__ = "misclassified_examples"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    test_index: Mapped[int] = mapped_column(primary_key=True)
    true_class: Mapped[int]
    predicted_class: Mapped[int]
    confidence: Mapped[float]

    __table_args__ = (
        Index("ix_misclassified_examples_pair", "training_id", "true_class", "predicted_class"),
        Index("ix_misclassified_examples_confidence", "training_id", "confidence", "test_index"),
    )
