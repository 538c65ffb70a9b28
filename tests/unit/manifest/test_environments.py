"""What is different in one environment: there the merged model, everywhere else the file as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

ENVIRONMENT = """\
kind: local
zones: {default: {}, pii: {}, onprem: {}}
queues:
  default: {zone: default}
  pii: {zone: pii, personal_data: true, shared: false}
  onprem: {zone: onprem, shared: false}
alert_channels:
  central: {type: file, target: central.jsonl}
  team: {type: file, target: team.jsonl}
  oncall: {type: file, target: oncall.jsonl}
"""
TENANT = """\
owners: [{name: Flights, email: flights@example.org}]
queues: [default, pii]
connections: {warehouse: {type: postgres}, api: {type: http}}
variables: [token]
limits: {cpu: 1, memory: 512Mi, active_runs: 2, parallelism: 8, retries: 3, execution_timeout: 1h}
pools: {slow: 2, fast: 1}
values: {region: eu, year: 2013}
alert_channels: [team]
"""
TENANT_DIFFERENCES = """\
environments:
  staging:
    queues: [onprem]
    connections: {warehouse: {queues: [onprem]}, lake: {type: spark}}
    limits: {parallelism: 4, execution_timeout: 10m}
    pools: {slow: 1, heavy: 1}
    values: {region: us, sample: true}
    alert_channels: [oncall, team]
"""
DAG = """\
dag_id: daily
schedule: "@daily"
timezone: Europe/Berlin
start_date: 2024-01-01
catchup: true
max_active_runs: 2
max_active_tasks: 4
dagrun_timeout: 3h
tags: [sql, daily]
params: {day: {default: x, type: string, minLength: 1}, rows: 10}
defaults: {retries: 2, retry_delay: 5m, queue: default}
tasks: [{id: a, uses: flow.empty}]
"""
DAG_DIFFERENCES = """\
environments:
  staging:
    schedule: {every: 2h}
    timezone: UTC
    start_date: 2025-01-01
    end_date: 2026-01-01
    catchup: false
    max_active_runs: 1
    max_active_tasks: 1
    dagrun_timeout: 1h
    tags: [sample]
    params: {day: {default: "y", maxLength: 1}, rows: 1}
    defaults: {retries: 1, queue: onprem}
"""


@pytest.fixture
def places(repository: Any) -> Any:
    """The tenant and its DAG with differences in staging."""
    for environment in ("local", "staging"):
        repository.write(f"environments/{environment}/environment.yaml", ENVIRONMENT)
    repository.write("tenants/flights/tenant.yaml", TENANT + TENANT_DIFFERENCES)
    repository.dag(DAG + DAG_DIFFERENCES)
    return repository


def tenant_of(repository: Any, environment: str) -> Any:
    """Return the tenant in *environment*, where it must be without a mistake."""
    result = repository.load(environment)
    assert result.problems == ()
    return result.tenants[0]


def test_a_tenant_has_its_differences_in_that_environment(places: Any) -> None:
    """Mappings are merged key by key, lists are replaced."""
    model = tenant_of(places, "staging").model
    assert (model.queues, model.alert_channels) == (("onprem",), ("oncall", "team"))
    assert {name: (each.type, each.queues) for name, each in model.connections.items()} == {
        "warehouse": ("postgres", ("onprem",)),
        "api": ("http", None),
        "lake": ("spark", None),
    }
    limits = model.limits
    assert (limits.parallelism, limits.execution_timeout) == (4, timedelta(minutes=10))
    assert (limits.cpu, limits.memory, limits.active_runs, limits.retries) == (1, 512 * 2**20, 2, 3)
    assert model.pools == {"slow": 1, "fast": 1, "heavy": 1}
    assert model.values == {"region": "us", "year": 2013, "sample": True}
    assert (model.variables, model.owners[0].name) == (("token",), "Flights")


def test_a_dag_has_its_differences_in_that_environment(places: Any) -> None:
    """Every key that may differ does."""
    model = tenant_of(places, "staging").dags[0].model
    assert (model.schedule.every, model.timezone) == (timedelta(hours=2), "UTC")
    assert (model.start_date.year, model.end_date.year, model.catchup) == (2025, 2026, False)
    assert (model.max_active_runs, model.max_active_tasks) == (1, 1)
    assert (model.dagrun_timeout, model.tags) == (timedelta(hours=1), ("sample",))
    day = model.params["day"]
    assert (day.default, day.type, day.min_length, day.max_length) == ("y", "string", 1, 1)
    assert model.params["rows"] == 1
    assert (model.defaults.retries, model.defaults.retry_delay) == (1, timedelta(minutes=5))
    assert model.defaults.queue == "onprem"


def test_all_that_may_differ_is_tried(places: Any) -> None:
    """`enabled` has a test of its own: such a DAG is not there."""
    from aerodrome.manifest.dag import DagDifferences
    from aerodrome.manifest.tenant import TenantDifferences
    from aerodrome.source.document import parse_document

    for text, model, elsewhere in (
        (TENANT_DIFFERENCES, TenantDifferences, set()),
        (DAG_DIFFERENCES, DagDifferences, {"enabled"}),
    ):
        said = parse_document(text, "x.yaml").data["environments"]["staging"]
        assert set(said) == set(model.model_fields) - elsewhere


def test_other_environments_are_as_without_the_differences(places: Any) -> None:
    """Of the tenant and of the DAG."""
    with_them = tenant_of(places, "local")
    places.write("tenants/flights/tenant.yaml", TENANT)
    places.dag(DAG)
    plain = tenant_of(places, "local")
    assert with_them.model == plain.model
    assert with_them.dags[0].model == plain.dags[0].model
    assert with_them.dags[0].parameters == plain.dags[0].parameters


def test_a_mistake_in_a_difference_is_told_where_it_stands(places: Any) -> None:
    """In the section of the environment, and in no other environment."""
    marked = TENANT + TENANT_DIFFERENCES.replace("[onprem]\n    conn", "[→nowhere]\n    conn")
    before = marked.partition("→")[0].split("\n")
    places.write("tenants/flights/tenant.yaml", marked.replace("→", ""))
    place = (len(before), len(before[-1]) + 1)
    told = [(problem.line, problem.column, problem.field) for problem in places.load("staging").problems]
    assert (*place, "queues[0]") in told
    assert places.load("local").problems == ()
