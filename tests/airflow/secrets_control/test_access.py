"""Reaching Vault: by whose certificate, and not before it knows the cluster whose pods are to log in."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.local.machine import certificates
from aerodrome.secrets import access
from example import environment

PLACE = "environments/cluster"


@pytest.fixture
def root(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose commands have every right in the store."""
    (tmp_path / PLACE).mkdir(parents=True)
    monkeypatch.setenv("VAULT_TOKEN", "root")
    return tmp_path


def in_cluster(url: str, **more: str) -> Environment:
    """Return an environment whose store is at *url*."""
    return environment("kubernetes", "cluster", vault={"url": url, **more})


def test_pods_of_a_cluster_that_vault_does_not_know_are_told_of(vault: Vault, root: Path) -> None:
    """Whether the method is not there or knows no cluster; the message says where the way is described."""
    place = in_cluster(vault.url)
    with pytest.raises(
        UserError, match=r"the login method kubernetes of .* knows no cluster: no pod could log in"
    ):
        access.vault_for_pods(root, place)
    vault.enable_login("kubernetes")
    with pytest.raises(UserError, match=r"knows no cluster") as told:
        access.vault_for_pods(root, place)
    assert "docs/how-to/let-pods-read-secrets.md" in str(told.value)
    authority = certificates.made("127.0.0.1", "cluster").authority
    known = {"kubernetes_host": "https://127.0.0.1:1", "kubernetes_ca_cert": authority}
    vault.put_role("auth/kubernetes", "config", {**known, "disable_local_ca_jwt": True})
    assert access.vault_for_pods(root, place) == access.vault(root, place)


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_file_that_is_no_authority_is_told(root: Path, text: str | None) -> None:
    """Before the store is asked anything, and before values for the chart are made of it."""
    if text is not None:
        (root / PLACE / "ca.pem").write_text(text)
    place = in_cluster("https://127.0.0.1:1", ca_file="ca.pem")
    for asks in (access.vault, access.authority):
        with pytest.raises(UserError, match=f"{PLACE}/ca.pem is missing, or holds no certificate"):
            asks(root, place)


def test_the_authority_is_what_the_client_trusts(root: Path, vault: Vault) -> None:
    """And what pods are told to trust; without a file both trust the public ones."""
    made = certificates.made("127.0.0.1", "vault").authority
    (root / PLACE / "ca.pem").write_text(made)
    assert access.authority(root, in_cluster("https://127.0.0.1:1", ca_file="ca.pem")) == made
    assert access.authority(root, in_cluster("https://127.0.0.1:1")) == ""
    assert access.vault(root, in_cluster(vault.url, ca_file="ca.pem")).authority == str(
        root / PLACE / "ca.pem"
    )
    assert access.vault(root, in_cluster(vault.url)).authority is None
