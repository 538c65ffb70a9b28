"""A store that an earlier version of the platform filled, whose paths name no environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aerodrome.clients.vault import Vault
from aerodrome.local.stores import earlier_store
from aerodrome.secrets.values import VaultValues

SECRETS = {
    "tenants/alpha/connections/db": {"conn_type": "postgres", "password": "a"},
    "tenants/alpha/variables/key": {"value": "k"},
    "tenants/removed/variables/key": {"value": "r"},
}
READS = 'path "aerodrome/data/tenants/alpha/connections/db" {\n  capabilities = ["read"]\n}\n'
NOTHING = 'path "sys/none" {\n  capabilities = ["deny"]\n}\n'
FOREIGN = 'path "team/data/x" {\n  capabilities = ["read"]\n}\n'


@pytest.fixture
def earlier(vault: Vault) -> Iterator[Vault]:
    """A server with the policies, logins and secrets of the earlier layout, and a policy of somebody else."""
    if "aerodrome" not in vault.mounts():
        vault.enable_kv("aerodrome")
        vault.enable_login("approle")
    for path, value in SECRETS.items():
        vault.write("aerodrome", path, value)
    for name, text in (("default", READS), ("platform", NOTHING), ("team", FOREIGN)):
        vault.put_policy(f"aerodrome-{name}", text)
        vault.put_role("auth/approle/role", f"aerodrome-{name}", {"token_policies": [f"aerodrome-{name}"]})
    yield vault
    for path in (*SECRETS, *(f"local/{path}" for path in SECRETS)):
        vault.delete("aerodrome", path)


def moved(vault: Vault) -> dict[str, object]:
    """Return what is at the new places of the secrets."""
    return {path: vault.read("aerodrome", f"local/{path}") for path in SECRETS}


def test_every_secret_is_moved_once(earlier: Vault) -> None:
    """Those of removed tenants too; what read them goes, what somebody else made stays."""
    told = {(c.action, c.name) for c in earlier_store.differences(earlier, "local")}
    assert {("update", path) for path in SECRETS} < told and ("delete", "aerodrome-default") in told
    earlier_store.apply(earlier, "local", lambda _: None)
    assert moved(earlier) == SECRETS and VaultValues(earlier).names("tenants/alpha/connections") == ()
    assert earlier_store.differences(earlier, "local") == ()
    mine = {"aerodrome-default", "aerodrome-platform", "aerodrome-team"}
    assert earlier.policies() & mine == earlier.roles("auth/approle/role") & mine == {"aerodrome-team"}


@pytest.mark.parametrize("after", range(5))
def test_an_interruption_loses_nothing(earlier: Vault, after: int) -> None:
    """At whichever step: each secret is at its old or its new place, and the next deploy goes on."""
    left = after

    def progress(_: str) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1

    with pytest.raises(KeyboardInterrupt):
        earlier_store.apply(earlier, "local", progress)
    for path, value in SECRETS.items():
        assert value in (earlier.read("aerodrome", path), earlier.read("aerodrome", f"local/{path}"))
    earlier_store.apply(earlier, "local", lambda _: None)
    assert moved(earlier) == SECRETS


def test_what_was_copied_and_not_yet_taken_away_is_no_conflict(earlier: Vault) -> None:
    """And of two values that differ the new place's counts, while the other can be brought back."""
    key, db = "tenants/alpha/variables/key", "tenants/alpha/connections/db"
    earlier.write("aerodrome", f"local/{db}", SECRETS[db])
    earlier.write("aerodrome", f"local/{key}", {"value": "newer"})
    earlier_store.apply(earlier, "local", lambda _: None)
    assert moved(earlier) == {**SECRETS, key: {"value": "newer"}}
    assert earlier_store.differences(earlier, "local") == ()
    earlier.put_role("aerodrome/undelete", key, {"versions": [1]})
    assert earlier.read("aerodrome", key) == SECRETS[key]
