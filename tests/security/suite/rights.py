"""Who may do what, as Airflow's database has it, and the requests of the login's own API that change it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suite.place import ATTACKER, Place

API = "/auth/fab/v1/"
ADMINISTRATOR = "boss"
PROMOTION = "its own role"
ROLES = (f"{ATTACKER}.editor", f"{ATTACKER}.admin")
_WRITING = ("post", "patch", "put", "delete")
_RIGHT = {"action": {"name": "can_edit"}, "resource": {"name": "DAGs"}}
# A login changes further columns of a person.
_TABLES = {
    "ab_user": "id, username, email, first_name, last_name, active, password",
    "ab_role": "*",
    "ab_user_role": "*",
    "ab_permission_view_role": "*",
}


@dataclass(frozen=True)
class Target:
    """A person and a role that nobody else in the tests needs."""

    person: str
    role: str

    @classmethod
    def made(cls, place: Place, *roles: str) -> Target:
        """Return new ones that the platform's administrator has made; the person holds *roles*."""
        found = cls(_new(), _new())
        _administer(place, "POST", "users", _person(found.person, *(roles or ("Public",))))
        _administer(place, "POST", "roles", {"name": found.role, "actions": []})
        return found


def requests(place: Place) -> set[str]:
    """Return all that `written` tries."""
    return {_line(method, path) for method, path in _routes(place)} | {PROMOTION}


def written(place: Place, user: str, itself: str) -> list[str]:
    """Return which requests of *user* change anybody's rights; one of them makes *itself* an administrator."""
    found = [_line(method, path) for method, path in _routes(place) if _changes(place, user, method, path)]
    promoted = _sent(place, user, "PATCH", f"{API}users/{itself}", {"roles": [{"name": "Admin"}]})
    return [*found, *([PROMOTION] if promoted else [])]


def _routes(place: Place) -> Iterator[tuple[str, str]]:
    """Yield method and path of each writing route that the API itself describes; it must describe some."""
    document = _document(place)
    found = [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method in _WRITING and path.startswith(API.removeprefix("/auth"))
    ]
    assert len(found) >= 6, f"the login's API describes no writing routes of people and roles: {found}"
    yield from sorted(found)


def _document(place: Place) -> dict[str, Any]:
    answer = place.served.defended.ask(ADMINISTRATOR, "GET", "/auth/openapi.json")
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def _line(method: str, path: str) -> str:
    return f"{method} /auth{path}"


def _changes(place: Place, user: str, method: str, path: str) -> bool:
    target = Target.made(place)
    address = "/auth" + path.format(username=target.person, name=target.role)
    return _sent(place, user, method, address, _body(_document(place), method, path))


def _sent(place: Place, user: str, method: str, address: str, body: Any) -> bool:
    """Return whether the request has changed anything, whatever the server says."""
    before = _state(place)
    place.api.server.ask(user, method, address, **({} if body is None else {"json": body}))
    return _state(place) != before


def _state(place: Place) -> list[Any]:
    return [
        place.served.query(f"SELECT {columns} FROM {table} ORDER BY 1") for table, columns in _TABLES.items()
    ]


def _body(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    """Return a body with a value for each property that the route takes, or None where it takes none."""
    described = document["paths"][path][method.lower()].get("requestBody")
    if described is None:
        return None
    name = described["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    values = _person(_new(), "Admin") | {"name": _new(), "actions": [_RIGHT]}
    unknown = document["components"]["schemas"][name]["properties"].keys() - values.keys()
    assert not unknown, f"{_line(method, path)} takes {sorted(unknown)}: give each a value in suite/rights.py"
    return {each: values[each] for each in document["components"]["schemas"][name]["properties"]}


def _person(name: str, *roles: str) -> dict[str, Any]:
    return {
        "username": name,
        "email": f"{name}@x",
        "first_name": name,
        "last_name": name,
        "password": "password",
        "roles": [{"name": role} for role in roles],
    }


def _administer(place: Place, method: str, path: str, body: Any) -> None:
    answer = place.served.defended.ask(ADMINISTRATOR, method, API + path, json=body)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:300]}"


def _new() -> str:
    return f"made-{secrets.token_hex(4)}"
