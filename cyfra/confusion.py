"""What was taken for what."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cyfra.connection import Connection
from cyfra.following import path_of
from cyfra.markup import BLUE, LINE, ORANGE, Html, block, quiet, text

Normalize = Literal["true", "pred", "all"]
MOST_PAIRS: Final = 10


@dataclass(frozen=True)
class ConfusedPair:
    """Two classes of which one was taken for the other, and how often."""

    true: str
    predicted: str
    count: int


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts: `matrix[i][j]` images of the class `classes[i]` were taken for `classes[j]`. `numpy.asarray(it)` works."""

    training: str
    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    _connection: Connection = field(repr=False, compare=False)

    def count(self, true: str, predicted: str) -> int:
        """Return how often `true` was taken for `predicted`."""
        return self.matrix[self.classes.index(true)][self.classes.index(predicted)]

    def most_confused(self, most: int = MOST_PAIRS) -> list[ConfusedPair]:
        """Return the pairs that were confused most often, the worst first."""
        pairs = [
            ConfusedPair(self.classes[row], self.classes[column], count)
            for row, counts in enumerate(self.matrix)
            for column, count in enumerate(counts)
            if row != column and count
        ]
        return sorted(pairs, key=lambda pair: -pair.count)[:most]

    def png(self, normalize: Normalize | None = None) -> bytes:
        """Return the heat map as a PNG file: counts, or shares of each true class, each predicted class, or all."""
        return self._picture("png", normalize)

    def svg(self, normalize: Normalize | None = None) -> bytes:
        """Return the heat map as an SVG file."""
        return self._picture("svg", normalize)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> Any:  # noqa: ANN401 - NumPy's
        """Return it as an array of whole numbers."""
        import numpy as np  # noqa: PLC0415 - whoever asks for an array has it

        return np.array(self.matrix, dtype=dtype if dtype is not None else int)  # type: ignore[call-overload]

    def __str__(self) -> str:
        """Return a row a true class, and a column a predicted one."""
        numbers = [str(count) for row in self.matrix for count in row]
        width = max(map(len, [*self.classes, *numbers])) + 1
        lines = ["".join(name.rjust(width) for name in ("", *self.classes))]
        for name, counts in zip(self.classes, self.matrix, strict=True):
            lines.append("".join(cell.rjust(width) for cell in (name, *(str(count or "·") for count in counts))))
        return "\n".join(lines)

    def _picture(self, suffix: str, normalize: Normalize | None) -> bytes:
        query = {} if normalize is None else {"normalize": normalize}
        return self._connection.content(f"{path_of(self.training)}/confusion-matrix.{suffix}", query)

    def _repr_html_(self) -> str:
        style = f"border:{LINE};padding:3px 6px;text-align:center;font-variant-numeric:tabular-nums;min-width:1.8em"
        head = "".join(f'<th scope="col" style="{style}">{text(name)}</th>' for name in self.classes)
        body = "".join(
            f'<tr style="background:none"><th scope="row" style="{style}">{text(name)}</th>'
            + "".join(self._cell(row, column, style) for column in range(len(self.classes)))
            + "</tr>"
            for row, name in enumerate(self.classes)
        )
        wrong = sum(sum(row) for row in self.matrix) - sum(self.matrix[i][i] for i in range(len(self.matrix)))
        return block(
            quiet(f"rows: true class, columns: predicted class; {wrong:,} wrong"),
            Html(
                '<div style="overflow:auto;max-height:40em"><table style="border-collapse:collapse;margin:6px 0">'
                f"<thead><tr><th style='{style}'></th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
            ),
        )

    def _cell(self, row: int, column: int, style: str) -> str:
        count, total = self.matrix[row][column], sum(self.matrix[row])
        share = count / total if total else 0.0
        is_right = row == column
        # Right in blue by its share. Of what is wrong, 10 % of a class taken for one other is full orange.
        strength = share if is_right else min(1.0, 10 * share)
        opacity = 0.0 if not count else 0.15 + 0.85 * strength
        colour = f"background:rgba({BLUE if is_right else ORANGE},{opacity:.2f});" if count else "opacity:.45;"
        ink = "color:#fff;" if opacity > 0.6 else ""
        says = f"{self.classes[row]} taken for {self.classes[column]}: {count:,} of {total:,} ({100 * share:.1f} %)"
        return f'<td style="{style};{colour}{ink}" title="{text(says)}">{count or "·"}</td>'
