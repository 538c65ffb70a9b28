"""`make login-secret` and `make roles` of an environment in a cluster."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from aerodrome.cli.program import commands
from aerodrome.errors import AerodromeError, UserError
from aerodrome.login.followed import Followed, RoleChange, followed
from typer.testing import CliRunner

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
login:
  kind: oidc
  oidc: {issuer: 'https://sso.example.org', client_id: airflow}
"""
DIRECTORY = """\
  directory:
    url: 'ldaps://127.0.0.1:1'
    bind_dn: 'cn=reader,dc=example'
    people: {base: 'dc=example'}
    groups: {base: 'dc=example'}
"""
NAMESPACE = "/api/v1/namespaces/airflow"
KEPT = f"{NAMESPACE}/secrets/aerodrome-login-given"
Objects = dict[str, dict[str, Any]]


@pytest.fixture(autouse=True)
def environment(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The environment `prod`, whose directory does not answer; a function that takes the directory away."""
    monkeypatch.setenv("AERODROME_REPOSITORY", str(place.root))
    file = place.write("environments/prod/environment.yaml", ENVIRONMENT + DIRECTORY)
    return lambda: file.write_text(ENVIRONMENT)


def ended(*arguments: str, given: str = "") -> str:
    """Return what the command prints; raises what it ends with."""
    done = CliRunner().invoke(commands(), [*arguments, "--env", "prod"], input=given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_what_is_given_is_kept_in_the_cluster(objects: Objects) -> None:
    """In a namespace that then stays; nothing of it is shown, and what was there before stays too."""
    told = ended("login-secret", given='{"bind_password": "unseen one"}')
    assert "it was not tried" in told and "kept in the cluster; `make deploy ENV=prod`" in told
    ended("login-secret", given='{"client_secret": "unseen two"}')
    data = {key: base64.b64decode(text) for key, text in objects[KEPT]["data"].items()}
    assert data == {"bind_password": b"unseen one", "client_secret": b"unseen two"}
    assert objects[NAMESPACE]["metadata"]["annotations"] == {} and "unseen" not in told
    assert objects.keys() == {KEPT, NAMESPACE}


def test_a_secret_of_somebody_else_is_not_written_over(objects: Objects) -> None:
    """Whatever it holds."""
    objects[KEPT] = {"metadata": {"name": "aerodrome-login-given"}}
    with pytest.raises(UserError, match="was made by nobody who deploys"):
        ended("login-secret", given='{"client_secret": "x"}')
    assert "data" not in objects[KEPT]


def test_roles_follow_nothing_where_there_is_no_directory(environment: Any) -> None:
    """Before the cluster is asked."""
    environment()
    with pytest.raises(UserError, match=r"the login of prod has no directory.*\n.*login: {kind: directory}"):
        ended("roles", "--dry-run")


def test_roles_are_asked_for_where_they_follow(objects: Objects) -> None:
    """Without that pod the message says how to look for it."""
    message = r"no pod of component=roles,release=airflow is ready in airflow\n.*kubectl --namespace airflow"
    with pytest.raises(AerodromeError, match=message):
        ended("roles")


def test_a_run_tells_its_changes_or_why_it_found_none() -> None:
    """Whatever stands before them in its output."""
    change = {"action": "grant", "user": "jo", "role": "alpha.viewer", "why": "in staff"}
    document = {"changes": [change], "notes": ["kim stays"], "brake": None, "applied": True}
    found = followed("prod", f"a line\n{json.dumps(document)}\n", "")
    assert found == Followed((RoleChange(**change),), ("kim stays",), "", applied=True)
    with pytest.raises(AerodromeError, match=r"^the directory is away\n.*roles-brake"):
        followed("prod", "", "a line\nthe directory is away\n")
