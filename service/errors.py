"""Every way in which Cyfra says no.

Each class is one kind of problem: its HTTP status, its name (the last part of the problem's `type`) and its title.
The detail is written where the error is raised: it says what was received and what would work.

    CyfraError
    ├── BadRequest 400            the bytes are not a request of ours
    │   ├── BrokenJson
    │   ├── BadCursor
    │   ├── BadCaller
    │   └── BadTensor
    ├── NotAuthenticated 401      nobody says who is calling
    ├── NotFound 404
    │   ├── UnknownTraining, UnknownDataset, UnknownNetwork, UnknownModel, UnknownVersion, UnknownSample
    │   ├── UnknownBatch
    │   ├── NoFilters
    │   ├── NotARerun
    │   └── NoSuchFormat
    ├── Conflict 409              the request is fine, the state is not
    │   ├── NoReportYet
    │   ├── NoModelYet
    │   ├── NoReceipt
    │   ├── NotRepeatable
    │   ├── NoResultsYet, NoLabels
    │   ├── StillRunning, BatchStillRunning
    │   ├── DatasetExists, DatasetInUse, TooManyImports
    │   └── StillInFlight
    ├── TooSlow 408
    ├── BodyTooLarge 413
    ├── HeadTooLarge 431
    ├── WrongContentType 415
    ├── Unprocessable 422
    │   ├── InvalidFields
    │   ├── IdempotencyKeyReused
    │   ├── NoImage
    │   ├── UnreadableImage
    │   ├── ImageTooLarge
    │   ├── BlankImage
    │   ├── CrowdedImage
    │   ├── UnreadableArchive, RefusedArchive, ArchiveTooLarge
    │   └── RefusedDataset
    ├── DatasetUnavailable 424    neither on this machine nor to be had
    ├── NotAllowed 403
    ├── Unavailable 503
    │   ├── DatabaseNotReady
    │   ├── TooManyViewers
    │   ├── TooManyPictures
    │   └── TooManyUploads
    └── StorageFull 507           no room to write; reading and predicting go on
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Self


@dataclass(frozen=True)
class Fault:
    """One wrong field: `pointer` is a JSON pointer (RFC 6901) into the body, or the name of a query parameter or header."""

    pointer: str
    detail: str


class CyfraError(Exception):
    """The root: becomes `application/problem+json` (RFC 9457) at the edge."""

    status: ClassVar[int] = 500
    name: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something broke on our side"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str, *, faults: Sequence[Fault] = (), retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.retry_after_seconds = retry_after_seconds


class BadRequest(CyfraError):
    status, name, title = 400, "bad-request", "The request could not be read"


class BrokenJson(BadRequest):
    name, title = "broken-json", "The body is not JSON"


class BadCursor(BadRequest):
    name, title = "bad-cursor", "The cursor does not belong to this list"


class BadCaller(BadRequest):
    name, title = "bad-caller", "The header that says who is calling cannot be read"


class BadTensor(BadRequest):
    name, title = "bad-tensor", "The tensors could not be read"


class NotAuthenticated(CyfraError):
    status, name, title = 401, "not-authenticated", "Nobody says who is calling"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Trusted-Proxy"}  # RFC 9110 wants one with every 401


class NotAllowed(CyfraError):
    status, name, title = 403, "not-allowed", "The caller may not do this"


class NotFound(CyfraError):
    status, name, title = 404, "not-found", "There is nothing here"


class UnknownTraining(NotFound):
    name, title = "unknown-training", "There is no such training"


class UnknownDataset(NotFound):
    name, title = "unknown-dataset", "There is no such data set"


class UnknownSample(NotFound):
    name, title = "unknown-sample", "The data set has no such image"


class UnknownNetwork(NotFound):
    name, title = "unknown-network", "There is no such network"


class UnknownModel(NotFound):
    name, title = "unknown-model", "There is no such model"


class UnknownVersion(NotFound):
    name, title = "unknown-version", "The model has no such version or alias"


class UnknownBatch(NotFound):
    name, title = "unknown-batch", "There is no such batch of predictions"


class NoFilters(NotFound):
    name, title = "no-filters", "The network has no filters that can be seen"


class NotARerun(NotFound):
    name, title = "not-a-rerun", "The training repeats no other"


class NoSuchFormat(NotFound):
    name, title = "no-such-format", "This is not served in that format"


class Conflict(CyfraError):
    status, name, title = 409, "conflict", "Not in this state"


class NoReportYet(Conflict):
    name, title = "no-report-yet", "The training has no report"


class NoModelYet(Conflict):
    name, title = "no-model-yet", "There is no model to answer with"


class NoReceipt(Conflict):
    name, title = "no-receipt", "The training has no receipt"


class NotRepeatable(Conflict):
    name, title = "not-repeatable", "The training cannot be repeated"


class StillRunning(Conflict):
    name, title = "still-running", "The training is still going on"


class BatchStillRunning(Conflict):
    name, title = "batch-still-running", "The batch is still going on"


class NoResultsYet(Conflict):
    name, title = "no-results-yet", "The batch has not ended"


class NoLabels(Conflict):
    name, title = "no-labels", "The pictures came without labels"


class StillInFlight(Conflict):
    name, title = "still-in-flight", "The first request with this Idempotency-Key is not answered yet"


class TooSlow(CyfraError):
    status, name, title = 408, "too-slow", "The request did not come in time"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class HeadTooLarge(CyfraError):
    status, name, title = 431, "head-too-large", "The address and the headers are too long"


class DatasetExists(Conflict):
    name, title = "dataset-exists", "There is a data set of that name"


class DatasetInUse(Conflict):
    name, title = "dataset-in-use", "Trainings need the data set"


class TooManyImports(Conflict):
    name, title = "too-many-imports", "Others of yours are being imported"


class BodyTooLarge(CyfraError):
    status, name, title = 413, "body-too-large", "The body is over the limit"


class WrongContentType(CyfraError):
    status, name, title = 415, "wrong-content-type", "The content type is not one that is read here"


class Unprocessable(CyfraError):
    status, name, title = 422, "unprocessable", "The request was understood, but cannot be carried out"


class InvalidFields(Unprocessable):
    name, title = "invalid-fields", "Some fields are wrong"

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Return the error for at least one fault: the detail tells the only one, or how many there are."""
        if len(faults) == 1:
            return cls(f"{faults[0].pointer}: {faults[0].detail}".removeprefix(": "), faults=faults)
        return cls(f"{len(faults)} fields are wrong; `errors` names each.", faults=faults)


class IdempotencyKeyReused(Unprocessable):
    name, title = "idempotency-key-reused", "The Idempotency-Key belongs to another request"


class NoImage(Unprocessable):
    name, title = "no-image", "The request holds no image"


class UnreadableImage(Unprocessable):
    name, title = "unreadable-image", "The image could not be read"


class ImageTooLarge(Unprocessable):
    name, title = "image-too-large", "The image has too many pixels"


class BlankImage(Unprocessable):
    name, title = "blank-image", "There is nothing on the image"


class CrowdedImage(Unprocessable):
    name, title = "crowded-image", "There is too much on the picture"


class UnreadableArchive(Unprocessable):
    name, title = "unreadable-archive", "The archive could not be read"


class RefusedArchive(Unprocessable):
    name, title = "refused-archive", "The archive holds what is not unpacked"


class ArchiveTooLarge(Unprocessable):
    name, title = "archive-too-large", "The archive holds too much"


class RefusedDataset(Unprocessable):
    """What was sent cannot become a data set; `rule` names what is wrong for programs, `files` are to be named beside it."""

    name, title = "refused-dataset", "This cannot become a data set"

    def __init__(self, rule: str, detail: str, files: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.rule = rule
        self.files = tuple(files)


class DatasetUnavailable(CyfraError):
    status, name, title = 424, "dataset-unavailable", "The data set cannot be had on this machine"


class Unavailable(CyfraError):
    status, name, title = 503, "unavailable", "Not ready just now"


class DatabaseNotReady(Unavailable):
    name, title = "database-not-ready", "The database has another version than this program"


class TooManyPictures(Unavailable):
    name, title = "too-many-pictures", "More pictures wait for an answer than may"


class TooManyUploads(Unavailable):
    name, title = "too-many-uploads", "More is being uploaded than there is room for"


class TooManyViewers(Unavailable):
    name, title = "too-many-viewers", "Too many are watching already"


class StorageFull(CyfraError):
    status, name, title = 507, "storage-full", "There is no room left to write"


def unknown(received: object, valid: Iterable[object], what: str = "field") -> str:
    """Say that `received` is not among the `valid` names, and which is nearest."""
    names = [str(name) for name in valid]
    nearest = get_close_matches(str(received)[:100], names, n=1)
    hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
    return f"There is no {what} {str(received)[:100]!r}. {hint}Valid: {', '.join(names)}"
