"""The cluster does what the platform asks of any cluster: names, limits, volumes, logs, commands."""

from __future__ import annotations

from aerodrome.local.machine.deadline import wait_until
from pods import LONGEST_SECONDS, Space

SLEEP = ("sleep", "600")
PAGE = ("probe", "serve", "8080", "served")


def test_a_pod_writes_a_log_and_takes_commands(here: Space) -> None:
    """By API server and kubelet."""
    here.start("writes", "echo", "hello")
    assert here.output("writes") == "hello\n"
    here.start("waits", *SLEEP)
    here.wait("waits", "Running")
    assert here.run("waits", "echo", "asked") == "asked\n"


def test_a_service_is_found_by_its_name(here: Space) -> None:
    """By DNS, over an address that no pod has."""
    here.start("page", *PAGE)
    here.serve("page", 8080)
    here.start("asks", *SLEEP)
    for name in ("page", "asks"):
        here.wait(name, "Running")
    ask = ("probe", "get", f"http://page.{here.name}.svc.cluster.local:8080")
    assert wait_until(lambda: here.run("asks", *ask) == "served", LONGEST_SECONDS), here.run("asks", *ask)


def test_a_container_over_its_memory_is_killed(here: Space) -> None:
    """It alone."""
    limits = {"resources": {"limits": {"memory": "32Mi"}}}
    here.start("hog", "sh", "-c", "tail /dev/zero", container=limits)
    (ended,) = here.wait("hog", "Failed").container_statuses
    assert (ended.state.terminated.reason, ended.state.terminated.exit_code) == ("OOMKilled", 137)


def test_what_is_written_to_a_volume_outlives_the_pod(here: Space) -> None:
    """A claim without a class gets the cluster's own."""
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    here.core.create_namespaced_persistent_volume_claim(
        here.name, {"metadata": {"name": "kept"}, "spec": claim}
    )
    volume = {"volumes": [{"name": "kept", "persistentVolumeClaim": {"claimName": "kept"}}]}
    mounted = {"volumeMounts": [{"name": "kept", "mountPath": "/kept"}]}
    here.start("writes", "sh", "-c", "echo 1 > /kept/it", container=mounted, **volume)
    here.wait("writes", "Succeeded")
    here.start("reads", "cat", "/kept/it", container=mounted, **volume)
    assert here.output("reads") == "1\n"
