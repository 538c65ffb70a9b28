"""What is rendered of a login: settings, options of airflow.cfg, and the secrets that somebody must give. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from aerodrome import names
from aerodrome.login_settings import DEPLOY_USER, PLATFORM_ROLES, DirectorySettings, LoginSettings
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render.airflow_text import Sections

SETTINGS, SECRETS, WEBSERVER = "login.json", "login-secrets.json", "webserver_config.py"
AUTHORITIES = {"directory": "directory-ca.pem", "oidc": "provider-ca.pem"}
"""Key of `login:` → the file in which its authority is handed on."""
BIND_PASSWORD, CLIENT_SECRET = "bind_password", "client_secret"
CLUSTER_FOLDER = "/etc/aerodrome/login"
"""Where the chart mounts the files in a cluster."""
SECRET_OF_API_SERVER, SECRET_OF_ROLES = "aerodrome-login", "aerodrome-login-roles"
"""Secrets with the files of one process each."""
LEVELS = ("viewer", "editor", "admin")
WEBSERVER_CONFIG = '''\
"""Login of Airflow's web interface and API: login.json beside this file says how, login-secrets.json holds the rest."""

from aerodrome_airflow.login.configuration import flask_settings

globals().update(flask_settings())
'''

Tenants = Mapping[str, TenantManifest]
Given = Mapping[str, str | None]
"""Secrets of the login by their keys."""


@dataclass(frozen=True)
class Wanted:
    """A secret of the login that somebody must give: its key, and what it is."""

    key: str
    what: str


@dataclass(frozen=True)
class Login:
    """A login with all that its files tell: *directory* is the one that is asked; *authorities*: file name → PEM."""

    settings: LoginSettings
    directory: DirectorySettings | None
    tenants: Tenants
    authorities: Mapping[str, str]

    def files(self, folder: str) -> dict[str, str]:
        """Return the files without a secret, name → text, as a process reads them in *folder*."""
        document = self._document({name: f"{folder}/{name}" for name in self.authorities})
        return {SETTINGS: json.dumps(document, indent=1, sort_keys=True), **self.authorities}

    def _document(self, places: Mapping[str, str]) -> dict[str, Any]:
        login = self.settings
        return {
            "kind": login.kind,
            "directory": _document(self.directory, places.get(AUTHORITIES["directory"])),
            "oidc": _document(login.oidc, places.get(AUTHORITIES["oidc"])),
            "roles_of_group": roles_of_group(login, self.tenants),
            "break_glass": login.break_glass,
            "removal_brake": login.removal_brake,
            "session_minutes": login.session_minutes,
            "protected": sorted({DEPLOY_USER, *([login.break_glass] if login.break_glass else ())}),
        }


def _document(settings: BaseModel | None, ca_file: str | None) -> dict[str, Any] | None:
    # Without a file the machine's own authorities count.
    return None if settings is None else {**settings.model_dump(mode="json"), "ca_file": ca_file}


def secrets_file(given: Given) -> str:
    """Return the file of the secrets for the API server."""
    return json.dumps({BIND_PASSWORD: None, CLIENT_SECRET: None, **given})


def secrets_file_of_roles(given: Given) -> str:
    """Return the file of the secrets for what lets roles follow the directory: what the directory asks for."""
    return secrets_file({**given, CLIENT_SECRET: None})


def roles_of_group(login: LoginSettings, tenants: Tenants) -> dict[str, list[str]]:
    """Return the roles that each group of the directory has: the tenants', and those on the whole platform."""
    found: dict[str, list[str]] = {}
    for tenant, model in sorted(tenants.items()):
        for level in LEVELS:
            for group in getattr(model.groups, level):
                found.setdefault(group, []).append(names.role(tenant, level))
    for role in PLATFORM_ROLES:
        for group in getattr(login.groups, role):
            found.setdefault(group, []).append(role)
    return found


def wanted_secrets(login: LoginSettings) -> tuple[Wanted, ...]:
    """Return the secrets that somebody must give for *login*."""
    found = []
    if login.directory is not None and login.directory.bind_dn:
        found.append(Wanted(BIND_PASSWORD, f"password of {login.directory.bind_dn} in the directory"))
    if login.oidc is not None:
        what = f"secret of the client {login.oidc.client_id} of {login.oidc.issuer}"
        found.append(Wanted(CLIENT_SECRET, what))
    return tuple(found)


def sessions(login: LoginSettings) -> Sections:
    """Return what airflow.cfg of the API server says of sessions, tokens and cookies."""
    minutes = login.session_minutes
    return {
        "fab": {
            "session_lifetime_minutes": str(minutes),
            "session_max_lifetime_minutes": str(minutes),
            "cookie_samesite": "Lax",
            # Who lost a role still has it for so many seconds.
            "cache_ttl": "10",
        },
        "api_auth": {"jwt_expiration_time": str(60 * minutes)},
    }


def deciding(login: LoginSettings) -> Sections:
    """Return what makes the API server refuse to run without this login, and restart with another one."""
    return {"aerodrome": {"login_kind": login.kind, "login_digest": _digest(login)}}


def _digest(login: LoginSettings) -> str:
    """Return a word that changes with what FAB is told when it starts; login.json itself is read at each login."""
    oidc = login.oidc.model_dump_json() if login.oidc else ""
    return hashlib.sha256(f"{login.kind} {oidc}".encode()).hexdigest()[:16]
