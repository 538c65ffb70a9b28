"""Alerts: each stands on metrics that there are and says what to do. When they fire, alerts.test.yaml says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Alert = dict[str, Any]
# Metrics of others, by the process that serves them.
OTHERS = {
    "certmanager_certificate_expiration_timestamp_seconds": "cert-manager's controller",
    "x509_cert_not_after": "x509-certificate-exporter",
    "container_memory_working_set_bytes": "the kubelet's cAdvisor",
    "kube_pod_container_resource_limits": "kube-state-metrics",
    "kube_pod_container_status_last_terminated_reason": "kube-state-metrics",
    "kube_pod_container_status_restarts_total": "kube-state-metrics",
}
WANTED = {
    "AirflowSchedulerSilent",
    "AirflowQueueWaits",
    "AirflowImportErrors",
    "AirflowTenantTasksFail",
    "AirflowTenantRunsFail",
    "AirflowWorkerMemory",
    "AirflowCertificateEnds",
}


def test_there_is_an_alert_for_all_that_operations_asked_for(alerts: list[Alert]) -> None:
    """And some more."""
    assert {alert["alert"] for alert in alerts} > WANTED


def test_every_query_reads_metrics_that_there_are(
    alerts: list[Alert], selectors: Callable[[str], Any], emitted: set[str]
) -> None:
    """Of Airflow's list, by the mappings, or of a process that is named."""
    read = {(alert["alert"], one.name) for alert in alerts for one in selectors(alert["expr"])}
    assert [pair for pair in sorted(read) if pair[1] not in emitted | OTHERS.keys()] == []


def test_every_query_reads_this_release_alone(alerts: list[Alert], selectors: Callable[[str], Any]) -> None:
    """Another release's alerts are its own business."""
    read = [(alert["alert"], str(one.matchers)) for alert in alerts for one in selectors(alert["expr"])]
    assert [pair for pair in read if 'namespace="data"' not in pair[1]] == []


def test_every_alert_says_what_it_is_how_bad_and_where_to_read_on(alerts: list[Alert]) -> None:
    """Nothing of the file's own words is left in it."""
    for alert in alerts:
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert re.fullmatch(r"\d+[mh]", alert["for"])
        assert {"summary", "description", "source", "runbook_url"} == alert["annotations"].keys()
        assert not re.search(r"<[a-zA-Z]+>", str(alert))


def test_every_alert_has_its_part_of_the_page(alerts: list[Alert], repository: Path) -> None:
    """What the runbook's address points to exists: what it means, what to look at, what to do."""
    page = (repository / "docs/how-to/alerts.md").read_text()
    parts = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    for alert in alerts:
        assert alert["annotations"]["runbook_url"].endswith(f"alerts.md#{alert['alert'].lower()}")
        assert all(word in parts[alert["alert"]] for word in ("**Means**", "**Look**", "**Do**")), alert[
            "alert"
        ]


def test_a_queue_may_have_minutes_of_its_own(alerts: list[Alert]) -> None:
    """The alert for all others leaves it out."""
    queues = [alert["expr"] for alert in alerts if alert["alert"] == "AirflowQueueWaits"]
    assert len(queues) == 2
    assert 'queue!~"onprem"' in queues[0] and "[15m]" in queues[0]
    assert 'queue="onprem"' in queues[1] and "[60m]" in queues[1]


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        ({"telemetry.rules.disabled": ["AirflowImportErrors"]}, "AirflowImportErrors"),
        ({"triggerer.enabled": False}, "AirflowTriggererSilent"),
        ({"executor": "KubernetesExecutor"}, "AirflowWorkerMemory"),
    ],
)
def test_an_alert_that_nobody_wants_or_that_watches_nothing_is_left_out(
    objects_of: Callable[..., Any], values: dict[str, Any], gone: str
) -> None:
    """Otherwise it would be raised for ever."""
    objects = objects_of(**{"telemetry.rules.enabled": True, **values})
    (rules,) = [one for one in objects if one["kind"] == "PrometheusRule"]
    assert "AirflowSchedulerSilent" in str(rules) and gone not in str(rules)


def test_promtool_is_given_a_case_of_each_alert(alerts: list[Alert]) -> None:
    """That fires, and one that does not."""
    cases = yaml.safe_load(Path(__file__).with_name("alerts.test.yaml").read_text())["tests"]
    asked = [one for case in cases for one in case["alert_rule_test"]]
    fired = {one["alertname"] for one in asked if one.get("exp_alerts")}
    quiet = {one["alertname"] for one in asked if not one.get("exp_alerts")}
    assert fired == quiet == {alert["alert"] for alert in alerts}
