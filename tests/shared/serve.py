"""Fill the database and run two API servers on it: `python serve.py FOLDER PORT PORT`, the second without defences.

One process imports Airflow and forks: three processes of their own would spend most of their time importing it.
"""

from __future__ import annotations

import asyncio
import copy
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
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from forking import await_file, done, forked

OWN = "aerodrome_airflow.auth.manager.AerodromeFabAuthManager"
LOGIN = """\
from aerodrome_airflow.login.configuration import flask_settings
globals().update(flask_settings())
"""
# The same pages with none of their defences: no new session id, no token in forms, any place to go on to.
OPEN_LOGIN = f"""\
{LOGIN}
from aerodrome_airflow.login import views
from aerodrome_airflow.login.security_manager import AerodromeSecurityManager
class OpenLogin(AerodromeSecurityManager):
    def _rotate_session_id(self):
        pass
views.get_safe_url = lambda there: there
SECURITY_MANAGER_CLASS, WTF_CSRF_ENABLED = OpenLogin, False
"""


def serve(folder: Path, port: int, *, tell_all: bool, **options: str) -> None:
    """Run an API server with *options*, and write its routes down; all: the execution API's, and what each takes."""
    os.environ.update({f"AIRFLOW__{name}": value for name, value in options.items()})
    app = cached_app()
    found = {"core": routes(app.routes)}
    if tell_all:
        # Seconds of computing, and the same whether a server has its defences or not.
        found["execution"] = routes(asyncio.run(execution_routes(app)))
        (folder / f"described-{port}").write_text(json.dumps(described(app.routes)))
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


def described(found: Iterable[Any]) -> dict[str, Any]:
    """Return the OpenAPI document of all routes, those of the web interface too, which the server leaves out."""
    shown = [copy.copy(route) for route in found if isinstance(route, APIRoute)]
    for route in shown:
        route.include_in_schema = True
    return get_openapi(title="all", version="1", routes=shown)


async def execution_routes(app: Any) -> list[Any]:
    """Return the routes of all versions of the execution API."""
    execution = next(route.app for route in app.routes if route.path == "/execution")
    # The routes of the versions are made when the first request comes.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(execution), base_url="http://x") as client:
        (await client.get("/health")).raise_for_status()
    versions = execution.router.versioned_routers.values()
    return [route for router in (execution.router, *versions) for route in router.routes]


def login(text: str, name: str) -> str:
    """Write a configuration of FAB's, and the login of users of Airflow's own database, and return its path."""
    home = Path(os.environ["AIRFLOW_HOME"])
    home.mkdir(exist_ok=True)
    (home / "login.json").write_text(json.dumps({"kind": "database"}))
    (home / name).write_text(text)
    return str(home / name)


def main() -> None:
    """Fill, then serve until a server ends."""
    folder, defended, undefended = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    done(lambda: seed.main(folder), "filling the database")
    own = {"FAB__CONFIG_FILE": login(LOGIN, "login.py"), "AERODROME__LOGIN_KIND": "database"}
    forked(lambda: serve(folder, defended, tell_all=True, CORE__AUTH_MANAGER=OWN, **own))
    await_file(folder / f"routes-{defended}")
    none = {"FAB__CONFIG_FILE": login(OPEN_LOGIN, "open_login.py"), "AERODROME__EXECUTION_GUARD": "False"}
    forked(lambda: serve(folder, undefended, tell_all=False, **none))
    os.wait()


if __name__ == "__main__":
    main()
