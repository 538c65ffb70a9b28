"""What the API server and the roles' process read of the login: settings, and secrets in a file of their own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from aerodrome import names
from aerodrome.environment import FOLDER
from aerodrome.errors import UserError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import directory
from aerodrome.login_settings import DEPLOY_USER, PLATFORM_ROLES, DirectorySettings, LoginSettings

SETTINGS, SECRETS, WEBSERVER = "login.json", "login-secrets.json", "webserver_config.py"
AUTHORITIES = {"directory": "directory-ca.pem", "oidc": "provider-ca.pem"}
BIND_PASSWORD, CLIENT_SECRET = "bind_password", "client_secret"
LEVELS = ("viewer", "editor", "admin")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_WEBSERVER = '''\
"""Login of Airflow's web interface and API: login.json beside this file says how, login-secrets.json holds the rest."""

from aerodrome_airflow.login.configuration import flask_settings

globals().update(flask_settings())
'''


@dataclass(frozen=True)
class Wanted:
    """A secret of the login that somebody must give: its key in the file, its credential, and what it is."""

    key: str
    name: str
    what: str


def options(platform: Platform) -> dict[str, dict[str, str]]:
    """Return what airflow.cfg of the API server says of logins, sessions and cookies."""
    minutes = platform.environment.login.session_minutes
    return {
        "fab": {
            "config_file": str(platform.layout.process_config("api-server") / WEBSERVER),
            "session_lifetime_minutes": str(minutes),
            "session_max_lifetime_minutes": str(minutes),
            "cookie_samesite": "Lax",
            "cookie_secure": str(platform.api_url.startswith("https:")),
        },
        "api_auth": {"jwt_expiration_time": str(60 * minutes)},
        "aerodrome": {
            "login_kind": platform.environment.login.kind,
            "login_digest": _digest(platform.environment.login),
        },
    }


def _digest(login: LoginSettings) -> str:
    """Return a word that changes with what FAB is told when it starts; login.json itself is read at each login."""
    oidc = login.oidc.model_dump_json() if login.oidc else ""
    return hashlib.sha256(f"{login.kind} {oidc}".encode()).hexdigest()[:16]


def webserver_files(platform: Platform) -> dict[str, str]:
    """Return the API server's files of the login."""
    return {WEBSERVER: _WEBSERVER, **files(platform, "api-server"), SECRETS: json.dumps(_secrets(platform))}


def files(platform: Platform, process: str) -> dict[str, str]:
    """Return the files of the login for *process*, name → text; of its secrets what the directory asks for."""
    authorities = _authorities(platform)
    settings = _settings(platform, platform.layout.process_config(process), authorities)
    return {
        SETTINGS: json.dumps(settings, indent=1, sort_keys=True),
        SECRETS: json.dumps({**_secrets(platform), CLIENT_SECRET: None}),
        **authorities,
    }


def _settings(platform: Platform, folder: Path, authorities: dict[str, str]) -> dict[str, Any]:
    login = platform.environment.login
    places = {name: str(folder / name) for name in authorities}
    return {
        "kind": login.kind,
        "directory": _document(directory_settings(platform), places.get(AUTHORITIES["directory"])),
        "oidc": _document(login.oidc, places.get(AUTHORITIES["oidc"])),
        "roles_of_group": roles_of_group(platform),
        "break_glass": login.break_glass,
        "removal_brake": login.removal_brake,
        "session_minutes": login.session_minutes,
        "protected": sorted({DEPLOY_USER, *([login.break_glass] if login.break_glass else ())}),
    }


def _document(settings: BaseModel | None, ca_file: str | None) -> dict[str, Any] | None:
    # Without a file the machine's own authorities count.
    return None if settings is None else {**settings.model_dump(mode="json"), "ca_file": ca_file}


def directory_settings(platform: Platform) -> DirectorySettings | None:
    """Return where the directory is that the login asks: the company's, or the one that runs here; or None."""
    login = platform.environment.login
    if not login.has_directory:
        return None
    return directory.settings(platform) if login.runs_directory else login.directory


def roles_of_group(platform: Platform) -> dict[str, list[str]]:
    """Return the roles that each group of the directory has: the tenants', and those on the whole platform."""
    found: dict[str, list[str]] = {}
    for tenant, model in sorted(platform.tenants.items()):
        for level in LEVELS:
            for group in getattr(model.groups, level):
                found.setdefault(group, []).append(names.role(tenant, level))
    for role in PLATFORM_ROLES:
        for group in getattr(platform.environment.login.groups, role):
            found.setdefault(group, []).append(role)
    return found


def _secrets(platform: Platform) -> dict[str, str | None]:
    found = {
        wanted.key: platform.credentials.find(wanted.name)
        for wanted in wanted_secrets(platform.environment.login)
    }
    if platform.environment.login.runs_directory:
        found[BIND_PASSWORD] = platform.credentials.get(secret.DIRECTORY_READER)
    return {BIND_PASSWORD: None, CLIENT_SECRET: None, **found}


def wanted_secrets(login: LoginSettings) -> tuple[Wanted, ...]:
    """Return the secrets that somebody must give for *login*."""
    found = []
    if login.directory is not None and login.directory.bind_dn:
        what = f"password of {login.directory.bind_dn} in the directory"
        found.append(Wanted(BIND_PASSWORD, secret.LOGIN_BIND, what))
    if login.oidc is not None:
        what = f"secret of the client {login.oidc.client_id} of {login.oidc.issuer}"
        found.append(Wanted(CLIENT_SECRET, secret.LOGIN_CLIENT, what))
    return tuple(found)


def require_usable(platform: Platform) -> None:
    """Do nothing where the login can work; UserError where a secret, an authority or slapd is missing."""
    login = platform.environment.login
    if login.runs_directory:
        directory.require_installed()
    require_authorities(platform)
    lost = [wanted for wanted in wanted_secrets(login) if not platform.credentials.find(wanted.name)]
    if lost:
        raise UserError(
            "\n".join(f"the {wanted.what} is not known here" for wanted in lost),
            f"make login-secret ENV={platform.environment.name} asks for it; nobody could log in without it",
        )


def require_authorities(platform: Platform) -> None:
    """Do nothing where the files of certificates that the login names are there; UserError elsewhere."""
    for key, path in _authority_files(platform).items():
        if _CERTIFICATE not in _text_of(path):
            remedy = f"login.{key}.ca_file names it: a PEM file beside environment.yaml"
            raise UserError(f"{path} is missing, or holds no certificate", remedy)


def authority(platform: Platform) -> str | None:
    """Return the authority of the directory that the login names, as PEM; None: the machine's own."""
    return _authorities(platform).get(AUTHORITIES["directory"])


def _authorities(platform: Platform) -> dict[str, str]:
    found = {AUTHORITIES[key]: _text_of(path) for key, path in _authority_files(platform).items()}
    if platform.environment.login.runs_directory:
        found[AUTHORITIES["directory"]] = directory.authority(platform)
    return found


def _authority_files(platform: Platform) -> dict[str, Path]:
    login, folder = (
        platform.environment.login,
        platform.layout.repository / FOLDER / platform.environment.name,
    )
    named = {
        "directory": login.directory.ca_file if login.directory else None,
        "oidc": login.oidc.ca_file if login.oidc else None,
    }
    return {key: folder / name for key, name in named.items() if name}


def _text_of(path: Path) -> str:
    # Who only looks at the platform need not be stopped by a file that a deploy will ask for.
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
