"""The login of a cluster as a target: which Secrets it keeps, what it tells of differences, what it leaves alone."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.kubernetes.targets import memories
from aerodrome.login_settings import LoginSettings
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render.login import Login
from aerodrome.targets.login import GIVEN, LoginTarget, given_secret

SECRETS = "/api/v1/namespaces/airflow/secrets"
DEPLOYMENTS = "/apis/apps/v1/namespaces/airflow/deployments"
SERVER, ROLES = "aerodrome-login", "aerodrome-login-roles"
DIRECTORY = {
    "url": "ldaps://ldap.example.org",
    "bind_dn": "cn=reader,dc=example",
    "people": {"base": "ou=people,dc=example"},
    "groups": {"base": "ou=groups,dc=example"},
}
OIDC = {"issuer": "https://sso.example.org", "client_id": "airflow"}
BOTH = {"kind": "oidc", "oidc": OIDC, "directory": DIRECTORY}
Objects = dict[str, dict[str, Any]]


def target(cluster: Cluster, *viewers: str, **login: Any) -> LoginTarget:
    """Return the target of a login; *viewers* are the groups of a tenant's viewers."""
    settings = LoginSettings.model_validate(login)
    environment = Environment.model_validate(
        {
            "name": "prod",
            "kind": "kubernetes",
            "zones": {"default": {}},
            "queues": {"default": {"zone": "default"}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "login": login,
        }
    )
    tenant = TenantManifest.model_validate(
        {"owners": [{"name": "Team", "email": "team@example.org"}], "groups": {"viewer": viewers}}
    )
    made = Login(settings, settings.directory, {"alpha": tenant}, {"directory-ca.pem": "an authority"})
    return LoginTarget(environment, made, cluster)


def apply(found: LoginTarget) -> list[tuple[str, str]]:
    """Bring it about, and return action and what of each change; nothing is left to do."""
    changes = found.changes()
    found.apply(changes, lambda _: None)
    assert found.changes() == ()
    return [(change.action, change.what) for change in changes]


def give(found: LoginTarget, **secrets: str) -> None:
    """Keep what somebody gives."""
    given_secret(found.cluster, found.environment).write(secrets)


def held(objects: Objects, name: str) -> dict[str, str]:
    """Return the texts of a Secret."""
    data = objects[f"{SECRETS}/{name}"]["data"]
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


def test_a_secret_for_each_process_with_what_it_needs(cluster: Cluster, objects: Objects) -> None:
    """The client's secret is the API server's alone; both say who made them."""
    found = target(cluster, **BOTH)
    give(found, bind_password="of the directory", client_secret="of the client")
    assert apply(found) == [("create", f"Secret {SERVER}"), ("create", f"Secret {ROLES}")]
    assert "of the client" in held(objects, SERVER)["login-secrets.json"]
    assert json.loads(held(objects, ROLES)["login-secrets.json"]) == {
        "bind_password": "of the directory",
        "client_secret": None,
    }
    assert held(objects, SERVER).keys() - held(objects, ROLES).keys() == {"webserver_config.py"}
    labels = [objects[f"{SECRETS}/{name}"]["metadata"]["labels"] for name in (SERVER, ROLES)]
    assert labels == [{"app.kubernetes.io/managed-by": "aerodrome"}] * 2


def test_a_login_without_a_directory_has_no_process_that_follows(cluster: Cluster, objects: Objects) -> None:
    """The provider tells groups at each login."""
    found = target(cluster, kind="oidc", oidc=OIDC)
    give(found, client_secret="x")
    assert apply(found) == [("create", f"Secret {SERVER}")]


def test_a_secret_that_nobody_gave_is_asked_for(cluster: Cluster, objects: Objects) -> None:
    """With the command, and before anything is changed."""
    message = r"(?s)the password of cn=reader,dc=example in the .*the secret of the client.*make login-secret ENV=prod"
    with pytest.raises(UserError, match=message):
        target(cluster, **BOTH).changes()
    assert objects == {}


def test_what_differs_is_told_key_by_key_and_no_value(cluster: Cluster, objects: Objects) -> None:
    """Neither an old password nor a new one, nor a digest by which one could be guessed."""
    before = target(cluster, "staff", kind="directory", directory=DIRECTORY)
    give(before, bind_password="first one")
    apply(before)
    give(before, bind_password="second one")
    changes = target(
        cluster, "staff", "guests", kind="directory", directory={**DIRECTORY, "member_of": None}
    ).changes()
    why = "login-secrets.json: bind_password; login.json: directory.member_of; login.json: roles_of_group.guests"
    assert [(one.what, one.why, one.risk) for one in changes] == [
        (f"Secret {SERVER}", why, "access"),
        (f"Secret {ROLES}", why, "access"),
    ]
    (first, _), (second, _) = before.changes(), changes
    assert "one" not in repr((first, second)).replace("nobody", "") and first.before == first.after


def test_what_somebody_wrote_over_is_put_right(cluster: Cluster, objects: Objects) -> None:
    """Also a file that nobody asked for, and one that is no text."""
    found = target(cluster, kind="directory", directory={**DIRECTORY, "bind_dn": None})
    apply(found)
    data = objects[f"{SECRETS}/{ROLES}"]["data"]
    data |= {"more.json": "e30=", "login.json": base64.b64encode(b"\xff{").decode()}
    (change,) = found.changes()
    assert change.why == "login.json; -more.json"
    assert apply(found) == [("update", f"Secret {ROLES}")]
    assert "more.json" not in held(objects, ROLES)


@pytest.mark.parametrize("name", [GIVEN, SERVER, ROLES])
def test_a_secret_that_somebody_else_made_is_refused(cluster: Cluster, objects: Objects, name: str) -> None:
    """And stays as it is."""
    theirs = {"metadata": {"name": name}, "data": {"login.json": "e30="}}
    objects[f"{SECRETS}/{name}"] = theirs
    with pytest.raises(UserError, match=f"Secret {name} was made by nobody who deploys\n.*look what it is"):
        target(cluster, kind="directory", directory=DIRECTORY).changes()
    assert objects == {f"{SECRETS}/{name}": theirs}


def test_what_a_pod_mounts_outlives_the_end_of_the_login(cluster: Cluster, objects: Objects) -> None:
    """The pods of before could not start any more, and a deploy that fails goes back to them."""
    found = target(cluster, kind="directory", directory=DIRECTORY)
    give(found, bind_password="x")
    apply(found)
    volumes = [{"name": "login", "secret": {"secretName": SERVER}}, {"name": "scratch", "emptyDir": {}}]
    pod = {"spec": {"template": {"spec": {"volumes": volumes}}}}
    objects[f"{DEPLOYMENTS}/airflow-api-server"] = pod
    ended = target(cluster, kind="database")
    assert apply(ended) == [("delete", f"Secret {GIVEN}"), ("delete", f"Secret {ROLES}")]
    del objects[f"{DEPLOYMENTS}/airflow-api-server"]
    assert apply(ended) == [("delete", f"Secret {SERVER}")]
    assert objects == {}


def test_a_secret_of_the_login_before_is_not_handed_on(cluster: Cluster, objects: Objects) -> None:
    """Nothing asks for the directory's password where there is only a provider; no commit brings it back."""
    found = target(cluster, kind="oidc", oidc=OIDC)
    give(found, client_secret="x", bind_password="y")
    given = next(change for change in found.changes() if change.name == GIVEN)
    assert (given.action, given.why, given.reversible) == ("update", "-bind_password", False)
    apply(found)
    assert held(objects, GIVEN) == {"client_secret": "x"}
    assert json.loads(held(objects, SERVER)["login-secrets.json"])["bind_password"] is None


def test_a_deploy_that_fails_brings_the_login_of_before_back(cluster: Cluster, objects: Objects) -> None:
    """With what somebody had given for it; nothing is said of what is as it was."""
    before, names, said = target(cluster, **BOTH), (GIVEN, SERVER, ROLES), list[str]()
    give(before, bind_password="x", client_secret="y")
    apply(before)
    then = [held(objects, name) for name in names]
    (restore,) = memories((before,))
    apply(target(cluster, kind="oidc", oidc={**OIDC, "client_id": "another"}))
    for _ in range(2):
        restore(said.append)
    assert [held(objects, name) for name in names] == then
    assert said == [f"Secret {name} as before" for name in names]


def test_a_secret_that_a_deploy_has_made_outlives_its_failure(cluster: Cluster, objects: Objects) -> None:
    """A pod may mount it until the release has gone back; the next deploy removes it."""
    (restore,) = memories((target(cluster),))
    apply(target(cluster, kind="directory", directory={**DIRECTORY, "bind_dn": None}))
    restore(lambda _: None)
    assert f"{SECRETS}/{SERVER}" in objects


def test_users_of_the_database_need_none(cluster: Cluster) -> None:
    """Neither Secrets nor a question about pods."""
    assert target(cluster).changes() == ()
