"""Make the pictures of the page in docs/pictures: `python -m scripts.screenshots URL`, of a service with trained networks."""

import io
import os
import shutil
import sys
from pathlib import Path
from typing import Final

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
MOST_BYTES: Final = 150_000
SEVEN: Final = ((0.28, 0.25), (0.4, 0.24), (0.55, 0.24), (0.72, 0.25), (0.66, 0.4), (0.56, 0.58), (0.48, 0.8))


def main(url: str) -> None:
    """Take all pictures."""
    found = httpx.get(f"{url}/v1/trainings?state=succeeded").json()["trainings"]
    first, *others = [training["id"] for training in found]
    compared = "&".join(f"training={each}" for each in (first, *others[:1]))
    path = os.environ.get("CYFRA_TEST_CHROMIUM") or shutil.which("chromium")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        take(browser, f"{url}/#/", "page-draw", drawn=True, height=1000)
        take(browser, f"{url}/#/", "page-draw-phone", drawn=True, width=390)
        take(
            browser,
            f"{url}/#/trainings/{others[-1] if others else first}",
            "page-training-dark",
            theme="dark",
            height=1500,
        )
        take(browser, f"{url}/#/trainings/new", "page-new", height=1000)
        take(browser, f"{url}/v1/trainings/{first}/report.html", "report", width=980, height=1900)
        if others:
            take(browser, f"{url}/#/compare?{compared}", "page-compare", height=1200)
        browser.close()


def take(
    browser: Browser,
    url: str,
    name: str,
    *,
    theme: str = "light",
    width: int = 1200,
    height: int = 860,
    drawn: bool = False,
) -> None:
    """Write one picture as WebP, as good as its size allows."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=1.5,
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if drawn:
        draw(page)
        page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)  # bars and curves come to rest
    picture = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    for quality in (92, 85, 75, 60):
        packed = io.BytesIO()
        picture.save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() <= MOST_BYTES:
            break
    (FOLDER / f"{name}.webp").write_bytes(packed.getvalue())


def draw(page: Page) -> None:
    """Draw a seven, and have it explained."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Explain this answer").click()
    page.get_by_alt_text("What spoke for").wait_for()
    page.evaluate("scrollTo(0, 0)")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
