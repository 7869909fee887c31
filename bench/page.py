"""How soon the page shows something: the browser's own first paint, beside the budget of one second.

Each round opens the page in a browser that has never seen it, and once more with what it then has in its cache. No model and no
training is needed: the frame and the sheet to draw on come before any answer.
"""

import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext, sync_playwright

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.serving import serving

ROUNDS: Final = 10
BUDGET_MS: Final = 1000.0
PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
BYTES: Final = "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0)"


def main() -> None:
    """Print the times and their share of the budget."""
    path = os.environ.get("CYFRA_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise SystemExit("There is no Chromium; set CYFRA_TEST_CHROMIUM.")
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        database = Database(settings.resolved_database_url)
        migrating.migrate(database)
        database.close()
        with serving(create_app(settings)) as url:
            print(json.dumps(measured(path, f"{url}/")))


def measured(path: str, url: str) -> dict[str, float]:
    """Return medians in ms, bytes, and the share of the budget that the first visit takes."""
    first, again, size = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            context = browser.new_context()
            first.append(painted(context, url, size))
            again.append(painted(context, url, []))
            context.close()
        browser.close()
    return {
        "first_paint_ms": round(statistics.median(first), 1),
        "first_paint_again_ms": round(statistics.median(again), 1),
        "bytes": statistics.median(size),
        "share_of_budget": round(statistics.median(first) / BUDGET_MS, 3),
    }


def painted(context: BrowserContext, url: str, size: list[float]) -> float:
    """Return when the first content was painted, ms after the navigation began; note the bytes that came."""
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    page.wait_for_function(f"{PAINT} !== undefined")
    size.append(float(page.evaluate(BYTES)))
    found = float(page.evaluate(PAINT))
    page.close()
    return found


if __name__ == "__main__":
    main()
