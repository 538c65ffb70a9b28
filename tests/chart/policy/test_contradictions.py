"""Values that contradict each other are refused, with the keys and a remedy, all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]
AUTOSCALERS = {"keda": {"enabled": True}, "hpa": {"enabled": True}}
CONTRADICTIONS = [
    ({"workers": AUTOSCALERS}, "workers.keda.enabled and workers.hpa.enabled", "switch one off"),
    ({"workers.celery.sets": [{"name": "heavy"}]}, "workers.celery.sets[heavy].queue", "name its own queue"),
    (
        {"workers": {"keda": {"enabled": True}, "celery": {"sets": [{"name": "heavy", "queue": "heavy"}]}}},
        "workers.enableDefault",
        "make a set of them",
    ),
    (
        {"workers.celery.sets": [{"name": "a", "queue": "x"}, {"name": "a", "queue": "y"}]},
        'two sets are called "a"',
        "a name of its own",
    ),
    (
        {"dags.gitSync": {"enabled": True, "sshKeySecret": "a", "credentialsSecret": "b"}},
        "dags.gitSync.credentialsSecret",
        "ssh address",
    ),
    (
        {"dags.gitSync": {"sshKeySecret": "a", "sshKey": "b"}},
        "dags.gitSync.sshKey and dags.gitSync.sshKeySecret",
        "keep one",
    ),
    ({"fernetKey": "a", "fernetKeySecretName": "b"}, "fernetKey and fernetKeySecretName", "keep one"),
    (
        {"elasticsearch.enabled": True},
        "elasticsearch.enabled: no server is given",
        "set elasticsearch.secretName",
    ),
    (
        {"redis.enabled": False},
        "redis.enabled: false leaves the Celery executor without a broker",
        "set data.brokerUrl",
    ),
    ({"redis": {"passwordSecretName": "a"}}, "redis.passwordSecretName", "set data.brokerUrlSecretName too"),
    (
        {"redis.enabled": False, "data.brokerUrl": "amqp://b"},
        "data.brokerUrl: RabbitMQ keeps no results",
        "data.resultBackendSecretName",
    ),
    (
        {"triggerer.persistence.fixPermissions": True},
        "triggerer.persistence.fixPermissions",
        "leave it false",
    ),
]


@pytest.mark.parametrize(("values", "keys", "remedy"), CONTRADICTIONS)
def test_a_contradiction_is_named_with_its_remedy(
    refusal: Refusal, values: dict[str, Any], keys: str, remedy: str
) -> None:
    """What Helm prints says which keys, and what to do."""
    said = refusal(**values)
    assert keys in said and remedy in said


def test_all_contradictions_are_told_together(refusal: Refusal) -> None:
    """Nobody has to mend them one by one."""
    said = refusal(workers=AUTOSCALERS, fernetKey="a", fernetKeySecretName="b")
    assert "workers.keda.enabled" in said and "fernetKeySecretName" in said
