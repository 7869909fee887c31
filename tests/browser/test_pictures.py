"""Pictures that come from elsewhere: chosen, dropped and pasted."""

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Open
from tests.pictures import drawn_digit, encoded

expect.set_options(timeout=PATIENCE_MS)

GIVE = """([content, way]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "photo.png", { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    if (way === "drop") {
        const target = document.querySelector("canvas");
        target.dispatchEvent(new DragEvent("dragover", { ...options, dataTransfer: data }));
        target.dispatchEvent(new DragEvent("drop", { ...options, dataTransfer: data }));
    } else document.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
}"""


def give(page: Page, content: bytes, way: str) -> None:
    if way == "choose":
        file = {"name": "photo.png", "mimeType": "image/png", "buffer": content}
        page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    else:
        page.evaluate(GIVE, [base64.b64encode(content).decode(), way])


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_photo_is_answered_whichever_way_it_comes(open_page: Open, way: str) -> None:
    page = open_page()
    page.get_by_role("button", name="Try a sample: 3").wait_for()

    give(page, encoded(drawn_digit(7)), way)

    expect(page.locator(".answer .label")).to_have_text("7")
    expect(page.get_by_alt_text("What the network saw")).to_be_visible()


def test_a_file_that_is_no_picture_says_what_would_be_one(open_page: Open) -> None:
    page = open_page(is_refused=True)
    page.get_by_role("button", name="Try a sample: 3").wait_for()

    give(page, b"%PDF-1.7 homework", "choose")

    expect(page.get_by_role("alert")).to_contain_text("PNG")
    expect(page.locator(".answer .label")).to_have_text("?")
