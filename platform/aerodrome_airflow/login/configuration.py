"""What webserver_config.py tells FAB: the kind of login and who decides it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_appbuilder.const import AUTH_DB, AUTH_LDAP, AUTH_OAUTH

from aerodrome_airflow.directory import settings
from aerodrome_airflow.login.claims import PROVIDER

_KINDS = {"database": AUTH_DB, "directory": AUTH_LDAP, "oidc": AUTH_OAUTH}
CONNECT_SECONDS = 10


def flask_settings(folder: Path | None = None) -> dict[str, Any]:
    """Return FAB's settings for the login.json in *folder*, by default the process's own, or raise SettingsError."""
    from aerodrome_airflow.login.security_manager import AerodromeSecurityManager

    place = folder or settings.home()
    login = settings.load(place)
    found: dict[str, Any] = {
        "AUTH_TYPE": _KINDS[login.kind],
        "SECURITY_MANAGER_CLASS": AerodromeSecurityManager,
        "WTF_CSRF_ENABLED": True,
        # The security manager counts failures, and failures only, of every way in.
        "AUTH_RATE_LIMITED": False,
        "RATELIMIT_ENABLED": False,
        "RATELIMIT_STORAGE_URI": "memory://",
    }
    if login.kind == "directory":
        # FAB asks whether there is one; it is never asked by FAB's own code.
        found["AUTH_LDAP_SERVER"] = login.directory.url if login.directory else ""
    if login.kind == "oidc":
        secret = settings.load_secrets(place).client_secret
        found["OAUTH_PROVIDERS"] = [_provider(login.oidc or {}, secret)]
    return found


def _provider(oidc: Mapping[str, Any], secret: str) -> dict[str, Any]:
    return {
        "name": PROVIDER,
        "icon": "fa-building",
        "token_key": "access_token",
        "remote_app": {
            "client_id": oidc["client_id"],
            "client_secret": secret,
            "server_metadata_url": f"{oidc['issuer'].rstrip('/')}/.well-known/openid-configuration",
            "client_kwargs": {
                "scope": " ".join(oidc["scopes"]),
                "code_challenge_method": "S256",
                "verify": oidc.get("ca_file") or True,
                "default_timeout": CONNECT_SECONDS,
            },
        },
    }
