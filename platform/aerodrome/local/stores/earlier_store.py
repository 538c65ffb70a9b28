"""A store whose paths named no environment, as earlier versions of the platform kept it: moved once, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets.reconcile import change
from aerodrome.secrets.values import CONNECTIONS, VARIABLES

SECRET, POLICY, LOGIN = (
    "secret of the earlier layout",
    "policy of the earlier layout",
    "login of the earlier layout",
)
MOUNT = names.SECRETS_MOUNT
FOLDER = "tenants"
APPROLES = "auth/approle/role"
# The name of a zone holds no separator: today's names are none of these.
_ROLE = re.compile(r"aerodrome-[a-z][a-z0-9_]*")


def differences(vault: Vault, environment: str) -> tuple[Change, ...]:
    """Return what is still where an earlier version put it."""
    moves = [
        change("update", SECRET, path, f"it moves to {environment}/{path}; its value stays")
        for path in _secrets(vault)
    ]
    return (
        *moves,
        *(change("delete", kind, name, "policies name the environment now") for kind, name in _roles(vault)),
    )


def apply(vault: Vault, environment: str, progress: Progress) -> None:
    """Move each secret below *environment* and remove the policies and logins that read it where it was.

    Safe to interrupt: a secret is taken away from its old place only when it can be read at the new one.
    """
    for path in _secrets(vault):
        progress(f"move {path} to {environment}/{path}")
        _move(vault, path, f"{environment}/{path}")
    for kind, name in _roles(vault):
        progress(f"delete {kind} {name}")
        vault.delete_policy(name) if kind == POLICY else vault.delete_role(APPROLES, name)


def _move(vault: Vault, old: str, new: str) -> None:
    value = vault.read(MOUNT, old)
    if value is None:
        return
    there = vault.read(MOUNT, new)
    if there is None:
        vault.write(MOUNT, new, value)
        there = vault.read(MOUNT, new)
    if there == value:
        vault.delete(MOUNT, old)
    else:
        # Somebody wrote both since: the new place counts, and `bao kv undelete` brings the other one back.
        vault.hide(MOUNT, old)


def _secrets(vault: Vault) -> list[str]:
    return [path for path in _paths(vault) if vault.read(MOUNT, path) is not None]


def _paths(vault: Vault) -> Iterator[str]:
    for tenant in vault.names(MOUNT, FOLDER):
        for kind in (CONNECTIONS, VARIABLES):
            folder = f"{FOLDER}/{tenant.rstrip('/')}/{kind}"
            yield from (f"{folder}/{name}" for name in vault.names(MOUNT, folder))


def _roles(vault: Vault) -> list[tuple[str, str]]:
    """Return (kind, name) of what the earlier version made; a policy of that name that reads else is foreign."""
    policies = [
        name for name in sorted(vault.policies()) if _ROLE.fullmatch(name) and _is_earlier(vault, name)
    ]
    logins = vault.roles(APPROLES) & set(policies)
    return [*((LOGIN, name) for name in sorted(logins)), *((POLICY, name) for name in policies)]


def _is_earlier(vault: Vault, name: str) -> bool:
    paths = re.findall(r'path "([^"]*)"', vault.policy(name) or "")
    return bool(paths) and all(
        path == "sys/none" or path.startswith(f"{MOUNT}/data/{FOLDER}/") for path in paths
    )
