"""What a tenant's code cannot reach from its pod, and that it would without what keeps it from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aerodrome.local.machine.deadline import wait_until
from image_store import Built
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from pods import LONGEST_SECONDS, Space
from tenant_pods import TOKEN, TenantPod, tenant_pod

FIND_TOKEN = f"""
import pathlib
for place in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        if {TOKEN.encode()!r} in place.read_bytes() and place.parent.name != "self":
            print("found")
    except OSError:
        pass
"""
SEE = """
import pathlib
for place in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    print(place.read_bytes().replace(b"\\0", b" ").decode())
"""
CONNECT = """
import socket
try:
    socket.create_connection(({address!r}, {port}), 3).close()
    print("reached")
except OSError as problem:
    print(problem)
"""


@pytest.fixture(scope="module")
def pod(api: client.ApiClient, built: Built, room: Space) -> Iterator[TenantPod]:
    """A tenant's pod as the chart writes it; `room` stands for the namespace of the release."""
    with tenant_pod(api, built.references, room.name) as found:
        yield found


@pytest.fixture(scope="module")
def other(api: client.ApiClient, built: Built, room: Space) -> Iterator[TenantPod]:
    """The pod of another tenant."""
    with tenant_pod(api, built.references, room.name) as found:
        yield found


@pytest.fixture(scope="module")
def broker(room: Space) -> str:
    """The address of what looks like the broker: in the release's namespace, with its labels."""
    labels = {"tier": "airflow", "release": "airflow", "component": "redis"}
    room.start("broker", "probe", "serve", "6379", "broker")
    room.core.patch_namespaced_pod("broker", room.name, {"metadata": {"labels": labels}})
    room.wait("broker", "Running")
    return str(room.core.read_namespaced_pod("broker", room.name).status.pod_ip)


def reaches(pod: TenantPod, address: str, port: int) -> bool:
    """Return whether the tenant's code comes to *address*."""
    return pod.python(CONNECT.format(address=address, port=port)).strip() == "reached"


def test_code_sees_no_process_of_the_container_with_the_token(pod: TenantPod) -> None:
    """It has processes of its own, the launcher among them."""
    seen = pod.python(SEE)
    assert "aerodrome_airflow.launcher.server" in seen
    assert "sleep 3600" not in seen
    assert pod.python(FIND_TOKEN) == ""


def test_with_one_process_namespace_it_would_read_the_token(
    api: client.ApiClient, built: Built, room: Space
) -> None:
    """The attack is a real one: what keeps it away is the pod's own setting."""
    with tenant_pod(api, built.references, room.name, shareProcessNamespace=True) as open_pod:
        assert "sleep 3600" in open_pod.python(SEE)
        assert "found" in open_pod.python(FIND_TOKEN)


def test_code_has_no_login_to_the_cluster(pod: TenantPod) -> None:
    """No token is mounted, and the API server cannot be reached."""
    assert pod.python("import os; print(os.path.exists('/var/run/secrets/kubernetes.io'))").strip() == "False"
    assert not reaches(pod, "10.96.0.1", 443)


def test_code_comes_to_no_broker_and_to_no_other_tenants_pod(
    pod: TenantPod, other: TenantPod, broker: str
) -> None:
    """Until the policies are gone."""
    other.python("import subprocess; subprocess.Popen(['python', '-m', 'http.server', '9000'])")
    targets = ((broker, 6379), (other.address, 9000))
    assert wait_until(lambda: reaches(other, "127.0.0.1", 9000), LONGEST_SECONDS)
    assert [reaches(pod, *target) for target in targets] == [False, False]
    for each in (pod, other):
        without_policies(each)
    assert wait_until(lambda: all(reaches(pod, *target) for target in targets), LONGEST_SECONDS)


def without_policies(pod: TenantPod) -> None:
    """Take away what keeps the pod to itself."""
    client.NetworkingV1Api(pod.room.api).delete_collection_namespaced_network_policy(pod.room.name)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"hostPID": True}, "hostPID"),
        ({"hostNetwork": True}, "host namespaces"),
        ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, "hostPath"),
        (
            {"containers": [{"name": "main", "image": "x", "securityContext": {"privileged": True}}]},
            "privileged",
        ),
    ],
)
def test_a_tenants_namespace_takes_no_pod_with_rights_on_its_node(
    pod: TenantPod, spec: dict[str, Any], said: str
) -> None:
    """Whoever asks: here somebody who may do everything."""
    asked = {"containers": [{"name": "main", "image": "x"}], **spec}
    with pytest.raises(ApiException) as refused:
        pod.room.core.create_namespaced_pod(pod.room.name, {"metadata": {"name": "evil"}, "spec": asked})
    assert refused.value.status == 403
    assert "PodSecurity" in refused.value.body and said in refused.value.body
