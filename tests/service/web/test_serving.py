"""The page and its files, as HTTP sees them."""

import gzip
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.web.files import MEDIA_TYPES, pages

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FIRST_BYTES = 80_000  # what may come, compressed, before anything is drawn


@pytest.fixture
def empty_database_url(migrated_sqlite: Path) -> str:
    """The page asks no database: one kind is enough."""
    return f"sqlite:///{migrated_sqlite}"


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    return empty_database_url


def test_people_get_the_page_curl_gets_commands_and_programs_addresses(client: TestClient) -> None:
    page, text, json = (client.get("/", headers=headers) for headers in (HTML, {}, {"Accept": "application/json"}))

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "curl -F file=@digit.png http://testserver/predict" in text.text
    assert "/predict" in json.json()["paths"]
    assert {reply.headers["vary"].partition(",")[0] for reply in (page, text, json)} == {"Accept"}


def test_the_page_allows_nothing_foreign_and_nothing_inline(client: TestClient) -> None:
    page = client.get("/", headers=HTML)

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", page.text)


def test_every_file_that_the_page_names_is_there_and_kept_for_ever(client: TestClient) -> None:
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/", headers=HTML).text)
    assert len(named) > 5

    for address in named:
        reply = client.get(address)
        assert reply.status_code == 200
        assert "immutable" in reply.headers["cache-control"]
        assert client.get(address, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304


def test_a_file_under_an_old_address_is_sent_but_not_kept(client: TestClient) -> None:
    reply = client.get("/static/0123456789abcdef/boot.js")

    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.js", "../endpoints.py", "%2e%2e/files.py", "index.html", ""])
def test_nothing_but_the_pages_files_is_served(client: TestClient, name: str) -> None:
    reply = client.get(f"/static/{pages().digest}/{name}")

    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


def test_files_are_compressed_where_that_pays_and_the_client_takes_it(client: TestClient) -> None:
    address = f"/static/{pages().digest}/style.css"

    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = client.get(address, headers={"Accept-Encoding": "gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.content == plain.content == pages().files["style.css"].content


def test_little_is_needed_before_the_first_paint() -> None:
    found = pages()
    first = [found.index, found.files["style.css"], found.files["theme.js"]]

    assert sum(len(gzip.compress(page.content)) for page in first) < FIRST_BYTES / 4


def test_every_kind_of_file_has_a_type_and_no_data_becomes_html() -> None:
    folder = Path(__file__).parents[3] / "service/web/pages"

    for path in filter(Path.is_file, folder.rglob("*")):
        assert path.suffix[1:] in MEDIA_TYPES, f"{path.name} would not be served"
        if path.suffix == ".js":
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", path.read_text()
            ), path
