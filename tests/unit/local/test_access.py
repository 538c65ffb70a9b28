"""Which of Airflow's roles, users and pools are a deploy's to change: told from what an Airflow answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.render.rights import PLATFORM_ROLES


def user(name: str, role: str, last_name: str = "Aerodrome", email: str = "") -> dict[str, Any]:
    """Return a user as FAB's API describes it."""
    person = {"username": name, "last_name": last_name, "email": email or f"{name}@localhost"}
    return {**person, "roles": [{"name": role}]}


class Answers(BaseHTTPRequestHandler):
    """The part of Airflow's API that lists users, roles and pools."""

    lists: dict[str, list[dict[str, Any]]]

    def do_GET(self) -> None:
        """Answer with everything on one page."""
        name = self.path.partition("?")[0].rpartition("/")[2]
        found = self.lists.get(name, [])
        self._send(200, {name: found, "total_entries": len(found)})

    def do_POST(self) -> None:
        """Let everybody in."""
        self._send(201, {"access_token": "token"})

    def _send(self, status: int, answer: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def airflow(platform: Platform) -> Iterator[tuple[Platform, dict[str, list[dict[str, Any]]]]]:
    """A deployed platform, and what its Airflow holds."""
    wanted = access.desired(platform)
    lists = {
        "roles": [
            {
                "name": name,
                "actions": [{"action": {"name": a}, "resource": {"name": r}} for a, r in permissions],
            }
            for name, permissions in wanted.roles.items()
        ],
        "users": [user(name, *roles) for name, roles in wanted.users.items()],
        "pools": [{"name": n, "slots": s, "description": d} for n, (s, d) in wanted.pools.items()],
    }
    server = HTTPServer(("127.0.0.1", 0), type("Mine", (Answers,), {"lists": lists}))
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    document = platform.environment.model_dump(mode="json", by_alias=True)
    document["local"]["ports"] = {"api_server": server.server_port}
    for name in wanted.users:
        platform.credentials.get(access.password_file(platform, name).name)
    yield replace(platform, environment=Environment.model_validate(document)), lists
    server.shutdown()


def told(platform: Platform) -> list[str]:
    """Return the changes that a deploy would make."""
    return [f"{change.action} {change.kind} {change.name}" for change in access.differences(platform)]


def test_what_a_deploy_made_is_as_it_should_be(airflow: Any) -> None:
    """There is nothing to change."""
    assert told(airflow[0]) == []


def test_what_people_made_is_left_alone(airflow: Any) -> None:
    """A colleague with a tenant's role alone, and a pool."""
    platform, held = airflow
    held["users"].append(user("anna", "alpha.editor", "Aerodrome", "anna@example.org"))
    held["users"].append(user("bert", "alpha.editor", "Bertram", "bert@localhost"))
    held["pools"].append({"name": "machine", "slots": 3, "description": "of the lab"})
    held["pools"].append({"name": "default_pool", "slots": 128, "description": None})
    assert told(platform) == []


def test_what_a_deploy_made_for_a_tenant_that_is_gone_is_removed(airflow: Any) -> None:
    """Its example user, its pools, its roles."""
    platform, _ = airflow
    without = replace(platform, tenants={"alpha": platform.tenants["alpha"]})
    levels = [f"delete role beta.{level}" for level in ("admin", "editor", "viewer")]
    assert told(without) == [*levels, "delete user beta", "delete pool beta"]
    assert {change.destroys for change in access.differences(without)} == {"beta"}


def test_a_user_who_was_no_tenants_needs_no_name_to_be_removed(airflow: Any) -> None:
    """The one for emergencies, for example, when another one is named."""
    platform, held = airflow
    held["users"].append(user("rescue", "Admin"))
    held["pools"].append({"name": "alpha.more", "slots": 1, "description": "[aerodrome] x"})
    assert told(platform) == ["delete user rescue", "delete pool alpha.more"]
    assert {change.destroys for change in access.differences(platform)} == {""}


def test_a_person_with_the_name_of_a_tenant_is_not_taken_over(airflow: Any) -> None:
    """The tenant, or the person, needs another name."""
    platform, held = airflow
    held["users"][:] = [entry for entry in held["users"] if entry["username"] != "beta"]
    held["users"].append(user("beta", "Admin", "Tester", "beta@example.org"))
    with pytest.raises(UserError, match="Airflow's user 'beta' was made by hand"):
        told(platform)


@pytest.mark.parametrize(
    ("last_name", "email"), [("Aerodrome", "team@example.org"), ("Team", "beta@localhost")]
)
def test_an_example_user_that_somebody_renamed_stays_one(airflow: Any, last_name: str, email: str) -> None:
    """One mark is enough; the administrator needs none."""
    platform, held = airflow
    held["users"][:] = [entry for entry in held["users"] if entry["username"] == "alpha"]
    held["users"].append(user("beta", "beta.editor", last_name, email))
    held["users"].append(user("admin", "Admin", "Boss", "boss@example.org"))
    assert told(platform) == []


def test_a_lost_password_is_set_anew(airflow: Any) -> None:
    """Until then the administrator's login says what to do, and nobody makes one that Airflow does not know."""
    platform, _ = airflow
    access.password_file(platform, "beta").unlink()
    assert told(platform) == ["create user beta"]
    access.password_file(platform, "admin").unlink()
    with pytest.raises(UserError, match=r"airflow-user-admin is gone\n.*make deploy ENV=local sets a new"):
        access.admin_access(platform)
    assert "create user admin" in told(platform)


def with_login(platform: Platform, **login: object) -> Platform:
    """Return *platform* with another login."""
    document = platform.environment.model_dump(mode="json", by_alias=True)
    return replace(platform, environment=Environment.model_validate(document | {"login": login}))


def test_people_of_a_directory_need_no_example_users(airflow: Any) -> None:
    """Those of an earlier login go; the deploy's own stays, and whoever came by the directory."""
    platform, held = airflow
    held["users"].append(user("jo", "alpha.editor", "Doe", "jo@example.org"))
    changed = [line for line in told(with_login(platform, kind="directory")) if " user " in line]
    assert changed == ["delete user alpha", "delete user beta"]


def test_the_user_for_emergencies_is_made_and_goes_with_the_setting(airflow: Any) -> None:
    """An administrator with a password of its own, where people come by a directory."""
    platform, held = airflow
    wanted = with_login(platform, kind="directory", break_glass="emergency")
    assert "create user emergency" in told(wanted)
    assert access.desired(wanted).users == dict.fromkeys(("admin", "emergency"), frozenset({"Admin"}))
    held["users"].append(user("emergency", "Admin"))
    assert "delete user emergency" in told(with_login(platform, kind="directory"))


@pytest.mark.parametrize("kind", ["database", "directory"])
def test_the_platforms_roles_operate_look_and_show_no_password(platform: Platform, kind: str) -> None:
    """None changes users, roles or secrets; two of them change nothing at all."""
    wanted = access.desired(with_login(platform, kind=kind)).roles
    verbs = {name: {action for action, what in wanted[name] if what[:3] != "My "} for name in PLATFORM_ROLES}
    assert verbs["security"] == verbs["auditor"] == {"can_read", "menu_access"}
    assert {("can_edit", "Pools"), ("can_delete", "DAG Runs"), ("can_read", "Audit Logs")} <= wanted[
        "platform"
    ]
    for held in wanted.values():
        changed = {what for action, what in held if action not in {"can_read", "menu_access"}}
        assert not changed & {"Users", "Roles", "Passwords", "Connections", "Variables"}
        assert (("can_edit", "My Password") in held) == (kind == "database")
