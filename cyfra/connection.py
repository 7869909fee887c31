"""One service, spoken to over HTTP: every trouble is a `CyfraError`, and what may pass is asked again."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import IO, Final

import httpx

from cyfra.problems import BadAddress, NotCyfra, Problem, Unreachable, problem_of

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
PAUSES_SECONDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)  # together longer than the service takes to start
LONGEST_PAUSE_SECONDS: Final = 30.0
PASSING_STATUSES: Final = frozenset({429, 502, 503, 504})  # 502 and 504 come from a proxy whose service is away
STILL_IN_FLIGHT: Final = "/problems/still-in-flight"

Query = Mapping[str, str | int | Sequence[str]]
Upload = tuple[str, tuple[str, bytes]]
LostSight = Callable[[Problem | Unreachable], None]


class Connection:
    """Speaks to one service.

    Args:
        url: Where the service is, such as `http://127.0.0.1:8000`.
        key: Sent as `Authorization: Bearer KEY`, to a service that wants one.
        timeout_seconds: How long one answer may take.
        pauses_seconds: How long to wait before each new try, when the service does not answer or cannot just now.
        transport: What carries the requests; a seam for tests.

    Raises:
        BadAddress: If `url` is none.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_seconds: float = ANSWER_SECONDS,
        pauses_seconds: Sequence[float] = PAUSES_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._pauses_seconds = tuple(pauses_seconds)
        if not self.url.startswith(("http://", "https://")):
            raise BadAddress(f"The service's address must start with http:// or https://. Received: {url}")
        try:
            self._http = httpx.Client(
                base_url=self.url,
                headers={} if key is None else {"Authorization": f"Bearer {key}"},
                timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
                transport=transport,
                trust_env=not is_loopback(httpx.URL(self.url).host),  # a proxy does not know this machine's loopback
            )
        except httpx.InvalidURL as error:
            raise BadAddress(f"That is no address of a service: {url} ({error}).") from error

    def close(self) -> None:
        """Close the connections. Whatever is asked afterwards fails."""
        self._http.close()

    def is_live(self) -> bool:
        """Whether the service answers at all."""
        try:
            return self._http.get("/livez", timeout=1.0).is_success
        except httpx.HTTPError:
            return False

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        pauses_seconds: Sequence[float] | None = None,
    ) -> httpx.Response:
        """GET `path`: the answer has a status of 2xx, or is 304."""
        build = lambda: self._http.build_request("GET", path, params=query, headers=headers)  # noqa: E731
        return self.ask(build, pauses_seconds=pauses_seconds)

    def json(self, path: str, query: Query | None = None) -> object:
        """GET `path` and return the JSON of the answer."""
        return decoded(self.get(path, query))

    def content(self, path: str, query: Query | None = None) -> bytes:
        """GET `path` and return the bytes of the answer."""
        return self.get(path, query).content

    def post(
        self,
        path: str,
        body: object = None,
        *,
        query: Query | None = None,
        files: Sequence[Upload] | None = None,
        headers: Mapping[str, str] | None = None,
        pauses_seconds: Sequence[float] | None = None,
        lost_sight: LostSight = lambda _trouble: None,
    ) -> httpx.Response:
        """POST a JSON body, a form of files, or nothing. Only for what does no harm when it arrives twice."""
        # A request is built anew for each try: the body of the one before may have been read.
        build = lambda: self._http.build_request(  # noqa: E731
            "POST", path, json=body, params=query, files=files, headers=headers
        )
        return self.ask(build, pauses_seconds=pauses_seconds, lost_sight=lost_sight)

    def put(self, path: str, body: object) -> httpx.Response:
        """PUT a JSON body."""
        return self.ask(lambda: self._http.build_request("PUT", path, json=body))

    def delete(self, path: str) -> None:
        """DELETE what is at `path`; never asked twice, for the second time it would not be there."""
        self.ask(lambda: self._http.build_request("DELETE", path), pauses_seconds=())

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        content: Iterable[bytes] | None = None,
        files: Sequence[tuple[str, tuple[str, IO[bytes]]]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        """Build a request whose body is sent piece by piece, for `ask`: built anew for each try."""
        return self._http.build_request(method, path, params=query, content=content, files=files, headers=headers)

    def ask(
        self,
        build: Callable[[], httpx.Request],
        *,
        pauses_seconds: Sequence[float] | None = None,
        lost_sight: LostSight = lambda _trouble: None,
    ) -> httpx.Response:
        """Send what `build` returns, again after each pause while the trouble is one that may pass; raise it in the end.

        `Retry-After` makes a pause longer. `lost_sight` is called once, when trying again begins.
        """
        for tried, pause in enumerate(self._pauses_seconds if pauses_seconds is None else pauses_seconds):
            try:
                return self._ask_once(build())
            except (Problem, Unreachable) as trouble:
                if not may_pass(trouble):
                    raise
                if tried == 0:
                    lost_sight(trouble)
                asked_for = getattr(trouble, "retry_after_seconds", None) or 0.0
            time.sleep(min(max(pause, asked_for), LONGEST_PAUSE_SECONDS))
        return self._ask_once(build())

    @contextmanager
    def streaming(self, path: str, headers: Mapping[str, str], silence_seconds: float) -> Iterator[httpx.Response]:
        """GET `path` and give the answer while it still comes; it is broken off after `silence_seconds` of silence."""
        timeout = httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS)
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                if not response.is_success:
                    response.read()
                    raise _refusal(response)
                yield response
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _ask_once(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if response.is_success or response.status_code == httpx.codes.NOT_MODIFIED:
            return response
        raise _refusal(response)

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        return Unreachable(self.url, str(error) or type(error).__name__)


def may_pass(trouble: Problem | Unreachable) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(trouble, Unreachable):
        return True
    return trouble.status in PASSING_STATUSES or trouble.type == STILL_IN_FLIGHT


def decoded(response: httpx.Response) -> object:
    """Return the JSON of an answer; a page that is no JSON comes from something that is not Cyfra."""
    try:
        return response.json()
    except ValueError as error:
        raise NotCyfra(
            f"{response.request.url} answers, but not with JSON: is that the address of a Cyfra service?"
        ) from error


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine's loopback."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(response: httpx.Response) -> Problem | NotCyfra:
    if response.is_redirect:
        to = response.headers.get("Location", "another address")
        return NotCyfra(f"{response.request.url} sends on to {to}: give the address that the service itself has.")
    return problem_of(response)
