"""What a student does with the page, in a real browser on a real service."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Open, Site
from tests.workers import TINY

expect.set_options(timeout=PATIENCE_MS)

WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
    "resultTypes": ["violations"],
}


def draw_a_seven(page: Page) -> None:
    box = page.locator("canvas").bounding_box()
    assert box is not None
    points = [(0.28, 0.25), (0.4, 0.24), (0.55, 0.24), (0.72, 0.25), (0.66, 0.4), (0.56, 0.58), (0.48, 0.8)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def test_a_drawn_digit_is_answered_with_what_the_network_saw(open_page: Open) -> None:
    page = open_page()

    draw_a_seven(page)

    expect(page.locator(".answer .label")).to_have_text("7")
    expect(page.locator(".bars .best .name")).to_have_text("7")
    expect(page.get_by_alt_text("What the network saw")).to_have_attribute("src", re.compile("^data:image/png;base64,"))
    expect(page.locator("#announcer")).to_contain_text("7, ")


def test_the_answer_is_explained_on_demand(open_page: Open) -> None:
    page = open_page()
    draw_a_seven(page)
    expect(page.locator(".answer .label")).to_have_text("7")
    expect(page.locator("#announcer")).to_contain_text("7, ")  # told once the hand rests: no other answer is on its way

    page.get_by_role("button", name="Explain this answer").click()

    expect(page.get_by_alt_text("What spoke for 7")).to_be_visible()


def test_a_sample_is_tried_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page()

    page.get_by_role("button", name="Try a sample: 3").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".answer .label")).to_have_text("3")
    expect(page.locator("#announcer")).to_contain_text("3, ")


def test_a_training_is_submitted_watched_and_read(open_page: Open, site: Site) -> None:
    page = open_page("#/trainings/new")
    page.get_by_text("Your own").click()
    page.get_by_label("Epochs", exact=True).fill("2")
    expect(page.locator(".cost:not(.stale) dd").first).to_have_text(re.compile(r"[\d,]+"))
    expect(page.locator(".layers .shape").first).to_contain_text("32, 320 parameters")

    page.get_by_role("button", name="Start the training").click()

    expect(page.locator(".state.queued")).to_be_visible()
    site.work()
    expect(page.locator(".state.succeeded")).to_be_visible(timeout=120_000)
    expect(page.locator(".figures")).to_contain_text("Test accuracy")
    expect(page.locator(".chart .legend").first).to_contain_text("training")
    expect(page.locator(".matrix")).to_be_visible()


def test_a_fault_is_shown_at_its_field_and_nothing_is_submitted(open_page: Open) -> None:
    page = open_page("#/trainings/new", is_refused=True)

    page.get_by_label("Epochs", exact=True).fill("0")
    page.get_by_role("button", name="Start the training").click()

    expect(page.get_by_label("Epochs", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Epochs", exact=True)).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("greater than or equal to 1")


def test_a_cell_of_the_matrix_opens_its_pictures_and_arrow_keys_go_on(open_page: Open, site: Site) -> None:
    page = open_page(f"#/trainings/{site.trained.training_id}")
    cell = page.locator(".matrix td:not(.right) button").first

    cell.click()

    said = cell.get_attribute("aria-label") or ""
    found = re.fullmatch(r"true (.+), predicted (.+): (\d+) images?", said)
    assert found is not None
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".pictures button").first).to_contain_text(f"{found[1]}:{found[2]}")
    expect(page.locator(".pictures button")).to_have_count(int(found[3]))
    assert f"true={found[1]}&predicted={found[2]}" in page.url
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('.matrix') !== null")


def test_trainings_are_picked_and_compared(open_page: Open, site: Site) -> None:
    site.trained.submit(**TINY)
    site.trained.work()
    page = open_page("#/trainings?state=succeeded")

    for box in page.get_by_role("checkbox").all()[:2]:
        box.check()
    page.get_by_role("link", name="Compare").click()

    expect(page.get_by_role("heading", name="Compare")).to_be_focused()
    expect(page.locator(".compared tbody tr")).to_have_count(2)
    expect(page.locator(".chart path").first).to_be_attached()
    assert [one["id"] for one in Axe().run(page, options=WCAG).response["violations"]] == []


def test_a_queued_training_is_cancelled_and_deleted_after_questions(open_page: Open, site: Site) -> None:
    page = open_page(f"#/trainings/{site.trained.submit(**TINY)}")

    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.locator(".state.cancelled")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()

    expect(page.get_by_role("heading", name="Trainings")).to_be_visible()


def test_the_chosen_theme_is_remembered(open_page: Open) -> None:
    page = open_page(theme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.get_by_role("button", name="Dark theme").click()
    page.reload()

    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


VIEWS = ("#/", "#/trainings", "#/trainings/new", "#/trainings/ID", "#/models", "#/datasets", "#/datasets/mnist-5k")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone_and_keeps_the_rules_of_accessibility(open_page: Open, site: Site, view: str) -> None:
    address = view.replace("ID", site.trained.training_id)
    for theme, width in (("light", 1200), ("dark", 390)):
        page = open_page(address, theme=theme, width=width)
        page.wait_for_load_state("networkidle")
        page.emulate_media(reduced_motion="reduce")

        found = Axe().run(page, options=WCAG).response["violations"]

        assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
