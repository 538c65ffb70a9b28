"""Images come from registries that the company trusts, or are named by their digest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]
Pods = Callable[..., list[Any]]
DIGEST = "sha256:" + "7" * 64
RULE = "deploymentPolicy.images"
OURS = {f"{RULE}.registries": ["registry.example.org/airflow"]}
BY_DIGEST: dict[str, Any] = {
    f"{RULE}.requireDigest": True,
    f"{RULE}.registries": [],
    "images.airflow": {"repository": "apache/airflow", "digest": DIGEST},
    "images.redis.tag": f"7.2@{DIGEST}",
    "images.statsd.tag": f"v0.28.0@{DIGEST}",
    "images.gitSync.tag": f"v4.4.2@{DIGEST}",
    "postgresql.image.tag": f"17@{DIGEST}",
    "dags.gitSync": {"enabled": True, "credentialsSecret": "git"},
}


@pytest.mark.parametrize(
    "image",
    ["apache/airflow", "docker.io/apache/airflow", "registry.example.org/airflow/ours"],
)
def test_a_registry_or_a_folder_of_one_is_enough(pods_of: Pods, image: str) -> None:
    """An image without a registry is Docker's."""
    trusted = {f"{RULE}.registries": ["registry.example.org/airflow", "docker.io", "quay.io"]}
    pods = pods_of(**trusted, **{"images.airflow.repository": image})
    assert any(one["image"].startswith(image) for pod in pods for one in pod.containers())


@pytest.mark.parametrize("image", ["registry.example.org/airflow-evil/a", "evil.example.org/apache/airflow"])
def test_any_other_is_refused_with_its_key(refusal: Refusal, image: str) -> None:
    """And the component, and the three ways out."""
    said = refusal(**{"images.airflow.repository": image})
    assert (
        f"images.airflow: image {image}:3.3.2 of scheduler comes from none of deploymentPolicy.images.regis"
        in said
    )
    assert "name its registry there, take it from one of them, or write its digest" in said


def test_every_component_with_such_an_image_is_told(refusal: Refusal) -> None:
    """All at once, extra containers and the images of tenants among them."""
    own = {"name": "shipper", "image": "shipper:1"}
    said = refusal(**OURS, **{"statsd.uid": 1000, "apiServer.extraContainers": [own]})
    for key in ("images.redis", "images.statsd", "postgresql.image", "apiServer.extraContainers[shipper]"):
        assert f"{key}: image " in said


def test_images_by_digest_come_from_anywhere(pods_of: Pods) -> None:
    """What it holds cannot change."""
    image = {"repository": "evil.example.org/a", "digest": DIGEST}
    assert pods_of(**{"images.airflow": image})


def test_digests_can_be_asked_of_every_image(pods_of: Pods) -> None:
    """Where there is no key for one, it stands behind the tag."""
    images = {one["image"] for pod in pods_of(**BY_DIGEST) for one in pod.containers()}
    assert {image.rpartition("@")[2] for image in images} == {DIGEST}


def test_one_without_a_digest_is_then_refused(refusal: Refusal) -> None:
    """The text says where to write it."""
    said = refusal(**BY_DIGEST | {"images.redis.tag": "7.2"})
    assert "images.redis: image redis:7.2 of redis has no digest; write its digest" in said


def test_with_digests_the_registries_hold_too_if_there_are_any(refusal: Refusal) -> None:
    """Both can be asked for together."""
    said = refusal(**BY_DIGEST | OURS)
    assert "images.airflow: image apache/airflow@" in said


def test_images_of_tenants_are_looked_at(refusal: Refusal, chart: Any) -> None:
    """By tag they come from trusted registries, as the platform's."""
    tag = {"tenants.flights.image": {"repository": "evil.example.org/a", "tag": "1", "digest": None}}
    said = refusal(chart / "examples/tenants.yaml", **tag)
    assert "tenants.flights.image: image evil.example.org/a:1 of tenants" in said
