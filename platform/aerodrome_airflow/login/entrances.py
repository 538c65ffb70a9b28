"""Where people and programs come in: what of FAB's own entrances is used, changed or closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.configuration import conf
from fastapi import HTTPException

from aerodrome_airflow.login.refusal import Refused

SECTION, KIND = "aerodrome", "login_kind"
_SHORT_LOGOUT = "/logout"


def decides(manager: Any) -> bool:
    """Return whether *manager* is the platform's: a configuration without a login has FAB's own."""
    from aerodrome_airflow.login.security_manager import AerodromeSecurityManager

    return isinstance(manager, AerodromeSecurityManager)


def require_deployed_login(flask_app: Any) -> None:
    """Do nothing where the login that was deployed decides; AirflowConfigException elsewhere."""
    from airflow.exceptions import AirflowConfigException

    wanted = conf.get(SECTION, KIND, fallback="")
    # Without webserver_config.py FAB goes on with users of its own database, and says nothing.
    if wanted and not decides(flask_app.appbuilder.sm):
        raise AirflowConfigException(
            f"webserver_config.py is missing or another one: the login of kind {wanted} does not decide"
        )


def close_short_logout(app: Any, flask_app: Any) -> None:
    """Leave /logout to the page /logout/: FAB's own route forgets the cookies and lets the session go on."""
    if decides(flask_app.appbuilder.sm):
        app.router.routes[:] = [
            route for route in app.router.routes if getattr(route, "path", "") != _SHORT_LOGOUT
        ]


def user_of(manager: Any, body: Mapping[str, Any]) -> Any:
    """Return the user that *body* names with its password; ValueError or HTTPException where there is none."""
    name, password = body.get("username"), body.get("password")
    if not (isinstance(name, str) and isinstance(password, str) and name.strip() and password):
        raise ValueError("Username and password must be provided")
    try:
        return manager.log_in(name, password, web=False)
    except Refused as refused:
        headers = {"Retry-After": str(refused.retry_seconds)} if refused.retry_seconds else None
        raise HTTPException(int(refused.status), refused.told, headers) from None
