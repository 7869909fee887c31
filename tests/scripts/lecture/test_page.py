"""The table of docs/lecture.md."""

import re
from pathlib import Path

import pytest

from scripts.lecture.deck import ROWS, TEST_IMAGES
from scripts.lecture.page import NOT_RUN, Outcome, clock, table, write
from service.app import create_app
from service.settings import Settings
from tests.test_docs import ROOT

FIFTY = Outcome(0.9962, 0.9948, 0.9972, 0.0123, 38, 10_000, 4321.0, 1, "2 cores of AMD EPYC", 1)
PAGE = ROOT / "docs" / "lecture.md"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "lecture.md"
    path.write_text("Before.\n<!-- reproduce-lecture -->\n<!-- end -->\nAfter.\n")
    return path


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if "epochs |" in line]


def test_a_page_without_figures_says_of_each_training_that_it_was_not_run(page: Path) -> None:
    write(page, {})

    assert len(lines(page)) == len(ROWS)
    assert all(NOT_RUN in line for line in lines(page))


def test_a_training_replaces_its_own_line_and_leaves_the_others_and_the_prose(page: Path) -> None:
    write(page, {"mnist-3": FIFTY, "mnist-50": FIFTY})
    before = lines(page)

    write(page, {"mnist-50": Outcome(**(vars(FIFTY) | {"wrong": 41, "seed": 7}))})

    after = lines(page)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True, True]
    assert ", 41 |" in after[1]
    assert "| 7 |" in after[1]
    assert page.read_text().startswith("Before.\n")
    assert page.read_text().endswith("<!-- end -->\nAfter.\n")


def test_a_line_holds_the_decks_figure_ours_the_time_the_seed_and_the_hardware(page: Path) -> None:
    write(page, {"mnist-50": FIFTY})

    cells = [cell.strip() for cell in lines(page)[1].strip("|").split("|")]
    assert cells == [
        "MNIST, 50 epochs",
        "99.63 %, 0.0111, 37",
        "**99.62 %** (99.48 to 99.72), 0.0123, 38",
        "alike: 0.01 points can be chance",
        "1 h 12 min",
        "1",
        "2 cores of AMD EPYC",
    ]


def test_a_page_without_a_place_for_the_table_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.md"
    path.write_text("Prose.\n")

    with pytest.raises(ValueError, match="no place for the table"):
        write(path, {"mnist-50": FIFTY})

    assert path.read_text() == "Prose.\n"


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.9753, "the same"),
        (0.9770, "alike: 0.17 points can be chance"),
        (0.9810, "0.57 points better, more than chance"),
        (0.9690, "0.63 points worse, more than chance"),
    ],
)
def test_only_a_difference_that_chance_does_not_explain_is_called_one(accuracy: float, said: str) -> None:
    assert ROWS["mnist-3"].compared(accuracy) == said


def test_the_decks_accuracies_and_its_counts_of_wrong_images_agree() -> None:
    for row in ROWS.values():
        assert round((1 - row.accuracy) * TEST_IMAGES) == row.wrong


def test_times_are_said_as_people_say_them() -> None:
    assert [clock(251.2), clock(3599.6), clock(4321)] == ["4 min 11 s", "1 h 0 min", "1 h 12 min"]


def test_the_page_of_the_documentation_has_a_line_for_each_training_of_the_deck() -> None:
    text = PAGE.read_text()

    assert table(text, {}) in text
    found = [line.split(" | ")[0].removeprefix("| ") for line in table(text, {}).splitlines()[2:]]
    assert found == [row.title for row in ROWS.values()]


def test_each_address_of_the_decks_outputs_is_a_route() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    rows = PAGE.read_text().partition("## The deck's outputs")[2]
    addresses = re.findall(r"`(/v1/[^`]+)`", rows)

    routes = [re.compile(re.sub(r"{\w+}", "[^/.]+", path)) for path in paths]
    assert len(addresses) >= 15
    assert [address for address in addresses if not any(route.fullmatch(address) for route in routes)] == []
