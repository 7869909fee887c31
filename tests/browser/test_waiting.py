"""What the page says while there is nothing to show: no model yet, no answer, and a very long list."""

import json

from playwright.sync_api import Route, expect

from service.records import TrainingState
from tests.browser.conftest import PATIENCE_MS, Open, Site
from tests.made import made_training

expect.set_options(timeout=PATIENCE_MS)


def problem(route: Route) -> None:
    detail = "No training has made the model default yet."
    body = json.dumps({"type": "about:blank", "title": "No model yet", "status": 409, "detail": detail})
    route.fulfill(status=409, content_type="application/problem+json", headers={"Retry-After": "1"}, body=body)


def test_without_a_model_the_page_says_what_to_do_and_goes_on_when_there_is_one(open_page: Open) -> None:
    page = open_page("#/trainings", is_refused=True)
    page.route("**/v1/models/default", problem)

    page.goto(page.url.replace("#/trainings", "#/"))

    expect(page.get_by_text("There is no model yet")).to_be_visible()
    expect(page.get_by_role("link", name="submit one")).to_be_visible()
    page.unroute("**/v1/models/default")
    expect(page.get_by_text("There is no model yet")).to_be_hidden()
    expect(page.get_by_role("button", name="Try a sample: 3")).to_be_visible()


def test_a_service_that_is_away_is_said_and_found_again(open_page: Open) -> None:
    page = open_page(is_refused=True)
    page.get_by_role("button", name="Try a sample: 3").wait_for()
    page.context.set_offline(True)

    page.get_by_role("button", name="Try a sample: 3").click()

    expect(page.locator("#away")).to_contain_text("does not answer")
    page.context.set_offline(False)
    expect(page.locator("#away")).not_to_contain_text("does not answer")


def test_a_thousand_trainings_come_a_page_at_a_time(open_page: Open, site: Site) -> None:
    for _ in range(1000):
        made_training(site.trained.database, state=TrainingState.CANCELLED)
    page = open_page("#/trainings")
    rows = page.get_by_role("link", name="quickstart")
    expect(rows).to_have_count(25)

    page.get_by_role("button", name="Show older ones").click()

    expect(rows).to_have_count(50)
