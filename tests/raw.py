"""Requests whose headers are any bytes: the test client, and httpx's text, know only those that can be decoded."""

import asyncio
from typing import Any

import httpx
from fastapi.testclient import TestClient


def post_raw(client: TestClient, path: str, body: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    """POST JSON to the application of `client`, with the bytes of `headers` as they are."""

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cyfra") as raw:
            return await raw.post(path, json=body, headers=headers)

    return asyncio.run(post())
