"""`/livez`, `/readyz`, and what the types of problems mean."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from service import errors
from service.edge.resources import ResourcesDependency
from service.errors import CyfraError, NotFound
from service.health.checks import OK

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Is the process alive?")
async def livez() -> dict[str, str]:
    """Looks at nothing else."""
    return {"status": OK}


@router.get("/readyz", summary="Can it do its work?", responses={503: {"description": "No; `checks` says why"}})
async def readyz(resources: ResourcesDependency) -> Response:
    """Looks at the database, the broker and the free disk: what fails is named, and makes it 503.

    Says also how many workers there are and what waits; that nobody works on what waits is a warning.
    """
    health = await resources.checks.look()
    body = {
        "status": OK if health.is_ready else "not ready",
        "checks": health.checks,
        "warnings": health.warnings,
    }
    return JSONResponse(body, status_code=200 if health.is_ready else 503, headers={"Cache-Control": "no-store"})


@router.get("/problems/{name}", include_in_schema=False)
async def problem(name: str) -> dict[str, str | int]:
    """Say what the `type` of a problem means."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CyfraError)]
    for kind in kinds:
        if kind.name == name:
            return {"type": f"/problems/{name}", "title": kind.title, "status": kind.status}
    raise NotFound(f"There is no kind of problem called {name[:50]!r}.")
