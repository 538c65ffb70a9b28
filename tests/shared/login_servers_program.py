"""Make FAB's tables and users, and run API servers with a login of their own each: `python … FOLDER`.

FOLDER/servers.json names them: port, home (with login.json and webserver_config.py) and options. One process imports
Airflow and forks, which is most of the time.
"""

# ruff: noqa: F401 - what every server would import for itself is imported once
from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import aerodrome_airflow.auth.gate
import aerodrome_airflow.login.security_manager
import airflow.api_fastapi.core_api.app
import airflow.api_fastapi.core_api.routes.public
import airflow.api_fastapi.core_api.routes.ui
import airflow.api_fastapi.execution_api.routes
import airflow.providers.fab.auth_manager.api_fastapi.routes.login
import airflow.providers.fab.www.app
import uvicorn
from airflow import settings
from airflow.api_fastapi.app import cached_app
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.providers.fab.auth_manager.models import Action, Model, Permission, Resource, Role, User
from airflow.utils.session import create_session
from forking import await_file, done, forked
from sqlalchemy import text
from werkzeug.security import generate_password_hash

ROLES = (
    "Admin",
    "alpha.viewer",
    "alpha.editor",
    "alpha.admin",
    "beta.viewer",
    "beta.editor",
    "platform",
    "auditor",
)
# Users of Airflow's own database, with the password "password".
USERS = {"admin": "Admin", "emergency": "Admin", "local": "Admin", "viewer": "alpha.viewer"}


def main() -> None:
    """Fill the database, then serve until a server ends."""
    folder = Path(sys.argv[1])
    done(fill, "filling the database")
    for server in json.loads((folder / "servers.json").read_text()):
        ready = Path(server["home"]) / "ready"
        forked(lambda server=server, ready=ready: serve(server, ready))
        await_file(ready)
    os.wait()


def serve(server: dict[str, Any], ready: Path) -> None:
    """Run one API server."""
    os.environ.update({"AIRFLOW_HOME": server["home"], **server["options"]})
    app = cached_app()
    ready.touch()
    # As `airflow api-server --proxy-headers` behind a proxy on the same machine.
    proxy = {"proxy_headers": True, "forwarded_allow_ips": "127.0.0.1"}
    uvicorn.run(app, host="127.0.0.1", port=server["port"], log_level="warning", **proxy)


def fill() -> None:
    """Make tables, roles and users."""
    import_all_models()
    with settings.get_engine().begin() as connection:
        Base.metadata.create_all(connection)
        Model.metadata.create_all(connection)
        connection.execute(text("ALTER TABLE serialized_dag ALTER COLUMN data TYPE jsonb USING data::jsonb"))
    password = generate_password_hash("password", "pbkdf2:sha256:1")
    with create_session() as session:
        resource, action = Resource(name="Website"), Action(name="can_read")
        right = Permission(action=action, resource=resource)
        roles = {name: Role(name=name, permissions=[right]) for name in ROLES}
        session.add_all(roles.values())
        session.add_all(
            User(
                first_name=name,
                last_name=name,
                username=name,
                email=f"{name}@localhost",
                active=True,
                password=password,
                roles=[roles[role]],
            )
            for name, role in USERS.items()
        )


if __name__ == "__main__":
    main()
