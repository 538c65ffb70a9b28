"""What hosts outside need beside a cluster: an address and a certificate of the entrance, and the DAGs over HTTPS."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import os
import secrets
import ssl
import subprocess
import threading
from collections.abc import Iterable, Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aerodrome.local.machine import certificates
from aerodrome.local.machine.certificates import ServerCertificate
from fleet import owner
from fleet.host import Host, start
from fleet.image import image
from fleet.keys import Keys
from fleet.needs import needed
from fleet.network import CLUSTER
from kubernetes import client
from sandbox import ENVIRONMENT, NAMESPACE, VALUES, Sandbox
from secrets_store import Store
from testbed import bases
from testbed.place import MACHINE
from testbed.registry import GIT

ENTRANCE = "10.96.77.77"
"""The address at which hosts reach the entrance: that of a Service, as a load balancer's would be."""
BROKER_PORT, API_PORT = 6380, 8443
CERTIFICATE = "entrance-tls"
READER = "reader"
INSIDE = "airflow-worker-onprem"
"""The StatefulSet of the workers whose place hosts take, which a deploy removes: who deploys names it."""
INVENTORY, KEYS = "environments/sandbox/inventory/hosts.yml", ".aerodrome/outside"
_HOSTS = f"""
hosts:
  execution_api: https://{ENTRANCE}:{API_PORT}
  broker: {ENTRANCE}:{BROKER_PORT}
  secrets: {{store}}
  bundle: https://{MACHINE}:{{dags}}/sandbox.git
  authority: hosts-ca.pem
  networks: [{CLUSTER.subnet}, {MACHINE}/32]
  certificate: {CERTIFICATE}
  bundle_user: {READER}
  bundle_password_file: .aerodrome/bundle-password
  python:
    wheelhouse: true
  firewall:
    ssh_from: [{CLUSTER.gateway}/32]
  system:
    open_files: 16384
    sysctls: false
"""
_HYBRID = f"""
hybrid:
  image: {{repository: {bases.ENTRANCE.repository}, tag: "{bases.ENTRANCE.tag}"}}
  replicas: 1
  service: {{type: ClusterIP}}
"""
_INVENTORY = f"""\
all:
  vars:
    ansible_user: ops
    ansible_ssh_common_args: -F {KEYS}/ssh_config
    queues: [onprem]
  hosts:
"""


def admit(api: client.ApiClient, certificate: ServerCertificate) -> None:
    """Give the entrance of the release its address and *certificate*, as whoever runs the cluster does."""
    core = client.CoreV1Api(api)
    texts = {"tls.crt": certificate.certificate, "tls.key": certificate.key}
    secret = {"metadata": {"name": CERTIFICATE}, "type": "kubernetes.io/tls", "stringData": texts}
    core.create_namespaced_secret(NAMESPACE, secret)
    spec = {
        "clusterIP": ENTRANCE,
        "selector": {"component": "entrance", "release": "airflow"},
        "ports": [
            {"name": "broker", "port": BROKER_PORT, "targetPort": "broker"},
            {"name": "execution-api", "port": API_PORT, "targetPort": "execution-api"},
        ],
    }
    core.create_namespaced_service(NAMESPACE, {"metadata": {"name": "from-outside"}, "spec": spec})


def inventory(hosts: Iterable[Host]) -> str:
    """Return the inventory's text that has *hosts*, all of the queue onprem."""
    return _INVENTORY + "".join(f"    {host.name}: {{ansible_host: {host.address}}}\n" for host in hosts)


@contextlib.contextmanager
def machines(place: Sandbox, names: Iterable[str]) -> Iterator[list[Host]]:
    """Start machines with Debian and nothing of the platform, which whoever deploys *place* logs in to."""
    if needed("test-cluster"):
        raise RuntimeError("hosts need root, and Debian's packages")
    keys, found = Keys(place.root / KEYS, "10.203.79.*"), list[Host]()
    # What this run starts is gone afterwards, also after a kill -9.
    os.environ[owner.ENVIRONMENT] = owner.myself()
    owner.sweep()
    try:
        made = image()
        for name in names:
            found.append(start(name, CLUSTER, keys, made))
        yield found
    finally:
        owner.remove_all(os.environ.pop(owner.ENVIRONMENT))
        CLUSTER.remove()


@contextlib.contextmanager
def asked(place: Sandbox, store: Store, api: client.ApiClient, folder: Path) -> Iterator[None]:
    """Have *place* ask for hosts in the zone onprem, with what these come in by; nothing of it is deployed yet.

    *folder* takes keys. The namespace of the release must be there.
    """
    made, life = certificates.new_authority("the entrance"), dt.timedelta(days=1)
    admit(api, certificates.issued(made, [ENTRANCE], "entrance", life))
    bases.ensure_bases(bases=[bases.ENTRANCE])
    password, kept = secrets.token_urlsafe(16), place.root / ".aerodrome/bundle-password"
    kept.touch(mode=0o600)
    kept.write_text(password, encoding="ascii")
    authorities = place.root / "environments/sandbox/hosts-ca.pem"
    authorities.write_text(made.certificate + store.authority, encoding="ascii")
    with dags_served(folder, certificates.issued(made, [MACHINE], "dags", life), password) as port:
        own = _HOSTS.format(store=store.url, dags=port)
        inside, out = "\n  onprem: {}\n", "\n  onprem: {workers: hosts}\n"
        place.edit(ENVIRONMENT, lambda text: text.replace(inside, out) + own)
        place.edit(VALUES, lambda text: text + _HYBRID)
        yield


class Dags(SimpleHTTPRequestHandler):
    """The files of git repositories, for who knows the password."""

    protocol_version = "HTTP/1.1"

    def __init__(self, login: str, *given: Any, **named: Any) -> None:
        self._login = login
        super().__init__(*given, **named)

    def do_GET(self) -> None:
        """Answer."""
        if self.headers.get("Authorization") == self._login:
            super().do_GET()
            return
        self.send_response(HTTPStatus.UNAUTHORIZED)
        self.send_header("WWW-Authenticate", 'Basic realm="DAGs"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def dags_served(folder: Path, certificate: ServerCertificate, password: str) -> Iterator[int]:
    """Serve the cluster's git repositories at a port of the machine, with *certificate* from files in *folder*."""
    _keep_readable(GIT / "sandbox.git")
    files = {"certificate.pem": certificate.certificate, "key.pem": certificate.key}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    login = f"Basic {base64.b64encode(f'{READER}:{password}'.encode()).decode()}"
    server = ThreadingHTTPServer((MACHINE, 0), partial(Dags, login, directory=str(GIT)))
    # Who connects and says nothing keeps nobody else waiting.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _keep_readable(repository: Path) -> None:
    """Have what git reads without a program on the server written after each push."""
    hook = repository / "hooks/post-update"
    hook.write_text("#!/bin/sh\nexec git update-server-info\n", encoding="ascii")
    hook.chmod(0o755)
    subprocess.run(["git", "-C", repository, "update-server-info"], check=True)
