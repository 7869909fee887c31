"""A browser, and a real server with one training behind it, shared by all of these tests."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from service.app import create_app
from service.settings import Settings
from tests import requirements
from tests.trained import Trained, trained_service
from tests.waiting import wait_until

PATIENCE_MS = 30_000
USUAL_PLACES = ("/usr/bin", "/usr/lib/chromium", "/snap/bin")


def chromium() -> str:
    """Return the path of Chromium; skip, or fail where everything is required."""
    named = os.environ.get("CYFRA_TEST_CHROMIUM")
    if named and Path(named).exists():
        return named
    return requirements.program("chromium", "browser", *USUAL_PLACES)


@dataclass(frozen=True)
class Site:
    """A served page and the service behind it."""

    url: str
    trained: Trained
    workers: list[threading.Thread] = field(default_factory=list)

    def work(self) -> None:
        """Let a worker carry out the next training, beside the test."""
        worker = threading.Thread(target=self.trained.work, daemon=True)
        worker.start()
        self.workers.append(worker)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service that has carried out one training, on a port of its own; without a browser nothing is trained."""
    home = tmp_path_factory.mktemp("site")
    # No folder of data sets: a gallery of 60,000 photographs would be prepared before it is shown.
    settings = Settings(home=home, progress_seconds=0.05, datasets=None)
    with trained_service(settings) as trained:
        server = uvicorn.Server(
            uvicorn.Config(create_app(settings), port=0, log_level="warning", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        wait_until(lambda: server.started, 60, "the server")
        port = server.servers[0].sockets[0].getsockname()[1]
        site = Site(f"http://127.0.0.1:{port}", trained)
        yield site
        for worker in site.workers:
            worker.join(120)
        server.should_exit = True
        thread.join(30)


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Open the page; at the end it must have asked no other host and written no error to the console."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" != site.url:
            troubles.append(f"asked {url}")

    def opened(address: str = "#/", *, width: int = 1200, theme: str = "light", is_refused: bool = False) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: asked(request.url))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" and not is_refused else None)
        page.goto(f"{site.url}/{address}")
        page.locator("main h1").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []
