"""`/livez`, `/readyz`, `/`, and what the types of problems mean."""

import shutil
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service import errors, migrating
from service.edge.resources import Resources, ResourcesDependency
from service.errors import CyfraError, NotFound

router = APIRouter(tags=["health"])

OK: Final = "ok"


@router.get("/livez", summary="Is the process alive?")
async def livez() -> dict[str, str]:
    """Looks at nothing else."""
    return {"status": OK}


@router.get("/readyz", summary="Can it do its work?", responses={503: {"description": "No; `checks` says why"}})
async def readyz(resources: ResourcesDependency) -> Response:
    """Looks at the database, the broker and the free disk, and names what fails."""
    checks = await run_in_threadpool(_checks, resources)
    is_ready = all(found == OK for found in checks.values())
    body = {"status": OK if is_ready else "not ready", "checks": checks}
    return JSONResponse(body, status_code=200 if is_ready else 503, headers={"Cache-Control": "no-store"})


def _checks(resources: Resources) -> dict[str, str]:
    return {
        "database": _database(resources),
        "broker": OK if resources.doorbell.reaches_broker() else "does not answer",
        "disk": _disk(resources),
    }


def _database(resources: Resources) -> str:
    try:
        migrating.check_running(resources.database)
        with resources.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"does not answer: {type(error).__name__}"
    except CyfraError as error:
        return error.detail
    return OK


def _disk(resources: Resources) -> str:
    home = resources.settings.home
    try:
        free = shutil.disk_usage(home if home.exists() else ".").free
    except OSError as error:
        return f"cannot be read: {error}"
    least = resources.settings.min_free_bytes
    return OK if free >= least else f"{free >> 20} MiB free, at least {least >> 20} MiB needed"


@router.get("/", include_in_schema=False)
async def index(request: Request) -> Response:
    """Point to what is there: browsers go to the documentation, programs get addresses."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/docs")
    paths = ("/v1/trainings", "/v1/datasets", "/v1/networks", "/v1/models", "/predict", "/docs", "/openapi.json")
    return JSONResponse({"service": "cyfra", "version": request.app.version, "paths": paths})


@router.get("/problems/{name}", include_in_schema=False)
async def problem(name: str) -> dict[str, str | int]:
    """Say what the `type` of a problem means."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CyfraError)]
    for kind in kinds:
        if kind.name == name:
            return {"type": f"/problems/{name}", "title": kind.title, "status": kind.status}
    raise NotFound(f"There is no kind of problem called {name[:50]!r}.")
