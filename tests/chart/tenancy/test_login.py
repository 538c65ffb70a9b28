"""The login of an environment in a cluster: who mounts which Secret, and where the files are."""

from __future__ import annotations

import json
from configparser import ConfigParser
from typing import Any

import pytest
from aerodrome.environment import Environment
from aerodrome.render.chart_values import chart_values
from aerodrome.render.login import CLUSTER_FOLDER, SECRET_OF_API_SERVER, SECRET_OF_ROLES, Login

DIRECTORY = {
    "url": "ldaps://ldap.example.org:1636",
    "people": {"base": "ou=people,dc=example"},
    "groups": {"base": "ou=groups,dc=example"},
}
OIDC = {"issuer": "https://sso.example.org", "client_id": "airflow"}
PEERS = [{"ipBlock": {"cidr": "10.0.30.0/28"}}]
KINDS: dict[str, dict[str, Any]] = {
    "database": {},
    "directory": {"kind": "directory", "directory": DIRECTORY},
    "oidc": {"kind": "oidc", "oidc": OIDC},
    "both": {"kind": "oidc", "oidc": OIDC, "directory": DIRECTORY},
}
MOUNTED = {
    "database": {},
    "directory": {"rel-api-server": SECRET_OF_API_SERVER, "rel-roles": SECRET_OF_ROLES},
    "oidc": {"rel-api-server": SECRET_OF_API_SERVER},
    "both": {"rel-api-server": SECRET_OF_API_SERVER, "rel-roles": SECRET_OF_ROLES},
}


def environment(**login: Any) -> Environment:
    """Return an environment in a cluster with this login."""
    return Environment.model_validate(
        {
            "name": "prod",
            "kind": "kubernetes",
            "zones": {"default": {}},
            "queues": {"default": {"zone": "default"}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "secrets": {"store": "none"},
            "login": login,
        }
    )


@pytest.fixture(scope="module")
def released(objects_of: Any) -> Any:
    """A call renders the chart with the values of a login."""

    def release(**login: Any) -> Any:
        made = chart_values([], environment(**login), {})
        if "roles" in made["platform"]:
            made["platform"]["roles"]["networkPolicy"]["directory"]["to"] = PEERS
        return objects_of(**made)

    return release


def logins(release: Any) -> dict[str, str]:
    """Return the name of each object whose pods mount a Secret of a login, and that Secret."""
    return {
        name.partition("/")[2]: one["secret"]["secretName"]
        for name, pod in release.pods()
        for one in pod["spec"].get("volumes") or ()
        if one.get("secret", {}).get("secretName", "").startswith("aerodrome-login")
    }


def container(release: Any, name: str) -> dict[str, Any]:
    """Return the container of a Deployment's own name."""
    pod = dict(release.pods())[f"Deployment/rel-{name}"]
    (found,) = (one for one in pod["spec"]["containers"] if one["name"] == name)
    return dict(found)


def config(release: Any) -> ConfigParser:
    """Return airflow.cfg."""
    found = ConfigParser(interpolation=None)
    found.read_string(release.of("ConfigMap")["rel-config"]["data"]["airflow.cfg"])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_process_mounts_its_own_secret_and_no_other_pod_one(released: Any, kind: str) -> None:
    """The provider's client secret is in that of the API server alone."""
    assert logins(released(**KINDS[kind])) == MOUNTED[kind]


@pytest.mark.parametrize("name", ["api-server", "roles"])
def test_files_are_where_the_login_says_and_nobody_writes_them(released: Any, name: str) -> None:
    """As a folder: into a single file the cluster would bring no change."""
    one = container(released(**KINDS["both"]), name)
    (mount,) = (each for each in one["volumeMounts"] if each["name"] == "login")
    assert mount == {"name": "login", "mountPath": CLUSTER_FOLDER, "readOnly": True}
    variables = {each["name"]: each.get("value") for each in one["env"]}
    assert variables["AERODROME_LOGIN_FOLDER"] == CLUSTER_FOLDER
    named = Login(environment(**KINDS["both"]).login, None, {}, {"provider-ca.pem": "x"}).files(
        CLUSTER_FOLDER
    )
    assert json.loads(named["login.json"])["oidc"]["ca_file"] == f"{CLUSTER_FOLDER}/provider-ca.pem"
    assert ("AIRFLOW__FAB__CONFIG_FILE" in variables) == (name == "api-server")


def test_roles_reach_the_directory_at_its_port(released: Any) -> None:
    """The one of its address."""
    spec = released(**KINDS["directory"]).of("NetworkPolicy")["rel-roles"]["spec"]
    assert {"to": PEERS, "ports": [{"port": 1636, "protocol": "TCP"}]} in spec["egress"]


def test_another_provider_restarts_the_api_server_and_other_groups_do_not(released: Any) -> None:
    """Groups are read at each login."""

    def annotations(**login: Any) -> Any:
        pod = dict(released(**login).pods())["Deployment/rel-api-server"]
        return pod["metadata"]["annotations"]

    before = annotations(**KINDS["both"])
    assert annotations(**KINDS["both"], groups={"auditor": ["revision"]}) == before
    assert annotations(**KINDS["both"] | {"oidc": {**OIDC, "client_id": "other"}}) != before


@pytest.mark.parametrize(("kind", "decides"), [("database", False), ("directory", True), ("oidc", True)])
def test_an_api_server_without_its_login_does_not_start(released: Any, kind: str, decides: bool) -> None:
    """It is told which one decides; sessions end as environment.yaml says with every kind."""
    found = config(released(**KINDS[kind], session_minutes=60))
    assert found.get("aerodrome", "login_kind", fallback=None) == (kind if decides else None)
    assert found["fab"]["session_max_lifetime_minutes"] == "60"
    assert found["api_auth"]["jwt_expiration_time"] == "3600" and found["fab"]["cookie_samesite"] == "Lax"


def test_roles_behind_pgbouncer_are_refused(refusal: Any) -> None:
    """Each run would fail there, and nobody's roles would follow."""
    without = {"databaseBackup": {"enabled": False}}
    said = refusal("platform-jobs", pgbouncer={"enabled": True}, platform=without)
    assert "platform.roles.enabled: PgBouncer passes on neither limits" in said
    assert "set pgbouncer.enabled: false" in said


def test_two_files_for_fab_are_refused(refusal: Any) -> None:
    """One of them would have no effect."""
    said = refusal(platform={"login": {"settingsSecretName": "a"}}, apiServer={"apiServerConfig": "b"})
    assert "platform.login.settingsSecretName and apiServer.apiServerConfig: webserver_config.py" in said
