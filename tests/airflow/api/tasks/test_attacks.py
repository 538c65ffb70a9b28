"""A task of one tenant, with its real token, against another tenant's things."""

from __future__ import annotations

import socket
from typing import Any

import pytest

XCOM = "/xcoms/beta.daily/run_beta/load/secret"
READS = {
    "xcom": ("GET", XCOM),
    "number of xcoms": ("HEAD", XCOM),
    "slice of xcoms": ("GET", f"{XCOM}/slice"),
    "connection": ("GET", "/connections/beta.db"),
    "variable": ("GET", "/variables/beta.limit"),
    "names of variables": ("GET", "/variables/keys"),
    "dag": ("GET", "/dags/beta.daily"),
    "run": ("GET", "/dag-runs/beta.daily/run_beta"),
    "state of a run": ("GET", "/dag-runs/beta.daily/run_beta/state"),
    "number of runs": ("GET", "/dag-runs/count?dag_id=beta.daily"),
    "last run": ("GET", "/dag-runs/previous?dag_id=beta.daily&logical_date=2027-01-01T00:00:00Z"),
    "number of tasks": ("GET", "/task-instances/count?dag_id=beta.daily"),
    "states of tasks": ("GET", "/task-instances/states?dag_id=beta.daily"),
    "finished tasks": ("GET", "/task-instances/breadcrumbs?dag_id=beta.daily&run_id=run_beta"),
    "last task": ("GET", "/task-instances/previous/beta.daily/load"),
    "asset": ("GET", "/assets/by-name?name=beta.table"),
    "asset by address": ("GET", "/assets/by-uri?uri=beta.table"),
    "events": ("GET", "/asset-events/by-asset?name=beta.table&uri="),
    "events by address": ("GET", "/asset-events/by-asset?name=&uri=beta.table"),
    "events of an alias": ("GET", "/asset-events/by-asset-alias?name=alias_of_beta"),
    "assets of an alias": ("GET", "/assets/by-alias?alias_name=alias_of_beta"),
    "kept value": ("GET", "/store/asset/by-name/value?name=beta.table&key=state"),
    "kept value by address": ("GET", "/store/asset/by-uri/value?uri=beta.table&key=state"),
    "description of the server": ("GET", "/openapi.json?version=2026-06-30"),
    "two dags": ("GET", "/dag-runs/count?dag_id=alpha.daily&dag_id=beta.daily"),
    "two assets": ("GET", "/assets/by-name?name=alpha.table&name=beta.table"),
}
WRITES = {
    "xcom": ("POST", "/xcoms/beta.daily/run_beta/load/planted", "value"),
    "gone xcom": ("DELETE", "/xcoms/beta.daily/run_beta/load/planted", None),
    "variable": ("PUT", "/variables/beta.planted", {"value": "x", "description": None}),
    "gone variable": ("DELETE", "/variables/beta.planted", None),
    "run": ("POST", "/dag-runs/beta.daily/planted", {}),
    "cleared run": ("POST", "/dag-runs/beta.daily/planted/clear", None),
    "kept value": ("PUT", "/store/asset/by-name/value?name=beta.table&key=planted", {"value": 1}),
    "gone kept value": ("DELETE", "/store/asset/by-uri/value?uri=beta.table&key=planted", None),
}
TRICKS = (
    "//execution/dags/beta.daily",
    "/execution//dags/beta.daily",
    "/execution/dags/beta.daily/",
    "/execution/dags//beta.daily",
    "/execution/dags/alpha.daily/../beta.daily",
    "/execution/dags/alpha.daily/%2e%2e/beta.daily",
    "/execution/dags/alpha.daily%2f..%2fbeta.daily",
    "/execution/dags/%2e/beta.daily",
    "/execution/dags/.%2e/dags/beta.daily",
    "/execution/dags\\beta.daily",
    "/execution/dags/%5cbeta.daily",
    "/execution/dags/beta.daily%00",
    "/execution/dags/beta%2edaily",
    "/execution/dags/%62eta.daily",
    "/execution/Dags/beta.daily",
    "/Execution/dags/beta.daily",
    "/EXECUTION/dags/beta.daily",
    "/%65xecution/dags/beta.daily",
    "/./execution/dags/beta.daily",
    "/api/../execution/dags/beta.daily",
    "/execution/dags/BETA.daily",
    "/execution/dags/beta.daily;a=alpha.daily",
    "/execution/dags/\u0430lpha.daily",
)


def _token(place: Any) -> str:
    return str(place.things["alpha"]["token"])


def _raw(server: Any, request: str) -> bytes:
    """Return what the server answers to text that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as link:
        link.sendall(request.encode())
        return b"".join(iter(lambda: link.recv(65536), b""))


@pytest.mark.parametrize("what", READS)
def test_nothing_of_another_tenant_is_read(place: Any, what: str) -> None:
    """The request is refused with the guard, and answered without it."""
    assert place.defended.task(_token(place), *READS[what]).status_code == 403
    assert place.undefended.task(_token(place), *READS[what]).status_code == 200


@pytest.mark.parametrize("what", WRITES)
def test_nothing_of_another_tenant_is_changed(place: Any, what: str) -> None:
    """The request is refused with the guard, and done without it."""
    method, path, body = WRITES[what]
    request = {} if body is None else {"json": body}
    assert place.defended.task(_token(place), method, path, **request).status_code == 403
    assert place.undefended.task(_token(place), method, path, **request).is_success


@pytest.mark.parametrize("path", TRICKS)
def test_no_way_to_write_a_path_leads_around_the_guard(place: Any, path: str) -> None:
    """Encoded, doubled, dotted, in other letters: no answer holds anything of the other tenant."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_token(place)}\r\n"
    answer = _raw(place.defended, f"{request}Connection: close\r\n\r\n")
    assert b"beta.daily" not in answer and b"bundle_name" not in answer
    assert answer.split()[1] in {b"400", b"403", b"404"} or b"<!doctype html>" in answer.lower()


def test_one_of_those_paths_leads_to_the_thing_without_the_guard(place: Any) -> None:
    """An encoded letter is the letter to Airflow."""
    assert place.undefended.task(_token(place), "GET", "/dags/%62eta.daily").status_code == 200


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PATCH", "HEAD", "PROPFIND", "get"])
def test_other_methods_are_refused(place: Any, method: str) -> None:
    """A route takes the methods of the table and no other."""
    request = f"{method} /execution/dags/alpha.daily HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_token(place)}\r\n"
    answer = _raw(place.defended, f"{request}Connection: close\r\n\r\n")
    assert answer.split()[1] in {b"403", b"400"}


@pytest.mark.parametrize(
    "headers",
    [
        [("Airflow-API-Version", "1999-01-01")],
        [("Airflow-API-Version", "head")],
        [("Airflow-API-Version", "2026-06-30"), ("Airflow-API-Version", "2025-04-11")],
        [("Authorization", "Bearer x")],
    ],
)
def test_headers_that_mean_two_things_are_refused(place: Any, headers: list[tuple[str, str]]) -> None:
    """An unknown version, two versions, two tokens."""
    token = ("Authorization", f"Bearer {_token(place)}")
    url = f"{place.defended.url}/execution/dags/alpha.daily"
    assert place.defended.client.get(url, headers=[token, *headers]).status_code == 403
    assert place.defended.client.get(url, headers=[token]).status_code == 200


def test_a_websocket_is_closed(place: Any) -> None:
    """The execution API speaks HTTP only."""
    request = (
        "GET /execution/dags/beta.daily HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    )
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    assert _raw(place.defended, f"{request}{key}\r\n").split()[1] in {b"403", b"401"}


def test_a_token_that_is_no_tasks_is_refused(place: Any) -> None:
    """None at all, nonsense, a person's token, and one whose signature is another's."""
    alpha, beta = (place.things[tenant]["token"] for tenant in ("alpha", "beta"))
    mixed = ".".join([*beta.split(".")[:2], alpha.split(".")[2]])
    for token in ("nonsense", mixed, place.defended.token("boss")):
        assert place.defended.task(token, "GET", "/dags/alpha.daily").status_code in {401, 403}
    url = f"{place.defended.url}/execution/dags/alpha.daily"
    assert place.defended.client.get(url).status_code == 401


def test_a_person_reaches_no_execution_api(place: Any) -> None:
    """The token of an administrator opens nothing there."""
    assert place.defended.ask("boss", "GET", "/execution/dags/alpha.daily").status_code in {401, 403}
