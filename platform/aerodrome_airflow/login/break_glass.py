"""A login of the user for emergencies: let in, written down and told to the central channel at once."""

from __future__ import annotations

import logging

from aerodrome_airflow.alerts import tell_platform

EVENT = "break_glass_login"

log = logging.getLogger(__name__)


def tell(user: str, address: str, *, web: bool) -> None:
    """Write the login of *user* to the log, to Airflow's audit log, and to the central alert channel."""
    way = "the login page" if web else "POST /auth/token"
    reason = f"{user} logged in by {way} from {address or 'an unknown address'}"
    log.warning("Break-glass login: %s", reason)
    _write_down(user, reason)
    tell_platform(EVENT, reason, user=user)


def _write_down(user: str, reason: str) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    try:
        with create_session(scoped=False) as session:
            session.add(Log(event=EVENT, owner=user, owner_display_name=user, extra=reason))
    except Exception:
        # In an emergency the login matters more than its row.
        log.exception("The break-glass login could not be written to the audit log")
