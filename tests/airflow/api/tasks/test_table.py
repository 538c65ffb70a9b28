"""The guard's table is the execution API, route by route."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome_airflow.guard import routes, rules


@pytest.fixture(scope="module")
def live(place: Any) -> set[tuple[str, str]]:
    """The routes of the running server's execution API, of all versions that it speaks."""
    found = place.defended.routes["execution"]
    return {(method, route["path"]) for route in found for method in route["methods"]}


def _table() -> set[tuple[str, str]]:
    return {route.key for route in routes.table()}


def test_every_route_of_airflow_has_a_rule(live: Any) -> None:
    """A route that a new Airflow brings is refused, and fails this test."""
    documents = {("HEAD", path) for path in ("/docs", "/docs/oauth2-redirect", "/openapi.json", "/redoc")}
    assert not live - _table() - documents


def test_no_rule_is_about_a_route_that_is_gone(live: Any) -> None:
    """The table holds what Airflow has."""
    assert not _table() - live


def test_unknown_routes_are_found_nowhere() -> None:
    """Another method, a part more or less, another case."""
    for method, path in (
        ("DELETE", "/dags/alpha.daily"),
        ("GET", "/dags"),
        ("GET", "/dags/alpha.daily/secrets"),
        ("GET", "/Dags/alpha.daily"),
        ("TRACE", "/health"),
        ("GET", "/new/alpha.daily"),
    ):
        assert routes.find(method, path) is None


def test_the_guard_takes_the_same_dag_from_a_path_as_airflow() -> None:
    """Of routes that fit both, each has the DAG in the same place."""
    for path in (
        "/xcoms/alpha.a/run/task/key/item/3",
        "/xcoms/alpha.a/r/t/k/slice",
        "/dag-runs/alpha.a/previous",
    ):
        fits = [r for r in routes.table() if r.method == "GET" and r.pattern.fullmatch(path)]
        assert len(fits) > 1
        assert {r.pattern.fullmatch(path)["dag_id"] for r in fits} == {"alpha.a"}  # type: ignore[index]
        assert {r.rule for r in fits} == {rules.dag_in_path}
