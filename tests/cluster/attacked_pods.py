"""Tenants' pods on a real kubelet, seen from the code in one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from aerodrome.local.machine.deadline import wait_until
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from pods import LONGEST_SECONDS
from tenant_pods import TOKEN, TenantPod

PORT, BROKERS_PORT = 9000, 6379
API_SERVER = ("10.96.0.1", 443)
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
LEVEL = "pod-security.kubernetes.io/enforce"
# Each ends with a word of its own: what broke off has shown nothing.
_END = "print('looked', end='')\n"
_TOKEN = f"""
import pathlib
for place in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        if {TOKEN.encode()!r} in place.read_bytes() and place.parent.name != "self":
            print("the token")
    except OSError:
        pass
"""
_PROCESSES = """
import pathlib
for place in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    print(place.read_bytes().replace(b"\\0", b" ").decode())
"""
_CONNECT = """
import socket
try:
    socket.create_connection({target!r}, 3).close()
    print("connected")
except OSError:
    pass
"""
_EXISTS = """
import os
if os.path.exists({path!r}):
    print({path!r})
"""
_SERVE = f"import subprocess; subprocess.Popen(['python', '-m', 'http.server', '{PORT}'])"


@dataclass(frozen=True)
class Pods:
    """The attacker's pod, that of another tenant, and the addresses of the broker and of what one zone may reach."""

    own: TenantPod
    other: TenantPod
    broker: str
    records: str

    def token(self) -> str:
        """Return the token of the task where the attacker's code finds it."""
        return self._says(_TOKEN)

    def processes(self) -> str:
        """Return the command lines that the attacker's code sees."""
        return self._says(_PROCESSES)

    def login(self) -> str:
        """Return where the attacker's code has a token for the cluster's API."""
        return self._says(_EXISTS.format(path=f"{ACCOUNT}/token"))

    def to_itself(self) -> str:
        """Return that the attacker's code connects to its own pod, where it does; so do the next four."""
        return self._connects("127.0.0.1", PORT)

    def to_other(self) -> str:
        """The same of the other tenant's pod."""
        return self._connects(self.other.address, PORT)

    def to_broker(self) -> str:
        """The same of the broker."""
        return self._connects(self.broker, BROKERS_PORT)

    def to_records(self) -> str:
        """The same of what holds personal data."""
        return self._connects(self.records, BROKERS_PORT)

    def to_cluster(self) -> str:
        """The same of the cluster's API server."""
        return self._connects(*API_SERVER)

    def listen(self) -> None:
        """Have the code of both tenants listen."""
        for pod in (self.own, self.other):
            pod.python(_SERVE)
        # Seen from outside, a server that has not begun would be one that is kept away.
        seen = (self, replace(self, own=self.other))
        assert wait_until(lambda: all(each.to_itself() for each in seen), LONGEST_SECONDS)

    def open(self) -> None:
        """Take away what keeps both pods to themselves, and return when it is gone."""
        for pod in (self.own, self.other):
            network = client.NetworkingV1Api(pod.room.api)
            network.delete_collection_namespaced_network_policy(pod.room.name)
            labels = {"metadata": {"labels": {LEVEL: "privileged"}}}
            pod.room.core.patch_namespace(pod.room.name, labels)
        ways = (self.to_other, self.to_broker, self.to_cluster)
        assert wait_until(lambda: all(way() for way in ways), LONGEST_SECONDS)

    def takes(self, **spec: Any) -> bool:
        """Return whether the attacker's namespace takes a pod of that *spec*; nothing is made of it."""
        pod = {"metadata": {"name": "evil"}, "spec": {"containers": [{"name": "main", "image": "x"}], **spec}}
        try:
            self.own.room.core.create_namespaced_pod(self.own.room.name, pod, dry_run="All")
        except ApiException as refused:
            assert refused.status == 403 and "PodSecurity" in refused.body, refused.body
            return False
        return True

    def _connects(self, address: str, port: int) -> str:
        return self._says(_CONNECT.format(target=(address, port)))

    def _says(self, code: str) -> str:
        said = self.own.python(code + _END)
        assert said.endswith("looked"), said
        return said.removesuffix("looked").strip()
