"""A request's head comes soon and is small, or is refused in our words."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from service.listening.heads import MOST_BYTES, BoundedProtocol

WHOLE = b"GET /there HTTP/1.1\r\nHost: here\r\n\r\n"


class Impatient(BoundedProtocol):
    """One that waits no longer than a test does."""

    patience_seconds = 0.2


async def application(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer with the path; `/slow` after the patience for heads is over."""
    if scope["path"] == "/slow":
        await asyncio.sleep(2 * Impatient.patience_seconds)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
    await send({"type": "http.response.body", "body": scope["path"].encode().ljust(6)[:6]})


Scenario = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def speak(scenario: Scenario) -> None:
    """Run a server, and a scenario with a connection to it."""

    async def run() -> None:
        config = uvicorn.Config(application, port=0, http=Impatient, lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(20):
                await scenario(reader, writer)
        finally:
            writer.close()
            server.should_exit = True
            await serving

    asyncio.run(run())


def problem_in(answer: bytes) -> dict[str, object]:
    head, body = answer.split(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    problem: dict[str, object] = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {problem['status']} ".encode())
    return problem


def test_a_head_that_stops_in_its_middle_is_refused() -> None:
    async def scenario(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE[:30])
        problem = problem_in(await reader.read())
        assert (problem["status"], problem["type"]) == (408, "/problems/too-slow")
        assert "Received 30 bytes" in str(problem["detail"])

    speak(scenario)


def test_a_head_that_drips_is_refused_however_often_a_byte_comes() -> None:
    async def scenario(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = asyncio.create_task(reader.read())
        for byte in WHOLE[:-1] * 100:
            if answer.done():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        assert problem_in(await answer)["status"] == 408

    speak(scenario)


def test_a_client_that_says_nothing_is_let_go() -> None:
    async def scenario(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    speak(scenario)


def test_a_head_without_end_is_refused() -> None:
    async def scenario(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE[:-2])
        for number in range(MOST_BYTES // 1000 + 20):
            writer.write(b"X-%d: " % number + b"y" * 1000 + b"\r\n")
        problem = problem_in(await reader.read())
        assert (problem["status"], problem["type"]) == (431, "/problems/head-too-large")

    speak(scenario)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"what?\r\n\r\n", b"GET \xff\xfe HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_http_is_refused(sent: bytes) -> None:
    async def scenario(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        problem = problem_in(await reader.read())
        assert (problem["status"], problem["type"]) == (400, "/problems/bad-request")

    speak(scenario)


def test_requests_in_pieces_one_after_another_and_at_once_are_answered() -> None:
    async def scenario(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for sent in ([WHOLE[:9], WHOLE[9:]], [WHOLE], [WHOLE + WHOLE[:5], WHOLE[5:]]):
            for piece in sent:
                writer.write(piece)
                await asyncio.sleep(0.03)
            await reader.readuntil(b"/there")
        assert b"200 OK" in await reader.readuntil(b"/there")

    speak(scenario)


def test_an_answer_that_takes_longer_is_not_cut_off_by_a_head_that_waits_behind_it() -> None:
    async def scenario(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE.replace(b"/there", b"/slow ").replace(b"/slow  ", b"/slow ") + WHOLE[:12])
        assert b"200 OK" in await reader.readuntil(b"/slow ")
        assert problem_in(await reader.read())["status"] == 408

    speak(scenario)
