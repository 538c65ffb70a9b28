"""Fill the database and run two API servers on it: `python serve.py FOLDER PORT PORT`, the second without defences.

One process imports Airflow and forks: three processes of their own would spend most of their time importing it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import seed
import uvicorn
from airflow.api_fastapi.app import cached_app
from forking import await_file, done, forked

OWN = "aerodrome_airflow.auth.manager.AerodromeFabAuthManager"


def serve(folder: Path, port: int, **options: str) -> None:
    """Run an API server with *options*, and write its routes down."""
    os.environ.update({f"AIRFLOW__{name}": value for name, value in options.items()})
    app = cached_app()
    found = {"core": routes(app.routes), "execution": routes(asyncio.run(execution_routes(app)))}
    (folder / f"routes-{port}").write_text(json.dumps(found))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def routes(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Return kind, methods and path of each route."""
    return [
        {
            "kind": type(route).__name__,
            "methods": sorted(getattr(route, "methods", None) or ()),
            "path": route.path,
        }
        for route in found
    ]


async def execution_routes(app: Any) -> list[Any]:
    """Return the routes of all versions of the execution API."""
    execution = next(route.app for route in app.routes if route.path == "/execution")
    # The routes of the versions are made when the first request comes.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(execution), base_url="http://x") as client:
        (await client.get("/health")).raise_for_status()
    versions = execution.router.versioned_routers.values()
    return [route for router in (execution.router, *versions) for route in router.routes]


def main() -> None:
    """Fill, then serve until a server ends."""
    folder, defended, undefended = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    done(lambda: seed.main(folder), "filling the database")
    forked(lambda: serve(folder, defended, CORE__AUTH_MANAGER=OWN))
    await_file(folder / f"routes-{defended}")
    forked(lambda: serve(folder, undefended, AERODROME__EXECUTION_GUARD="False"))
    os.wait()


if __name__ == "__main__":
    main()
