"""`/` and `/static/…`: the page, its files, and what programs are told instead."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from service.edge import negotiating
from service.errors import NotFound
from service.web.files import Page, pages

router = APIRouter(include_in_schema=False)

FORMATS: Final = {"txt": "text/plain", "json": "application/json", "html": "text/html"}
PATHS: Final = (
    "/v1/trainings",
    "/v1/datasets",
    "/v1/networks",
    "/v1/models",
    "/predict",
    "/v1/batch-predictions",
    "/docs",
    "/openapi.json",
)

CONTENT_SECURITY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # no string ever becomes HTML or code, whoever forgets
        "trusted-types 'none'",
    )
)
SAFETY: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
REVALIDATED: Final = "no-cache"
FOR_EVER: Final = "public, max-age=31536000, immutable"

TEXT: Final = """\
Cyfra {version}: trains image classifiers, and says what is on a picture. In a browser this address is a page.

Ask what is on a picture
    curl -F file=@digit.png {base}/predict

Submit a training, wait for its end, read its report
    curl -H 'Content-Type: application/json' -d '{{"preset": "quickstart"}}' {base}/v1/trainings
    curl -H 'Prefer: wait=30' {base}/v1/trainings/ID
    curl {base}/v1/trainings/ID/report.txt

Everything else
    {base}/docs
"""


@router.api_route("/", methods=["GET", "HEAD"])
async def index(request: Request) -> Response:
    """People in a browser get the page, people with curl the most useful commands, programs that ask for JSON addresses."""
    chosen = negotiating.choose_format(request, FORMATS, None)
    if chosen == "html":
        security = {"Content-Security-Policy": CONTENT_SECURITY, "Cross-Origin-Opener-Policy": "same-origin"}
        return _sent(request, pages().index, REVALIDATED, security)
    headers = {"Vary": "Accept", "Cache-Control": REVALIDATED}
    if chosen == "json":
        body = {"service": "cyfra", "version": request.app.version, "paths": PATHS}
        return JSONResponse(body, headers=headers)
    text = TEXT.format(version=request.app.version, base=str(request.base_url).rstrip("/"))
    return Response(text, media_type="text/plain", headers=headers)


@router.api_route("/static/{digest}/{name:path}", methods=["GET", "HEAD"])
async def static(digest: str, name: str, request: Request) -> Response:
    """One of the page's files: kept by browsers for ever, for its address changes with its content.

    A page that was opened before an upgrade asks for the old address: it gets the file there is, which is then not kept.
    """
    found = pages()
    if name not in found.files:
        raise NotFound(f"The page has no file {name[:100]!r}.")
    return _sent(request, found.files[name], FOR_EVER if digest == found.digest else REVALIDATED, {})


def _sent(request: Request, page: Page, caching: str, more: dict[str, str]) -> Response:
    compressed = page.compressed if _takes_gzip(request) else None
    headers = {
        **SAFETY,
        **more,
        "Vary": "Accept, Accept-Encoding",
        "Cache-Control": caching,
        "ETag": f'"{page.sha256[:32]}{"-gzip" if compressed else ""}"',
    }
    if negotiating.matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if compressed is not None:
        headers["Content-Encoding"] = "gzip"
    return Response(compressed or page.content, media_type=page.media_type, headers=headers)


def _takes_gzip(request: Request) -> bool:
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
