"""The report of a batch whose pictures came with labels."""

from service.batches import figures, operations
from service.batches.figures import Figures
from service.batches.schemas import BatchReportReply, ConfusionReply, VerdictReply
from service.database import Database
from service.errors import NoLabels
from service.pictures.heat_map import HeatMap
from service.predictions.schemas import ServedModel
from service.records import PredictionBatch
from service.reports import measures
from service.reports.documents import Table
from service.reports.renderings import classification
from service.reports.schemas import CalibrationReply, IntervalReply


class BatchReport:
    """A batch that has ended, and its figures: gathered once, rendered as often as is asked."""

    def __init__(self, batch: PredictionBatch, found: Figures) -> None:
        self._batch = batch
        self._found = found
        self.classes: list[str] = list(batch.classes["names"])

    @classmethod
    def gather(cls, database: Database, batch_id: str) -> "BatchReport":
        """Return the report; raise UnknownBatch, NoResultsYet, NoLabels."""
        with database.reading() as session:
            batch = operations.find_ended(session, batch_id)
        if not batch.labelled:
            raise NoLabels(_why_not(batch))
        return cls(batch, figures.measure(database, batch_id, tuple(batch.classes["names"])))

    def as_reply(self) -> BatchReportReply:
        """Return everything."""
        found, count = self._found, len(self._found.answers.true)
        return BatchReportReply(
            batch=self._batch.id,
            model=ServedModel(name=self._batch.model, version=self._batch.model_version),
            classes=self.classes,
            count=count,
            right=found.right,
            accuracy=found.right / count,
            confidence_interval=IntervalReply.model_validate(measures.wilson(found.right, count), from_attributes=True),
            calibration=CalibrationReply.model_validate(measures.calibration(found.answers), from_attributes=True),
            verdicts=None
            if found.verdicts is None
            else {name: VerdictReply(count=one.count, wrong=one.wrong) for name, one in found.verdicts.items()},
            classification=found.classification,
            confusion_matrix=self.matrix,
            confusions=[
                ConfusionReply(true=self.classes[true], predicted=self.classes[predicted], count=times)
                for true, predicted, times in figures.confusions(found.matrix)
            ],
            notes=self.notes,
        )

    @property
    def matrix(self) -> list[list[int]]:
        """Rows are true classes, columns predicted ones."""
        rows: list[list[int]] = self._found.matrix.tolist()
        return rows

    @property
    def table(self) -> Table:
        """The classes with their figures, and the averages."""
        return classification.table(self._found.classification, self.classes)

    @property
    def notes(self) -> list[str]:
        """What one must know to judge the figures."""
        batch, found = self._batch, list(self._batch.notes["notes"])
        if batch.done < batch.total:
            found.append(f"The batch {batch.state.value} behind {batch.done:,} of {batch.total:,} pictures.")
        without = batch.done - batch.labelled
        if without:
            found.append(
                f"{without:,} of {batch.done:,} pictures do not count: {batch.unreadable:,} of them could not be read, "
                "the others have no label that is a class of the model."
            )
        return found

    def as_text(self) -> str:
        """Return the table as scikit-learn writes it, and below it the accuracy with its interval."""
        found, count = self._found, len(self._found.answers.true)
        interval = measures.wilson(found.right, count)
        lines = [
            classification.as_text(self.table).rstrip("\n"),
            "",
            f"model {self._batch.model} {self._batch.model_version}, batch {self._batch.id}",
            f"accuracy {found.right / count:.4f} ({found.right:,} of {count:,})",
            f"95 % confidence interval of the accuracy: {interval.low:.4f} to {interval.high:.4f} (Wilson score)",
            *(
                f"{name}: {one.count:,} answers, {one.wrong:,} of them wrong"
                for name, one in (found.verdicts or {}).items()
                if one.count
            ),
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n".join(lines) + "\n"

    def heat_map(self) -> HeatMap:
        """Return the confusion matrix to be drawn."""
        found, count = self._found, len(self._found.answers.true)
        return HeatMap(
            title="Confusion matrix",
            subtitle=f"{self._batch.model} {self._batch.model_version} · {found.right:,} of {count:,} right "
            f"({found.right / count:.2%})",
            classes=tuple(self.classes),
            values=found.matrix.astype(float),
            is_share=False,
        )


def _why_not(batch: PredictionBatch) -> str:
    if batch.labels_from is None:
        return (
            "The pictures came without labels, so there is nothing to compare the answers with. Labels are the y of an npz, "
            "an IDX file or a table (name,label) in the field `labels`, or folders of a zip that are called like classes."
        )
    return "None of the pictures has both an answer and a label, so there is nothing to report."
