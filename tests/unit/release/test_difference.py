"""What of an object differs, how it is told, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.targets.release_difference import (
    MISSING,
    differences,
    digests,
    name_of,
    planned,
    risk,
    told,
    value_at,
    without_removed,
    without_secrets,
)

IMAGE = ("spec", "template", "spec", "containers", "[name=main]", "image")


def deployment(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a Deployment of *containers*."""
    template = {"spec": {"containers": list(containers)}}
    return {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": template, **spec}}


def test_what_controllers_write_is_no_difference() -> None:
    """Nor is what says as little as nothing does."""
    live = {"metadata": {"name": "a", "uid": "1", "generation": 3}, "status": {"x": 1}, "b": None}
    assert differences(live, {"metadata": {"name": "a", "labels": {}}, "spec": {}}) == {}


def test_elements_are_told_apart_by_name() -> None:
    """However many stand before them."""
    before = deployment({"name": "main", "image": "a:1"})
    after = deployment({"name": "first", "image": "b"}, {"name": "main", "image": "a:2"})
    found = differences(before, after)
    assert found[IMAGE] == ("a:1", "a:2")
    assert found[(*IMAGE[:4], "[name=first]")][0] is MISSING
    assert len(found) == 2


def test_ports_of_one_number_are_told_apart_by_protocol() -> None:
    """One without a protocol is TCP."""
    before = {"metadata": {}, "ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}]}
    after = {"metadata": {}, "ports": [{"port": 53}, {"port": 53, "protocol": "UDP", "name": "dns"}]}
    assert list(differences(before, after)) == [("ports", "[port=53,protocol=UDP]", "name")]


def test_another_order_is_a_difference() -> None:
    """Variables of a container may refer to those before them."""
    one, two = {"name": "a"}, {"name": "b"}
    found = differences({"metadata": {}, "env": [one, two]}, {"metadata": {}, "env": [two, one]})
    assert found == {("env", "[order]"): (["[name=a]", "[name=b]"], ["[name=b]", "[name=a]"])}


def test_equal_values_of_other_types_differ() -> None:
    """Kubernetes takes 1 and true for different."""
    assert differences({"metadata": {}, "a": 1}, {"metadata": {}, "a": True}) == {("a",): (1, True)}


@pytest.mark.parametrize(
    ("manager", "expected"), [("kube-controller-manager", 0), ("keda-operator", 0), ("kubectl", 1)]
)
def test_a_number_that_an_autoscaler_set_is_no_difference(manager: str, expected: int) -> None:
    """One that somebody set by hand is."""
    live = deployment(replicas=4)
    live["metadata"]["managedFields"] = [{"manager": manager, "subresource": "scale"}]
    assert len(planned(live, deployment(replicas=1), deployment(replicas=1))) == expected


def test_what_the_api_server_gives_is_no_difference() -> None:
    """Unless the release asks for it."""
    live, after = ({"metadata": {}, "spec": {"clusterIP": ip}} for ip in ("10.0.0.7", "10.0.0.8"))
    assert planned(live, after, {"spec": {}}) == {}
    assert list(planned(live, after, after)) == [("spec", "clusterIP")]


def test_what_is_stated_no_more_is_removed() -> None:
    """What others wrote stays, and so does what is asked for."""
    env = [{"name": name} for name in "abc"]
    live = deployment({"name": "main", "env": [*env, {"name": "theirs"}]}, paused=True)
    before = deployment({"name": "main", "env": env}, paused=True)
    left = without_removed(live, before, deployment({"name": "main", "env": env[1:2]}))
    names = value_at(left, (*IMAGE[:-1], "env"))
    assert [one["name"] for one in names] == ["b", "theirs"]
    assert "paused" not in left["spec"] and live["spec"]["paused"]


def test_only_harmless_values_are_told() -> None:
    """Numbers, switches, images and amounts; of other texts the name of the field alone."""
    found = {
        ("spec", "replicas"): (1, 2),
        IMAGE: ("a:1", "a:2"),
        ("data", "greeting"): ("hello", "moin"),
        ("spec", "paused"): (MISSING, True),
        ("metadata", "labels", "a/b"): ("x", MISSING),
    }
    assert told("ConfigMap", found).split("; ") == [
        "data.greeting",
        "-metadata.labels.a/b",
        "+spec.paused: nothing → true",
        "spec.replicas: 1 → 2",
        "spec.template.spec.containers[name=main].image: a:1 → a:2",
    ]


def test_nothing_of_a_secret_is_told() -> None:
    """No number, and no digest by which it could be guessed."""
    first, second = ({("data", "pin"): (1234, pin)} for pin in (5678, 9012))
    assert told("Secret", first) == "data.pin"
    assert digests("Secret", first) == digests("Secret", second)
    body = {"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"pin": "1234"}}
    assert without_secrets(body) == {"kind": "Secret", "metadata": {"name": "a"}}


def test_a_checksum_is_made_from_secrets_and_not_in_a_digest() -> None:
    """Another rendering, with another generated secret, is the same plan."""
    path = ("spec", "template", "metadata", "annotations")
    first, second = ({path: (MISSING, {"checksum/jwt-secret": text, "a": "b"})} for text in ("1", "2"))
    assert digests("Deployment", first) == digests("Deployment", second)
    third = {path: (MISSING, {"checksum/jwt-secret": "1", "a": "c"})}
    assert digests("Deployment", first) != digests("Deployment", third)


@pytest.mark.parametrize(
    ("kind", "action", "path", "expected"),
    [
        ("Deployment", "update", IMAGE, "restarts"),
        ("Deployment", "update", ("spec", "replicas"), "none"),
        ("Deployment", "create", IMAGE, "restarts"),
        ("Deployment", "delete", (), "restarts"),
        ("StatefulSet", "delete", (), "data"),
        ("PersistentVolumeClaim", "delete", (), "data"),
        ("Namespace", "delete", (), "data"),
        ("ConfigMap", "delete", (), "none"),
        ("RoleBinding", "create", (), "access"),
        ("NetworkPolicy", "update", ("spec", "egress"), "access"),
    ],
)
def test_the_risk_is_that_for_what_runs(kind: str, action: str, path: tuple[str, ...], expected: str) -> None:
    """By kind, by what is done with it, and by the field."""
    assert risk(kind, action, {path: (1, 2)} if path else {}) == expected


def test_an_unusual_key_is_quoted() -> None:
    """It would be taken for several."""
    assert name_of(("data", "airflow.cfg")) == "data['airflow.cfg']"
