"""Variables that ENV=local makes at random for the tenants that name them: keys that nobody needs to know."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from aerodrome import names
from aerodrome.local.machine.platform import Platform
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets import reconcile
from aerodrome.secrets.values import Values

BYTES = 32


def wanted(platform: Platform) -> tuple[tuple[str, str], ...]:
    """Return (tenant, variable) of all of them, sorted."""
    offers = set(platform.local.variables)
    return tuple(
        (t, v) for t, model in sorted(platform.tenants.items()) for v in sorted(offers & set(model.variables))
    )


def differences(platform: Platform, store: Values) -> list[Change]:
    """Return the ones that *store* lacks; one that is there is never changed."""
    return [
        reconcile.change("create", "variable", names.variable_key(tenant, name), "not there yet")
        for tenant, name in _missing(platform, store)
    ]


def apply(platform: Platform, store: Values, progress: Progress) -> None:
    """Make the ones that *store* lacks."""
    for tenant, name in _missing(platform, store):
        progress(f"write variable {tenant}.{name}")
        value = {"value": secrets.token_urlsafe(BYTES)}
        store.write(names.variable_path(platform.environment.name, tenant, name), value)


def _missing(platform: Platform, store: Values) -> Iterator[tuple[str, str]]:
    for tenant, name in wanted(platform):
        if store.read(names.variable_path(platform.environment.name, tenant, name)) is None:
            yield tenant, name
