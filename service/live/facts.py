"""What is known of one training at one moment, and what of it a viewer has not seen yet.

A viewer is no more than a `Position`: the last change and the last epoch that it was sent. Everything after a position follows
from what is stored, so nothing is kept for a slow viewer, and any process can go on where another one stopped.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Self

from pydantic import BaseModel

from service.live.schemas import EpochEvent, StateEvent
from service.records import TrainingState
from service.trainings.replies import CANCELLING
from service.trainings.schemas import Progress

ID: Final = re.compile(r"([0-9]{1,15})\.(-|[0-9]{1,9})\.([0-9]{1,9})(\.c)?")
CANCELLATION: Final = "its cancellation was asked for"


@dataclass(frozen=True)
class Position:
    """How much of a training somebody has seen. As text it is the id of the last event: `change.resumed.epoch`, `.c` behind it.

    `resumed` is what that change then said of the epoch it goes on after, and `-` for nothing; `.c` says that the cancellation
    was told of. Under one change the epochs count up; where a new attempt goes on, they are set back.
    """

    change: int = 0
    resumed: int | None = None
    epoch: int = 0
    is_cancelling: bool = False

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Return the position of a `Last-Event-ID`; the beginning for one that is not ours."""
        found = ID.fullmatch(text or "")
        if found is None:
            return cls()
        change, resumed, epoch, cancelling = found.groups()
        return cls(int(change), None if resumed == "-" else int(resumed), int(epoch), cancelling is not None)

    def __str__(self) -> str:
        """Return the id of the event."""
        resumed = "-" if self.resumed is None else self.resumed
        return f"{self.change}.{resumed}.{self.epoch}{'.c' if self.is_cancelling else ''}"


BEGINNING: Final = Position()


@dataclass(frozen=True)
class ChangeOfState:
    """A stored change of state."""

    id: int
    at: datetime
    state: TrainingState
    attempt: int
    reason: str | None
    resumes_after_epoch: int | None


@dataclass(frozen=True)
class EpochFigures:
    """The stored figures of an epoch."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class Event:
    """Something to tell. `seen` is the position of who has heard it; None for progress, which nobody hears twice."""

    name: str
    data: BaseModel
    seen: Position | None


@dataclass(frozen=True)
class Facts:
    """One state of a training: its row, its changes and its epochs, each by their number."""

    version: int
    state: TrainingState
    attempt: int
    cancel_requested_at: datetime | None
    progress: Progress
    changes: Sequence[ChangeOfState]
    epochs: Sequence[EpochFigures]

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state.is_terminal

    @cached_property
    def last_epoch(self) -> int:
        """The number of the newest epoch, 0 before the first."""
        return self.epochs[-1].epoch if self.epochs else 0

    def after(self, seen: Position, *, with_progress: bool) -> Iterator[Event]:
        """Give what comes after `seen`; everything, should that be no position in this training.

        Changes come first, then epochs, then the progress if it is wanted, and the change that ends the training last.
        """
        events, place = self._states(seen)
        if place is None:
            events, place = self._states(BEGINNING)
            assert place is not None, "the beginning is a position in every training"
        yield from events
        for epoch in self.epochs[bisect_right(self.epochs, place.epoch, key=lambda epoch: epoch.epoch) :]:
            place = replace(place, epoch=epoch.epoch)
            yield Event("epoch", EpochEvent(attempt=self._attempt_of(epoch.epoch), **vars(epoch)), place)
        if with_progress:
            yield Event("progress", self.progress, None)
        last = self.changes[-1] if self.is_over and self.changes else None
        if last is not None and place.change != last.id:
            yield Event("state", _told(last), replace(place, change=last.id, resumed=None, is_cancelling=False))

    def has_news_for(self, seen: Position) -> bool:
        """Whether anything came after `seen`, but for progress."""
        return next(self.after(seen, with_progress=False), None) is not None

    def _states(self, seen: Position) -> tuple[list[Event], Position | None]:
        """Return the changes after `seen` but for the last of all, and where that leads; None if `seen` is no position here."""
        is_asked = self.cancel_requested_at is not None
        if seen.change not in {0, *(change.id for change in self.changes)} or (seen.is_cancelling and not is_asked):
            return [], None
        events, place = [], seen
        for change in self.changes:
            if change.id < seen.change or (change.id != seen.change and change.state.is_terminal):
                continue
            if change.id == seen.change and change.resumes_after_epoch in {None, seen.resumed}:
                continue
            place = Position(
                change.id,
                change.resumes_after_epoch,
                place.epoch if change.resumes_after_epoch is None else min(place.epoch, change.resumes_after_epoch),
                place.is_cancelling and change.id == seen.change,
            )
            events.append(Event("state", _told(change), place))
        if self.cancel_requested_at is not None and self.state == TrainingState.RUNNING and not place.is_cancelling:
            place = replace(place, is_cancelling=True)
            asked = StateEvent(
                state=CANCELLING,
                attempt=self.attempt,
                at=self.cancel_requested_at,
                reason=CANCELLATION,
                resumes_after_epoch=place.resumed,
            )
            events.append(Event("state", asked, place))
        return events, place if place.epoch <= self.last_epoch else None

    def _attempt_of(self, epoch: int) -> int:
        """Return the attempt that computed an epoch: the last that began before it, and would have removed an older one's."""
        begun = (
            change.attempt
            for change in reversed(self.changes)
            if change.resumes_after_epoch is not None and change.resumes_after_epoch < epoch
        )
        return next(begun, 1)


def _told(change: ChangeOfState) -> StateEvent:
    return StateEvent(
        state=change.state.value,
        attempt=change.attempt,
        at=change.at,
        reason=change.reason,
        resumes_after_epoch=change.resumes_after_epoch,
    )
