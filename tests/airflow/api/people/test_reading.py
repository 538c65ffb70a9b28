"""Every GET route, asked by a member of one tenant who has every right but the one to all DAGs."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome_airflow.auth.routes import Decision, decisions

# They end the session, or answer with a page of the browser's.
SKIPPED = {"/api/v2/auth/login", "/api/v2/auth/logout"}
QUERIES = {
    "/api/v2/backfills": "dag_id={dag_id}",
    "/ui/structure/structure_data": "dag_id={dag_id}",
    "/ui/dashboard/historical_metrics_data": "start_date=2025-01-01T00:00:00Z&end_date=2027-01-01T00:00:00Z",
    "/ui/pending_partitioned_dag_run/{dag_id}": "partition_key=x",
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait": "interval=1",
}
# Airflow's own query does not suit the driver of this database: it answers 500 to everybody.
BROKEN = {"/ui/dependencies"}
# What Airflow itself shows of other tenants to somebody with these rights.
LEAKS = {
    "/api/v2/assets",
    "/api/v2/assets/aliases",
    "/api/v2/assets/aliases/{asset_alias_id}",
    "/api/v2/assets/{asset_id}",
    "/api/v2/assets/{asset_id}/state-store",
    "/api/v2/assets/{asset_id}/state-store/{key:path}",
    "/api/v2/connections",
    "/api/v2/connections/{connection_id}",
    "/api/v2/eventLogs",
    "/api/v2/importErrors",
    "/api/v2/importErrors/{import_error_id}",
    "/api/v2/pools",
    "/api/v2/pools/{pool_name:path}",
    "/api/v2/variables",
    "/api/v2/variables/{variable_key:path}",
}


def _templates(*without: Decision) -> list[str]:
    return sorted(
        template
        for (method, template), decision in decisions().items()
        if method == "GET" and template not in SKIPPED and decision not in without
    )


def _ask(place: Any, server: Any, template: str, whose: str, user: str = "alpha") -> Any:
    query = f"?{QUERIES[template]}" if template in QUERIES else ""
    # A run that goes on is waited for until it ends: the first bytes of the answer are enough.
    if template.endswith("/wait") and whose == "alpha":
        return None
    return server.ask(user, "GET", place.path(template + query, whose))


def _shows_beta(place: Any, server: Any, template: str) -> bool:
    answers = [(whose, _ask(place, server, template, whose)) for whose in ("alpha", "beta", "~")]
    return any(
        "beta" in answer.text and (whose != "beta" or answer.is_success)
        for whose, answer in answers
        if answer is not None
    )


def test_no_route_shows_another_tenants_things(place: Any) -> None:
    """Not by the own ids, nor by the other tenant's, nor by `~`; not even a name."""
    assert not [template for template in _templates() if _shows_beta(place, place.defended, template)]


def test_airflow_alone_shows_them(place: Any) -> None:
    """The same questions show the other tenant's things where the defences are off."""
    assert {template for template in LEAKS if _shows_beta(place, place.undefended, template)} == LEAKS


def test_another_tenants_ids_are_refused(place: Any) -> None:
    """A route with the other tenant's DAG, connection, pool or variable in its path answers 403."""
    found = [
        template
        for (method, template), decision in decisions().items()
        if method == "GET" and decision in {Decision.DAG, Decision.NAMED}
    ]
    assert {_ask(place, place.defended, template, "beta").status_code for template in found} == {403}


def test_own_things_are_all_there(place: Any) -> None:
    """What Airflow answers to a tenant's own ids, it answers with the defences too."""
    hidden = {"/api/v2/assets/aliases/{asset_alias_id}"}
    for template in set(_templates(Decision.CLOSED)) - hidden - BROKEN:
        before, after = (
            _ask(place, server, template, "alpha") for server in (place.undefended, place.defended)
        )
        assert before is None or after.status_code == before.status_code, template
        assert before is None or after.status_code < 500, template


def test_the_platforms_pages_are_closed(place: Any) -> None:
    """Configuration, jobs, plugins and providers are no tenant's, whatever the role says."""
    closed = [t for (m, t), decision in decisions().items() if m == "GET" and decision is Decision.CLOSED]
    assert {_ask(place, place.defended, template, "alpha").status_code for template in closed} == {403}


@pytest.mark.parametrize("user", ["boss", "auditor"])
def test_who_sees_all_tenants_sees_them(place: Any, user: str) -> None:
    """An administrator and an auditor read both tenants' things, as without the defences."""
    for template in sorted(LEAKS):
        assert _ask(place, place.defended, template, "beta", user).is_success, template


def test_numbers_of_rows_are_the_tenants_own(place: Any) -> None:
    """A total counts no row that is not shown."""
    for path, number in (("pools", 3), ("assets", 1), ("variables", 2), ("importErrors", 1)):
        answer = place.defended.ask("alpha", "GET", f"/api/v2/{path}?limit=1").json()
        rows = place.defended.ask("alpha", "GET", f"/api/v2/{path}").json()
        things = next(value for value in rows.values() if isinstance(value, list))
        assert answer["total_entries"] == len(things) == number


def test_a_filter_by_name_finds_nothing_of_others(place: Any) -> None:
    """Patterns search among the tenant's own rows only."""
    for path in ("dags?dag_id_pattern=%25", "eventLogs?event_pattern=hidden", "assets?name_pattern=beta"):
        answer = place.defended.ask("alpha", "GET", f"/api/v2/{path}")
        assert answer.is_success and "beta" not in answer.text


def test_pages_of_the_login_show_no_other_person(place: Any) -> None:
    """Users, roles and permissions are refused, in the API of the login and in its pages."""
    for path in ("fab/v1/users", "fab/v1/roles", "fab/v1/permissions"):
        assert place.defended.ask("alpha", "GET", f"/auth/{path}").status_code == 403
    for page in ("users", "roles", "permissions", "resources", "actions"):
        answer = place.defended.ask("alpha", "GET", f"/auth/{page}/list/")
        assert answer.status_code in {302, 403} and "beta" not in answer.text


def test_nobody_sees_anything(place: Any) -> None:
    """Without a token, with a broken one, and with a role that is no tenant's."""
    for template in ("/api/v2/dags", "/api/v2/assets", "/api/v2/pools"):
        assert place.defended.ask(None, "GET", template).status_code == 401
        assert place.defended.client.get(
            place.defended.url + template, headers={"Authorization": "Bearer x.y.z"}
        ).status_code in {401, 403}
        assert not place.defended.ask("guest", "GET", template).is_success


def test_a_browsers_cookie_is_confined_like_a_token(place: Any) -> None:
    """The session of the web interface sees what the API shows."""
    cookie = {"Cookie": f"_token={place.defended.token('alpha')}"}
    answer = place.defended.client.get(f"{place.defended.url}/api/v2/pools", headers=cookie)
    assert answer.json()["total_entries"] == 3 and "beta" not in answer.text
