"""A stand-in for Kubernetes that reviews tokens, and an agent in a pod whose token the test gives."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.local.machine import certificates
from aerodrome.targets.secrets import VaultTarget
from secrets_place import ENVIRONMENT, PLACE, TENANTS, Agent, Bao, agent_in_thread

IN_CLUSTER = ENVIRONMENT.model_copy(update={"kind": "kubernetes"})
RELEASE = IN_CLUSTER.cluster


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


def workers_token(zone: str, tenant: str | None = None, audience: str = names.SECRETS_AUDIENCE) -> str:
    """Return the token of the Celery workers of *zone*, or of a *tenant*'s own in it."""
    return token(names.worker_account(RELEASE.release, zone, tenant), RELEASE.namespace, audience)


@contextmanager
def bao_in_cluster(folder: Path) -> Iterator[Bao]:
    """Run a store with the roles of an environment in a cluster, as a deploy makes them."""
    reviewer = ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=reviewer.serve_forever, daemon=True).start()
    made = Bao(folder)
    try:
        made.start()
        made.vault.enable_login("kubernetes")
        target = VaultTarget(IN_CLUSTER, TENANTS, made.vault, {})
        target.apply(target.changes(), lambda _: None)
        settings = {
            "kubernetes_host": f"http://127.0.0.1:{reviewer.server_port}",
            "disable_local_ca_jwt": True,
            # It wants one, though nothing here speaks TLS.
            "kubernetes_ca_cert": certificates.made("127.0.0.1", "cluster").authority,
        }
        made.vault.put_role("auth/kubernetes", "config", settings)
        yield made
    finally:
        made.kill()
        reviewer.shutdown()


@contextmanager
def agent_in_pod(
    folder: Path, store: Bao, text: str, zone: str = "default", tenant: str | None = None, **login: Any
) -> Iterator[Agent]:
    """Run the agent of a pod whose token is *text*: of *tenant*, or where there is none of *zone*'s workers."""
    (folder / "token").write_text(text)
    vault = {
        "kind": "vault",
        "url": f"http://127.0.0.1:{store.port}",
        "kubernetes_mount": "kubernetes",
        "token_file": "token",
        **({} if tenant else {"mints": True}),
        **login,
    }
    said = {"socket": str(folder / "s"), "environment": PLACE, "zone": zone, "store": vault}
    (folder / "agent.json").write_text(json.dumps(said | ({"tenants": [tenant]} if tenant else {})))
    # As a volume of a config map has it.
    (folder / "agent.json").chmod(0o644)
    with agent_in_thread(folder / "agent.json") as made:
        yield made
