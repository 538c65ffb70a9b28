"""The token of who deploys needs no more than the documentation says, and cannot do more."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import certificates
from aerodrome.secrets.values import VaultValues, stored
from aerodrome.targets.secrets import VaultTarget
from example import environment, many

PLACE = "cluster"
TEXT = Path(__file__).resolve().parents[3] / "docs/how-to/let-pods-read-secrets.md"


@pytest.fixture(scope="module")
def deploying(vault: Vault) -> Vault:
    """Access with the documented policy, to a server that knows the cluster and has seen no deploy."""
    found = re.search(r"```hcl\n(.*?)```", TEXT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    vault.enable_login("kubernetes")
    authority = certificates.made("127.0.0.1", "cluster").authority
    cluster = {"kubernetes_host": "https://127.0.0.1:1", "kubernetes_ca_cert": authority}
    vault.put_role("auth/kubernetes", "config", {**cluster, "disable_local_ca_jwt": True})
    vault.put_policy("deploys", found[1].replace("prod", PLACE))
    vault.put_role("auth/token/roles", "deploys", {"allowed_policies": ["deploys"], "orphan": True})
    return replace(vault, token=vault.mint("deploys", "1h"))


def test_the_documented_policy_is_enough_for_deploys_and_secrets(deploying: Vault) -> None:
    """From the first deploy to a tenant that leaves; nothing of another environment can be touched."""
    target = VaultTarget(environment("kubernetes", PLACE), many(3), deploying)
    target.apply(target.changes(), lambda _: None)
    assert target.changes() == () and deploying.role("auth/kubernetes", "config") is not None
    values, path = VaultValues(deploying), names.connection_path(PLACE, "t01", "db")
    values.write(path, {"conn_type": "postgres"})
    assert tuple(stored(values, PLACE, "t01")) == ("connections/db",)
    values.delete(path)
    fewer = replace(target, tenants=many(1))
    fewer.apply(fewer.changes(), lambda _: None)
    assert fewer.changes() == ()


@pytest.mark.parametrize("name", ["aerodrome-prod.default", "aerodrome-cluster2.default", "somebodys"])
def test_what_is_of_another_environment_is_out_of_its_reach(deploying: Vault, name: str) -> None:
    """Its policies, its roles and its secrets."""
    for place in ("auth/kubernetes/role", "auth/approle/role", "auth/token/roles"):
        with pytest.raises(AerodromeError, match="permission denied"):
            deploying.put_role(place, name, {})
    with pytest.raises(AerodromeError, match="permission denied"):
        deploying.put_policy(name, "")
    with pytest.raises(AerodromeError, match="permission denied"):
        VaultValues(deploying).write("prod/tenants/t01/connections/db", {"conn_type": "postgres"})
