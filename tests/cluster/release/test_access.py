"""A cluster that cannot be reached, or that does not let a deploy in, says so by name."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access, access, select
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.helm import Helm
from aerodrome.errors import USER_MISTAKE, UserError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pods import Space
from release_bench import HELMS, PROGRAMS, RELEASE

CONFIG_MAPS = "/api/v1/namespaces/{}/configmaps"
CLOSED = "https://127.0.0.1:9"


def changed(
    way: Access, *, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None
) -> Access:
    """Return *way* with parts of its cluster's entry replaced, or with another *user*."""
    config = {
        **way.config,
        "clusters": [
            {"name": way.config["clusters"][0]["name"], "cluster": {**way.cluster, **(cluster or {})}}
        ],
        "users": [{"name": way.config["users"][0]["name"], "user": way.user if user is None else user}],
    }
    return select(config, way.context, way.place)


def pair(until: datetime) -> tuple[str, str]:
    """Return a certificate that nobody signed, and its key, as a kubeconfig holds them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody else")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(until - timedelta(days=1)).not_valid_after(until)
    certificate = built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b64encode(certificate).decode(), b64encode(plain).decode()


def refusals(way: Access) -> list[UserError]:
    """Return what a request, and Helm of both versions, fail with."""
    found = []
    helms = [Helm(PROGRAMS / name, way, RELEASE, "default", 20) for name in HELMS]
    for ask in (lambda: Cluster(way).get("/api/v1/nodes"), *(helm.history for helm in helms)):
        with pytest.raises(UserError) as raised:
            ask()
        assert raised.value.exit_code == USER_MISTAKE
        found.append(raised.value)
    return found


def test_a_closed_port_is_no_answer(way: Access) -> None:
    """With the address that was tried."""
    for problem in refusals(changed(way, cluster={"server": CLOSED})):
        assert isinstance(problem, UnreachableError)
        assert str(problem).startswith(f"{CLOSED} does not answer: ")
        assert "look whether the cluster runs" in problem.remedy


def test_a_token_that_nobody_gave_is_a_refused_login(way: Access) -> None:
    """The remedy is another login."""
    for problem in refusals(changed(way, user={"token": "made-up-by-nobody"})):
        assert str(problem).startswith(
            f"{way.server} refuses the login: its token or certificate has expired"
        )
        assert problem.remedy == "log in again, or look which context KUBECONFIG names"


def test_a_cluster_with_another_authority_is_not_trusted(way: Access) -> None:
    """Nothing is told to whoever answers there."""
    other, _ = pair(datetime.now(UTC) + timedelta(hours=1))
    first, *by_helm = refusals(changed(way, cluster={"certificate-authority-data": other}))
    assert str(first).startswith(f"{way.server} is not who it should be: ")
    assert "certificate verify failed" in str(first)
    assert first.remedy == f"the certificate authority of its cluster stands in {way.place}"
    assert all(str(one).startswith(f"{way.server} does not answer: ") for one in by_helm)


def test_a_login_that_has_expired_is_refused(way: Access) -> None:
    """As is one of another cluster: the API server does not tell them apart."""
    certificate, key = pair(datetime.now(UTC) - timedelta(hours=1))
    late = changed(way, user={"client-certificate-data": certificate, "client-key-data": key})
    for problem in refusals(late):
        assert str(problem).startswith(
            f"{way.server} refuses the login: its token or certificate has expired"
        )


def test_a_missing_right_is_named(way: Access, elsewhere: Space) -> None:
    """By verb, resource and namespace."""
    token = elsewhere.core.create_namespaced_service_account_token(
        "default", elsewhere.name, {"spec": {"expirationSeconds": 600}}
    ).status.token
    powerless = changed(way, user={"token": token})
    who = f"system:serviceaccount:{elsewhere.name}:default"
    with pytest.raises(UserError) as raised:
        Cluster(powerless).request(
            "POST", CONFIG_MAPS.format(elsewhere.name), body={"metadata": {"name": "a"}}
        )
    assert str(raised.value).startswith(f"{who} may not create configmaps in namespace {elsewhere.name}\n")
    first, *by_helm = refusals(powerless)
    assert str(first).startswith(f"{who} may not list nodes in the whole cluster\n")
    assert all(str(one).startswith(f"{who} may not list secrets in namespace default\n") for one in by_helm)


def test_without_a_kubeconfig_no_cluster_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither by the variable nor at the usual place."""
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"~/\.kube/config: no such file, so no cluster is known") as raised:
        access()
    assert raised.value.remedy == "set KUBECONFIG to a file that `kubectl` works with"
