"""Airflow's StatsD text becomes metrics with labels, and no metric carries the name of a DAG, task or queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from statsd_exporter import Exporter, Series

TENANT_TASK = {"tenant": "flights", "dag": "daily", "task": "load__rows"}
# What each line of the program becomes; None: the exporter does not start a metric for it.
EXPECTED: list[tuple[str, str, dict[str, str]]] = [
    ("airflow.scheduler_heartbeat", "airflow_scheduler_heartbeat", {}),
    ("airflow.dag_processor_heartbeat", "airflow_dag_processor_heartbeat", {}),
    ("airflow.triggerer_heartbeat", "airflow_triggerer_heartbeat", {}),
    ("airflow.dag_processing.import_errors", "airflow_dag_processing_import_errors", {}),
    (
        "airflow.dagrun.duration.failed.flights__daily",
        "airflow_dagrun_seconds",
        {"state": "failed", "tenant": "flights", "dag": "daily"},
    ),
    (
        "airflow.ti.queued.onprem.flights__daily.load__rows",
        "airflow_tasks",
        {"state": "queued", "queue": "onprem", **TENANT_TASK},
    ),
    (
        "airflow.ti.finish.flights__daily.load__rows.failed",
        "airflow_task_finish",
        {"state": "failed", **TENANT_TASK},
    ),
    (
        "airflow.ti.finish.example.load.success",
        "airflow_task_finish",
        {"state": "success", "dag": "example", "task": "load"},
    ),
    ("airflow.dag.flights__daily.load__rows.queued_duration", "airflow_task_queued_seconds", TENANT_TASK),
    ("airflow.pool.running_slots.flights", "airflow_pool_running_slots", {"pool": "flights"}),
]
# Providers that the platform's image does not hold.
FOREIGN = ("edge_worker.", "ol.")


@pytest.mark.parametrize(("statsd", "name", "labels"), EXPECTED)
def test_what_airflow_sends_becomes_a_metric_with_labels(
    sent: tuple[str, ...], exporter: Exporter, statsd: str, name: str, labels: dict[str, str]
) -> None:
    """The text is what Airflow's own functions sent."""
    (line,) = [line for line in sent if line.partition(":")[0] == statsd]
    series = exporter.series(line)
    assert series is not None
    assert (series.name, dict(series.labels)) == (name, labels)


def test_a_number_that_stands_for_all_dags_at_once_is_dropped(
    sent: tuple[str, ...], exporter: Exporter
) -> None:
    """Since 3.2 Airflow sends it beside the one for each DAG, under the name that the latter would take."""
    untagged = [
        line for line in sent if line.startswith(("airflow.ti.finish:", "airflow.pool.running_slots:"))
    ]
    assert len(untagged) == 3
    assert {exporter.series(line) for line in untagged} == {None}


def test_it_is_kept_where_its_tags_tell_the_dags_apart(objects_of: Callable[..., Any]) -> None:
    """With tags in InfluxDB's way the exporter reads labels by itself."""
    objects = objects_of(**{"config.metrics.statsd_influxdb_enabled": "True"})
    (mappings,) = [one for one in objects if "mappings.yml" in (one.get("data") or {})]
    exporter = Exporter(yaml.safe_load(mappings["data"]["mappings.yml"])["mappings"])
    series = exporter.series("airflow.ti.finish,dag_id=flights.daily,state=failed:1|c")
    assert series == Series(
        "airflow_ti_finish", (("dag_id", "flights.daily"), ("state", "failed")), "counter"
    )


def test_no_metric_is_named_after_a_dag_a_task_or_a_queue(
    exporter: Exporter, registry: list[dict[str, Any]]
) -> None:
    """Such a metric would be a new one for each of them. Airflow's own list says which there are."""
    wrong = []
    for entry in registry:
        if entry["legacy_name"] == "-" or entry["name"].startswith(FOREIGN):
            continue
        legacy = entry["legacy_name"].format(**dict.fromkeys(entry["name_variables"], "zzz"))
        series = exporter.series(f"airflow.{legacy}:1|c")
        if series is None or "zzz" in series.name or "zzz" not in dict(series.labels).values():
            wrong.append(legacy)
    assert wrong == []


def test_a_mapping_with_which_the_exporter_would_not_start_is_found() -> None:
    """It takes a * only for a whole part of a name."""
    with pytest.raises(ValueError, match=r"invalid match: airflow\.\*_heartbeat_failure"):
        Exporter([{"match": "airflow.*_heartbeat_failure", "name": "x"}])


def test_mappings_of_the_values_come_first(objects_of: Callable[..., Any]) -> None:
    """The first rule that fits counts."""
    own = {"match": "^airflow.ti.finish.*", "match_type": "regex", "name": "mine"}
    objects = objects_of(**{"statsd.extraMappings": [own]})
    (mappings,) = [one for one in objects if "mappings.yml" in (one.get("data") or {})]
    assert yaml.safe_load(mappings["data"]["mappings.yml"])["mappings"][0] == own
