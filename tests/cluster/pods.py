"""Small pods in a namespace of their own, and what they say."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aerodrome.local.machine.deadline import wait_until
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream

IMAGE = "localhost/aerodrome-small:1"
LONGEST_SECONDS = 60


@dataclass(frozen=True)
class Space:
    """A namespace."""

    api: client.ApiClient
    name: str

    @property
    def core(self) -> client.CoreV1Api:
        """Pods, services, claims."""
        return client.CoreV1Api(self.api)

    def start(self, name: str, *command: str, **pod: Any) -> None:
        """Start a pod *name* with one container, of busybox or probe; *pod*: the rest of its spec."""
        container = {"name": "main", "image": IMAGE, "imagePullPolicy": "Never", "command": list(command)}
        spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, **pod}
        spec["containers"] = [container | pod.get("container", {})]
        spec.pop("container", None)
        metadata = {"name": name, "labels": {"app": name}}
        self.core.create_namespaced_pod(self.name, {"metadata": metadata, "spec": spec})

    def phase(self, name: str) -> str:
        """Return how the pod stands."""
        return str(self.core.read_namespaced_pod(name, self.name).status.phase)

    def wait(self, name: str, *phases: str) -> Any:
        """Return the pod's status once it is in one of *phases*."""
        assert wait_until(lambda: self.phase(name) in phases, LONGEST_SECONDS), self.told(name)
        return self.core.read_namespaced_pod(name, self.name).status

    def output(self, name: str) -> str:
        """Return what the pod has written when it has ended."""
        self.wait(name, "Succeeded", "Failed")
        # The client would else take text for JSON where it can.
        return str(self.core.read_namespaced_pod_log(name, self.name, _preload_content=False).data.decode())

    def run(self, name: str, *command: str) -> str:
        """Return what a *command* in the running pod writes, errors too."""
        asked = {"command": list(command), "stdout": True, "stderr": True, "stdin": False, "tty": False}
        told = stream(
            self.core.connect_get_namespaced_pod_exec, name, self.name, **asked, _preload_content=False
        )
        told.run_forever(timeout=LONGEST_SECONDS)
        return str(told.read_all())

    def serve(self, name: str, port: int) -> None:
        """Give the pod a Service of its name."""
        spec = {"selector": {"app": name}, "ports": [{"port": port}]}
        self.core.create_namespaced_service(self.name, {"metadata": {"name": name}, "spec": spec})

    def told(self, name: str) -> str:
        """Return what the cluster says of the pod."""
        events = self.core.list_namespaced_event(
            self.name, field_selector=f"involvedObject.name={name}"
        ).items
        return f"{name}: {self.phase(name)}; " + "; ".join(
            f"{each.reason}: {each.message}" for each in events
        )


@contextlib.contextmanager
def space(api: client.ApiClient) -> Iterator[Space]:
    """Make a namespace; it is gone afterwards."""
    found = Space(api, f"test-{secrets.token_hex(4)}")
    found.core.create_namespace({"metadata": {"name": found.name}})
    try:
        # Pods are refused before there is an account for them.
        assert wait_until(lambda: _has_account(found), LONGEST_SECONDS)
        yield found
    finally:
        found.core.delete_namespace(found.name)


def _has_account(found: Space) -> bool:
    try:
        return bool(found.core.read_namespaced_service_account("default", found.name))
    except ApiException:
        return False
