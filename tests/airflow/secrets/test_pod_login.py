"""In a tenant's pod the agent logs in to a real OpenBao as the pod's service account.

A stand-in for Kubernetes reviews tokens.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.local.machine import certificates
from aerodrome.targets.secrets import VaultTarget
from secrets_place import ENVIRONMENT, PLACE, TENANTS, Agent, Bao, agent_in_thread


class Cluster(BaseHTTPRequestHandler):
    """Says of each token what stands in it, as an API server that signed it would."""

    def do_POST(self) -> None:
        """Answer a TokenReview."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["spec"]
        said = json.loads(_unpacked(asked["token"].split(".")[1]))
        account = said["kubernetes.io"]["serviceaccount"]
        namespace = said["kubernetes.io"]["namespace"]
        known = set(said["aud"]) & set(asked.get("audiences", said["aud"]))
        user = {"username": f"system:serviceaccount:{namespace}:{account['name']}", "uid": account["uid"]}
        status = {"authenticated": bool(known), "user": user, "audiences": sorted(known)}
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}
        self.wfile.write(json.dumps(review).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _packed(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def token(account: str, namespace: str, audience: str = names.SECRETS_AUDIENCE) -> str:
    """Return what the cluster would project into a pod."""
    who = {"namespace": namespace, "serviceaccount": {"name": account, "uid": f"uid-of-{account}"}}
    now = int(time.time())
    times = {"iat": now, "nbf": now - 5, "exp": now + 600}
    claims = {"aud": [audience], "iss": "cluster", "kubernetes.io": who, **times}
    return f"{_packed({'alg': 'RS256', 'typ': 'JWT'})}.{_packed(claims)}.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def cluster_bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A store with the roles of an environment in a cluster, as a deploy makes them."""
    reviewer = ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=reviewer.serve_forever, daemon=True).start()
    made = Bao(tmp_path_factory.mktemp("bao"))
    try:
        made.start()
        there = ENVIRONMENT.model_copy(update={"kind": "kubernetes"})
        target = VaultTarget(there, TENANTS, made.vault, {})
        target.apply(target.changes(), lambda _: None)
        host = f"http://127.0.0.1:{reviewer.server_port}"
        settings = {
            "kubernetes_host": host,
            "disable_local_ca_jwt": True,
            # It wants one, though nothing here speaks TLS.
            "kubernetes_ca_cert": certificates.made("127.0.0.1", "cluster").authority,
        }
        made.vault.put_role("auth/kubernetes", "config", settings)
        yield made
    finally:
        made.kill()
        reviewer.shutdown()


@pytest.fixture
def pod(cluster_bao: Bao, folder: Path, request: pytest.FixtureRequest) -> Iterator[Agent]:
    """The agent of a pod of alpha in zone default, whose token the test may give."""
    (folder / "token").write_text(getattr(request, "param", token("alpha-default", "tenant-alpha")))
    store = {
        "kind": "vault",
        "url": f"http://127.0.0.1:{cluster_bao.port}",
        "kubernetes_mount": "kubernetes",
        "token_file": "token",
    }
    said = {"socket": str(folder / "s"), "environment": PLACE, "zone": "default", "tenants": ["alpha"]}
    (folder / "agent.json").write_text(json.dumps({**said, "store": store}))
    # As a volume of a config map has it.
    (folder / "agent.json").chmod(0o644)
    with agent_in_thread(folder / "agent.json") as made:
        yield made


def test_a_pod_reads_its_tenants_secrets(pod: Agent) -> None:
    """As far as its zone may: what is for personal data is not read here."""
    assert pod.password("db") == "alpha-db-password"
    assert pod.ask("threshold", kind="variable").value == {"value": "alpha-threshold-17"}
    assert pod.password("people") == "refused"


def test_a_pod_asks_for_no_other_tenant(pod: Agent) -> None:
    """Its agent refuses, and the store would."""
    assert pod.password("db", tenant="beta") == "refused"


def test_a_token_that_was_renewed_is_read_again(pod: Agent, folder: Path) -> None:
    """After the five minutes of a login, the file holds a newer one."""
    assert pod.password("db") == "alpha-db-password"
    (folder / "token").write_text("spoilt")
    pod.time.now += 600
    assert pod.password("db0") == "unavailable"
    (folder / "token").write_text(token("alpha-default", "tenant-alpha"))
    # The agent does not ask again at once.
    pod.time.now += 10
    assert pod.password("db1") == "alpha-db1-password"


@pytest.mark.parametrize(
    "pod",
    [
        token("beta-default", "tenant-beta"),
        token("alpha-pii", "tenant-alpha"),
        token("alpha-default", "tenant-beta"),
        token("alpha-default", "tenant-alpha", audience="sts.amazonaws.com"),
        token("alpha-default", "tenant-alpha", audience="https://kubernetes.default.svc"),
        "no token",
    ],
    ids=["another tenant", "another zone", "another namespace", "a token for AWS", "for the cluster", "none"],
    indirect=True,
)
def test_another_token_opens_nothing(pod: Agent) -> None:
    """Nobody else's, and none of the same pod that is for something else."""
    answer = pod.ask("db")
    assert answer.outcome == "unavailable"
    assert "does not accept the login of the pods of tenant 'alpha' in zone 'default'" in answer.reason


def test_a_pod_without_a_token_says_so(pod: Agent, folder: Path) -> None:
    """Where its file should be."""
    (folder / "token").unlink()
    assert f"has no token to log in with: {folder / 'token'}" in pod.ask("db").reason
