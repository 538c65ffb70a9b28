"""How Prometheus finds what it scrapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Object = dict[str, Any]
ObjectsOf = Callable[..., list[Object]]
PGBOUNCER = {"pgbouncer.enabled": True}


def scraped(objects: list[Object]) -> set[str]:
    """Return the names of services that ask to be scraped."""
    return {
        one["metadata"]["name"]
        for one in objects
        if "prometheus.io/scrape" in (one["metadata"].get("annotations") or {})
    }


def monitors(objects: list[Object]) -> dict[str, Object]:
    """Return name → monitor."""
    kinds = {"ServiceMonitor", "PodMonitor"}
    return {one["metadata"]["name"]: one for one in objects if one["kind"] in kinds}


def test_by_default_the_services_say_so_themselves(objects_of: ObjectsOf) -> None:
    """A cluster without the Prometheus operator takes all of it."""
    objects = objects_of(**PGBOUNCER)
    assert scraped(objects) == {"r-statsd", "r-pgbouncer"}
    assert not [one["kind"] for one in objects if "monitoring.coreos.com" in one["apiVersion"]]


@pytest.mark.parametrize(
    ("kind", "list_of", "owners"),
    [("serviceMonitor", "endpoints", "Service"), ("podMonitor", "podMetricsEndpoints", "Deployment")],
)
def test_a_monitor_names_ports_and_labels_that_there_are(
    objects_of: ObjectsOf, kind: str, list_of: str, owners: str
) -> None:
    """And nothing is scraped twice."""
    objects = objects_of(
        **PGBOUNCER, **{"telemetry.scrape": kind, "telemetry.monitor.labels": {"team": "data"}}
    )
    assert scraped(objects) == set()
    found = monitors(objects)
    assert found.keys() == {"r-statsd", "r-pgbouncer"}
    for name, monitor in found.items():
        (owner,) = [one for one in objects if one["kind"] == owners and one["metadata"]["name"] == name]
        assert monitor["metadata"]["labels"]["team"] == "data"
        assert monitor["spec"][list_of][0]["port"] in ports(owner)
        assert monitor["spec"]["selector"]["matchLabels"].items() <= labels(owner).items()


def labels(owner: Object) -> dict[str, str]:
    """Return the labels by which a monitor selects *owner*: a service's own, those of a Deployment's pods."""
    template = owner["spec"].get("template", owner)
    return dict(template["metadata"]["labels"])


def ports(owner: Object) -> set[str]:
    """Return the names of the ports of a service, or of a Deployment's containers."""
    if owner["kind"] == "Service":
        return {port["name"] for port in owner["spec"]["ports"]}
    containers = owner["spec"]["template"]["spec"]["containers"]
    return {port["name"] for one in containers for port in one.get("ports", [])}
