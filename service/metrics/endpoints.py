"""`GET /metrics`."""

from fastapi import APIRouter, Request, Response

from service.edge.resources import ResourcesDependency

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        200: {"description": "Of all processes of this API, and of the whole service", "content": {"text/plain": {}}}
    },
)
async def metrics(request: Request, resources: ResourcesDependency) -> Response:
    """Answers 200 also while the database is away: `cyfra_database_up 0`, and the figures of the processes alone."""
    scraped = await resources.scrape.answer(request.headers.get("accept", ""))
    return Response(scraped.content, media_type=scraped.media_type, headers={"Cache-Control": "no-store"})
