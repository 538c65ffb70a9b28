"""Hosts outside keep what they were given when their platform in a cluster is deployed."""

from __future__ import annotations

from pathlib import Path

import hvac
import pytest
from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import load_inventory
from aerodrome.kubernetes.targets import secrets_targets
from aerodrome.secrets import host_rights, logins
from aerodrome.secrets.layout import Hosts, of_host
from aerodrome.secrets.live import LiveLayout
from aerodrome.targets.secrets import VaultTarget
from example import environment, tenant
from hosts_of_cluster_place import told_of_a_cluster

PLACE = "far"
TENANTS = {"alpha": tenant(queues=["onprem"], connections={"db": {"type": "postgres"}})}
ROLE, OTHER = (names.host_role(PLACE, host) for host in ("hadoop1", "hadoop2"))
INVENTORY = """\
all:
  vars: {queues: [onprem]}
  hosts:
    hadoop1: {ansible_host: 10.9.9.1}
    hadoop2: {ansible_host: 10.9.9.2}
"""


@pytest.fixture
def place(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment in a cluster with two hosts in its inventory, deployed; the first was let in."""
    file = tmp_path / f"environments/{PLACE}/inventory/hosts.yml"
    file.parent.mkdir(parents=True)
    file.write_text(INVENTORY)
    monkeypatch.setenv("VAULT_TOKEN", "root")
    told_of_a_cluster(vault)
    base = environment("kubernetes", PLACE, vault={"url": vault.url}).model_dump()
    base["zones"]["onprem"] = {"workers": "hosts"}
    base["queues"]["onprem"] = {"zone": "onprem", "shared": False}
    made = Environment.model_validate(base)
    _deployed(tmp_path, made)
    for key, settings in of_host(made, "hadoop1", "onprem", TENANTS):
        LiveLayout(vault, made).put(key, settings)
    logins.apply_hosts(vault, [ROLE], lambda _: None)
    return made


def _target(root: Path, place: Environment, zones: Hosts | None = None) -> VaultTarget:
    (found,) = secrets_targets(root, place, TENANTS, load_inventory(root, place), lambda: zones or {})
    assert isinstance(found, VaultTarget)
    return found


def _deployed(root: Path, place: Environment) -> None:
    target = _target(root, place)
    target.apply(target.changes(), lambda _: None)


def test_a_deploy_takes_no_right_of_a_host_that_was_let_in(
    place: Environment, vault: Vault, tmp_path: Path
) -> None:
    """And gives none to one that was not."""
    login = vault.wrapped_secret_id(ROLE, 60)
    assert _target(tmp_path, place).changes() == ()
    _deployed(tmp_path, place)
    secret = hvac.Client(vault.url, login).sys.unwrap()["data"]["secret_id"]
    assert vault.login(ROLE, secret)
    assert names.host_role(PLACE, "hadoop2") not in vault.roles("auth/approle/role")


def test_what_somebody_changed_of_a_hosts_rights_is_put_right(
    place: Environment, vault: Vault, tmp_path: Path
) -> None:
    """As with every other login."""
    vault.put_policy(ROLE, 'path "*" { capabilities = ["read"] }')
    (change,) = _target(tmp_path, place).changes()
    assert change.what == f"policy {ROLE}" and change.action == "update"
    _deployed(tmp_path, place)
    assert "create/aerodrome-far.onprem.alpha" in (vault.policy(ROLE) or "")


def test_a_host_that_the_inventory_names_no_more_loses_its_rights(
    place: Environment, vault: Vault, tmp_path: Path
) -> None:
    """Login and policy."""
    file = tmp_path / f"environments/{PLACE}/inventory/hosts.yml"
    file.write_text(INVENTORY.replace("hadoop1", "hadoop3"))
    told = {f"{each.action} {each.what}" for each in _target(tmp_path, place).changes()}
    assert told == {f"delete login {ROLE}", f"delete policy {ROLE}"}


def test_a_way_back_neither_shuts_hosts_out_nor_lets_them_in(
    place: Environment, vault: Vault, tmp_path: Path
) -> None:
    """One that was set up meanwhile keeps its login, one that was removed gets none; changed rights are put back."""
    target, live = _target(tmp_path, place), LiveLayout(vault, place)
    text, back = vault.policy(ROLE), target.remember()
    host_rights.give(vault, place, TENANTS, {"hadoop2": "onprem"})
    vault.put_policy(ROLE, 'path "*" { capabilities = ["read"] }')
    back(lambda _: None)
    assert vault.policy(ROLE) == text and live.read().of("login").keys() >= {ROLE, OTHER}
    host_rights.take(vault, place, "hadoop1")
    back(lambda _: None)
    assert {ROLE, OTHER} & live.read().of("login").keys() == {OTHER}


def test_a_host_that_is_let_in_during_a_deploy_is_no_leftover_at_its_end(
    place: Environment, vault: Vault, tmp_path: Path
) -> None:
    """Though the deploy had looked before."""
    target = _target(tmp_path, place)
    assert target.changes() == ()
    host_rights.give(vault, place, TENANTS, {"hadoop2": "onprem"})
    assert target.changes() == ()


def test_a_host_keeps_the_rights_of_the_zone_that_it_was_let_in_for(
    place: Environment, tmp_path: Path
) -> None:
    """Whatever the inventory says of it now: its files and logins are of that zone."""
    wanted = _target(tmp_path, place, {"hadoop1": "pii"})._wanted().of("policy")[ROLE]["text"]
    assert "onprem" not in wanted and _target(tmp_path, place, {"hadoop1": "onprem"}).changes() == ()
