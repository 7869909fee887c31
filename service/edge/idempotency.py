"""`Idempotency-Key`: a POST that creates is carried out once, however often it is sent.

An endpoint takes `once: OnceDependency` and returns `once.carry_out(create)`, where `create` does the work in the session it
is given and returns its `Answer`. One whose body is too large for the memory takes `key: KeyDependency`, and makes the `Once`
itself, with a fingerprint of what it received.

The answer is stored in the transaction that creates: a process killed at any moment leaves nothing, and the next request
creates, or the thing with its answer, and the next request gets that. Nothing says "in flight" in the database, so nothing can
go on saying it.

Who else carries out the same key is known in two ways. Within the process: by `Resources.in_flight`. Between processes: on
PostgreSQL by an advisory lock of the transaction; on SQLite the later one waits for the one writer there is, and then finds
the answer. That is no worse: it gets what a client that was told 409 would have to ask for again.

Errors are not stored: a request that was refused can be corrected and sent with the same key.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from service.auth.caller import CallerDependency
from service.edge.resources import Resources, ResourcesDependency
from service.errors import Fault, IdempotencyKeyReused, InvalidFields, StillInFlight
from service.records import IdempotentAnswer, answers

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KEY_PROBLEMS: Final = (StillInFlight, IdempotencyKeyReused, InvalidFields)
"""What a route that takes `OnceDependency` can answer with because of it."""

LONGEST_KEY: Final = 255
PATTERN: Final = rf"^[\x21-\x7E]{{1,{LONGEST_KEY}}}$"
RETRY_SECONDS: Final = 1
DESCRIPTION: Final = (
    "A key of your choice, such as a UUID, a fresh one for each thing to create. The same request with the same key is carried "
    f"out once; sent again, it gets the first answer again, with the header `{REPLAYED}: true`."
)


@dataclass(frozen=True)
class Answer:
    """An answer that can be given again, byte for byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, reply: BaseModel, status: int, headers: Mapping[str, str]) -> Self:
        """Return the answer that has `reply` as its JSON."""
        return cls(status, {**headers, "Content-Type": "application/json"}, reply.model_dump_json().encode())

    def response(self) -> Response:
        """Return the answer as it is given the first time."""
        return Response(self.body, self.status, dict(self.headers))

    def replayed(self) -> Response:
        """Return the answer as it is given every other time."""
        return Response(self.body, self.status, {**self.headers, REPLAYED: "true"})


Create = Callable[[Session], Answer]


@dataclass(frozen=True)
class Once:
    """Carries out a request: once, if it has a key; otherwise each time."""

    resources: Resources
    caller: str
    key: str | None
    request_sha256: str

    def replayed(self) -> Response | None:
        """Return the stored answer, if there is one; raise IdempotencyKeyReused."""
        if self.key is None:
            return None
        with self.resources.database.reading() as session:
            stored = self._stored(session, self.key)
        return None if stored is None else stored.replayed()

    def carry_out(self, create: Create) -> Response:
        """Return the answer of `create`, or the stored one. Raise StillInFlight or IdempotencyKeyReused."""
        if self.key is None:
            with self.resources.database.transaction() as session:
                answer = create(session)
            return answer.response()
        # Before anything is locked, or two repetitions at once would stand in each other's way.
        return self.replayed() or self._carry_out_alone(create, self.key)

    def _carry_out_alone(self, create: Create, key: str) -> Response:
        with (
            self.resources.in_flight.holding((self.caller, key)) as is_free,
            self.resources.database.transaction() as session,
        ):
            if not is_free or not answers.hold(session, self.caller, key):
                detail = f"The first request with the {HEADER} {key!r} is still being carried out. Send it again in a moment."
                raise StillInFlight(detail, retry_after_seconds=RETRY_SECONDS)
            stored = self._stored(session, key)  # it may have been committed since the first look
            if stored is not None:
                return stored.replayed()
            answer = create(session)
            self._keep(session, key, answer)
        return answer.response()

    def _stored(self, session: Session, key: str) -> Answer | None:
        found = answers.find(session, self.caller, key, self.resources.settings.idempotency_hours)
        if found is None:
            return None
        if found.request_sha256 != self.request_sha256:
            raise IdempotencyKeyReused(
                f"The {HEADER} {key!r} came with another request, at {found.created_at:%Y-%m-%d %H:%M:%S} UTC. To repeat that "
                "one, send the same bytes to the same address; for another one, make a fresh key (uuidgen prints one)."
            )
        return Answer(found.status, found.headers, found.body)

    def _keep(self, session: Session, key: str, answer: Answer) -> None:
        answers.keep(
            session,
            IdempotentAnswer(
                caller=self.caller,
                key=key,
                request_sha256=self.request_sha256,
                status=answer.status,
                headers=dict(answer.headers),
                body=answer.body,
            ),
        )


async def received_key(
    request: Request,
    _documented: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description=DESCRIPTION,
            json_schema_extra={"minLength": 1, "maxLength": LONGEST_KEY, "pattern": PATTERN},
        ),
    ] = None,
) -> str | None:
    """Return the key that came with this request; raise InvalidFields for one that is none."""
    received = request.headers.getlist(HEADER)
    if not received:
        return None
    if len(received) > 1:
        raise InvalidFields.of([Fault(HEADER, f"Received the header {len(received)} times; send it once")])
    key = received[0]
    if re.fullmatch(PATTERN, key) is None:
        shown = repr(key) if len(key) <= 80 else f"{key[:77]!r}… of {len(key)} characters"
        advice = f"Received {shown}; a key has 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID"
        raise InvalidFields.of([Fault(HEADER, advice)])
    return key


KeyDependency = Annotated[str | None, Depends(received_key)]


async def once(request: Request, caller: CallerDependency, resources: ResourcesDependency, key: KeyDependency) -> Once:
    """Return what carries out this request."""
    return Once(resources, caller.name, key, "" if key is None else fingerprint_of(request, await request.body()))


def fingerprint_of(request: Request, body: bytes) -> str:
    """Return the SHA-256 of method, address and body, or of what stands for the body."""
    address = repr((request.method, request.url.path, request.url.query)).encode(errors="backslashreplace")
    return hashlib.sha256(address + body).hexdigest()


OnceDependency = Annotated[Once, Depends(once)]
