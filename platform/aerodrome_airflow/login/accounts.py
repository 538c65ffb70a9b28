"""FAB's users of people who log in: made at the first login, brought up to date at each."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from aerodrome_airflow.directory.entry import LONGEST_PART, Entry
from aerodrome_airflow.directory.settings import NO_PASSWORD
from aerodrome_airflow.login.refusal import ShutOut

# What a deploy's own users have: whoever bears it may be deleted by the next deploy.
_OF_DEPLOY = "@localhost"
_NO_MAIL = "@directory.invalid"
_LONGEST_EMAIL = 512

log = logging.getLogger(__name__)


def settled(manager: Any, entry: Entry, roles: Collection[str]) -> Any:
    """Return the user of *entry* with exactly *roles*; None where there are no roles, which it then has lost.

    ShutOut where somebody has deactivated the user: what roles have left inactive holds none.
    """
    user = manager.find_user(username=entry.name)
    if user is None:
        return _made(manager, entry, roles) if roles else None
    if not user.active and user.roles:
        raise ShutOut
    _bring_up_to_date(manager, user, entry, roles)
    return user if roles else None


def _made(manager: Any, entry: Entry, roles: Collection[str]) -> Any:
    from airflow.providers.fab.auth_manager.security_manager.override import FabException

    try:
        return manager.add_user(
            entry.name,
            _part(entry.first_name, entry.name),
            _part(entry.last_name, entry.name),
            _email(manager, entry),
            _roles(manager, roles),
            hashed_password=NO_PASSWORD,
        )
    except FabException:
        # Two first logins at once: the other one made the user.
        user = manager.find_user(username=entry.name)
        if user is None:
            raise
        _bring_up_to_date(manager, user, entry, roles)
        return user


def _bring_up_to_date(manager: Any, user: Any, entry: Entry, roles: Collection[str]) -> None:
    user.first_name = _part(entry.first_name, entry.name)
    user.last_name = _part(entry.last_name, entry.name)
    user.email = _email(manager, entry)
    user.password = NO_PASSWORD
    user.active = bool(roles)
    user.roles = _roles(manager, roles)
    user.groups = []
    if not manager.update_user(user):
        raise RuntimeError(f"the user {entry.name} could not be brought up to date")


def _roles(manager: Any, names: Collection[str]) -> list[Any]:
    found = {name: manager.find_role(name) for name in sorted(names)}
    if missing := [name for name, role in found.items() if role is None]:
        log.warning("Roles that no deploy has made yet: %s", ", ".join(missing))
    return [role for role in found.values() if role is not None]


def _part(text: str, otherwise: str) -> str:
    return (text or otherwise)[:LONGEST_PART]


def _email(manager: Any, entry: Entry) -> str:
    """Return the person's mailbox, or a text of their own: FAB takes no address twice."""
    email = entry.email.strip()
    if not email or len(email) > _LONGEST_EMAIL or email.lower().endswith(_OF_DEPLOY):
        return f"{entry.name}{_NO_MAIL}"
    holder = manager.find_user(email=email)
    if holder is not None and holder.username.lower() != entry.name.lower():
        return f"{entry.name}{_NO_MAIL}"
    return email
