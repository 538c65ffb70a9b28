"""The ids that workers log in with: a zone's are exactly the deploy's own; a host's secret id is the host's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aerodrome.clients.vault import Vault
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets.layout import LOGIN
from aerodrome.secrets.reconcile import change

KIND = "login ids"
Logins = Mapping[str, str]
"""Role (its own role id) → secret id."""
_OTHER_ROLE_ID = f"the {LOGIN} has another role id, or is not there yet"


def differences(vault: Vault, logins: Logins) -> tuple[Change, ...]:
    """Return the logins that do not let in exactly who knows the deploy's ids."""
    found = ((role, _difference(vault, role, secret)) for role, secret in sorted(logins.items()))
    return tuple(change("update", KIND, role, why) for role, why in found if why)


def apply(vault: Vault, logins: Logins, progress: Progress) -> None:
    """Let each role in with its own ids alone."""
    for each in differences(vault, logins):
        progress(f"{each.action} {each.what}")
        vault.put_login(each.name, each.name, logins[each.name])


def host_differences(vault: Vault, roles: Iterable[str]) -> tuple[Change, ...]:
    """Return those of the hosts' *roles* that have another role id than their name, by which their hosts log in."""
    wrong = [role for role in roles if vault.role_id(role) != role]
    return tuple(change("update", KIND, role, _OTHER_ROLE_ID) for role in wrong)


def apply_hosts(vault: Vault, roles: Iterable[str], progress: Progress) -> None:
    """Let each of the hosts' *roles* be known by its name."""
    for each in host_differences(vault, roles):
        progress(f"{each.action} {each.what}")
        vault.set_role_id(each.name, each.name)


def _difference(vault: Vault, role: str, secret_id: str) -> str:
    if vault.role_id(role) != role:
        return _OTHER_ROLE_ID
    own = vault.accessor(role, secret_id)
    if own is None:
        return "the workers' secret id is not known there"
    others = len(vault.secret_ids(role) - {own})
    return f"{others} more secret id{'s' if others > 1 else ''} that no deploy made" if others else ""
