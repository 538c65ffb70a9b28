"""The ids that a zone's workers log in with: exactly the deploy's own, and no others."""

from __future__ import annotations

from collections.abc import Mapping

from aerodrome.clients.vault import Vault
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets.layout import LOGIN
from aerodrome.secrets.reconcile import change

KIND = "login ids"
Logins = Mapping[str, str]
"""Role (its own role id) → secret id."""


def differences(vault: Vault, logins: Logins) -> tuple[Change, ...]:
    """Return the logins that do not let in exactly who knows the deploy's ids."""
    found = ((role, _difference(vault, role, secret)) for role, secret in sorted(logins.items()))
    return tuple(change("update", KIND, role, why) for role, why in found if why)


def apply(vault: Vault, logins: Logins, progress: Progress) -> None:
    """Let each role in with its own ids alone."""
    for each in differences(vault, logins):
        progress(f"{each.action} {each.what}")
        vault.put_login(each.name, each.name, logins[each.name])


def _difference(vault: Vault, role: str, secret_id: str) -> str:
    if vault.role_id(role) != role:
        return f"the {LOGIN} has another role id, or is not there yet"
    own = vault.accessor(role, secret_id)
    if own is None:
        return "the workers' secret id is not known there"
    others = len(vault.secret_ids(role) - {own})
    return f"{others} more secret id{'s' if others > 1 else ''} that no deploy made" if others else ""
