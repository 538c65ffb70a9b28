"""Workers outside the cluster come to the broker and to the execution API over TLS, and to nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

NETWORKS = ["10.50.0.0/16", "10.51.0.0/16"]


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """An entrance that asks for certificates."""
    return objects_of("hybrid-entrance")


def configuration(release: Any) -> str:
    """Return nginx.conf."""
    text: str = release.of("ConfigMap")["rel-entrance"]["data"]["nginx.conf"]
    return text


def test_it_is_shut_unless_somebody_opens_it(objects_of: Any) -> None:
    """No service, no pod."""
    assert "entrance" not in str(objects_of().objects)


def test_the_load_balancer_is_internal_and_knows_the_networks(release: Any) -> None:
    """It keeps the address of who comes, which the network policy looks at."""
    service = release.of("Service")["rel-entrance"]
    annotations = service["metadata"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"
    assert service["spec"]["loadBalancerSourceRanges"] == NETWORKS
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    assert [port["port"] for port in service["spec"]["ports"]] == [6380, 8443]


def test_only_the_named_networks_come_in(release: Any) -> None:
    """And only broker and API server are reached from it, which let it in."""
    policies = release.of("NetworkPolicy")
    spec = policies["rel-entrance"]["spec"]
    assert [one["ipBlock"]["cidr"] for one in spec["ingress"][0]["from"]] == NETWORKS
    reached = [
        peer["podSelector"]["matchLabels"]["component"] for rule in spec["egress"][1:] for peer in rule["to"]
    ]
    assert reached == ["redis", "api-server"]
    for name in reached:
        assert policies[f"rel-entrance-{name}"]["spec"]["podSelector"]["matchLabels"]["component"] == name


def test_all_that_listens_for_them_speaks_tls_and_asks_for_a_certificate(release: Any) -> None:
    """The port for probes answers nothing but that it is there, and no service leads to it."""
    text = configuration(release)
    assert re.findall(r"listen (.*);", text) == ["6380 ssl", "8080", "8443 ssl"]
    assert text.count("ssl_protocols TLSv1.2 TLSv1.3;") == 2 == text.count("ssl_verify_client on;")


def test_of_the_api_server_only_the_execution_api_is_reached(release: Any) -> None:
    """Every other path is not found."""
    locations = re.findall(r"location (.*) {", configuration(release))
    assert locations == ["= /health", "/", "/execution/", "/"]
    assert configuration(release).count("proxy_pass http://rel-api-server:8080;") == 1


def test_one_of_both_is_enough(objects_of: Any) -> None:
    """What is not wanted is not open."""
    release = objects_of("hybrid-entrance", hybrid={"broker": {"enabled": False}}, brokerUsers=None)
    assert "stream" not in configuration(release)
    assert [port["name"] for port in release.of("Service")["rel-entrance"]["spec"]["ports"]] == [
        "execution-api"
    ]
    other = objects_of("hybrid-entrance", hybrid={"executionApi": {"enabled": False}})
    assert "/execution/" not in configuration(other)


def test_another_broker_is_named(objects_of: Any) -> None:
    """Redis outside the release, whose users are made there."""
    broker = {"host": "redis.example.org", "egress": [{"to": [{"ipBlock": {"cidr": "10.9.0.0/28"}}]}]}
    release = objects_of("hybrid-entrance", hybrid={"broker": broker}, brokerUsers=None)
    assert "proxy_pass redis.example.org:6379;" in configuration(release)
    assert "10.9.0.0/28" in str(release.of("NetworkPolicy")["rel-entrance"]["spec"]["egress"])
