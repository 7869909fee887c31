"""The curves of a training, read in plain words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cyfra.markup import BLUE, ORANGE, Html, block, quiet, strong, text


@dataclass(frozen=True)
class Hint:
    """One thing that the curves say: which figures say so, and one change to try."""

    rule: str
    severity: str
    """`info` or `warning`."""
    finding: str
    suggestion: str = field(metadata={"json": "try"})
    figures: Mapping[str, object] = field(default_factory=dict)
    patch: Mapping[str, object] | None = None
    """The change as JSON, to be laid over the training's `spec`; None where words must do."""


@dataclass(frozen=True)
class Advice:
    """What the curves of a training say: `for hint in advice`."""

    training: str
    advice: tuple[Hint, ...]

    def __iter__(self) -> Iterator[Hint]:
        """Go through the hints."""
        return iter(self.advice)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.advice)

    def __str__(self) -> str:
        """Return the hints, a paragraph each."""
        return "\n\n".join(f"{hint.finding}\n  Try: {hint.suggestion}" for hint in self.advice) or "Nothing to say."

    def _repr_html_(self) -> str:
        if not self.advice:
            return block("Nothing to say.")
        return block(*(_paragraph(hint) for hint in self.advice))


def _paragraph(hint: Hint) -> Html:
    colour = ORANGE if hint.severity == "warning" else BLUE
    return Html(
        f'<div style="border-left:4px solid rgb({colour});padding:2px 12px;margin:8px 0">{strong(hint.finding)}'
        f"<div>Try: {text(hint.suggestion)}</div><div>{quiet(f'{hint.severity}: {hint.rule}')}</div></div>"
    )
