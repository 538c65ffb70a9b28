"""Which entry a connection id or variable key means, and whether the tenant that asks may mean it."""

from __future__ import annotations

from aerodrome import names

from aerodrome_airflow.secrets.protocol import Kind, Lookup

LONGEST_SHOWN = 100


class KeyRefused(Exception):
    """The key is nothing that this tenant may ask for; the text says why."""


def lookup(tenant: str, kind: Kind, key: object) -> Lookup:
    """Return what *tenant* asks for by *key*: `<tenant>.<name>` or `global.<name>`; KeyRefused for all else.

    The tenant is never taken from the key: a key that names another one is refused.
    """
    owner = _owner(kind, key)
    if owner not in (tenant, names.GLOBAL):
        raise KeyRefused(
            f"{shown(key)} is not a {kind} of tenant '{tenant}', whose task asks for it: "
            f"it reads '{tenant}.<name>', and '{names.GLOBAL}.<name>' of what all share"
        )
    return Lookup(tenant, kind, names.name_of(str(key)), shared=owner == names.GLOBAL)


def is_plain(key: object) -> bool:
    """Return whether *key* is one word that names no tenant, such as a default of Airflow's own hooks."""
    return isinstance(key, str) and names.is_name(key)


def shown(key: object) -> str:
    """Return *key* for a message: plain ASCII, on one line, not too long."""
    text = ascii(key)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _owner(kind: Kind, key: object) -> str:
    try:
        if isinstance(key, str):
            return names.tenant_of(key)
    except ValueError:
        pass
    raise KeyRefused(f"{shown(key)} can be no {kind} of a tenant: write <tenant>.<name>, in lower case")
