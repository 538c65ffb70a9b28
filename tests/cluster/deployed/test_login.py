"""A directory decides who gets into the Airflow of a cluster, from the deploy that asks for it on.

slapd runs on this machine, and answers pods at the bridge.
"""

from __future__ import annotations

from collections.abc import Iterator

import directory
import httpx
import pytest
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.login import keep
from aerodrome.local.machine.deadline import wait_until
from debian import ensure
from directory import PASSWORD, Slapd
from ldap3 import MODIFY_DELETE
from logins import login
from sandbox import Sandbox
from testbed.place import MACHINE

pytestmark = pytest.mark.usefixtures("first")
ENVIRONMENT, VALUES = "environments/sandbox/environment.yaml", "environments/sandbox/values.yaml"
LOGIN = """
login:
  kind: directory
  directory:
    url: ldaps://{address}:{port}
    ca_file: directory-ca.pem
    bind_dn: {reader}
    people: {{base: '{people}'}}
    groups: {{base: '{groups}'}}
  groups: {{platform: [crew]}}
  break_glass: emergency
"""
NETWORK = f"""
platform:
  roles:
    networkPolicy:
      directory:
        to:
          - ipBlock: {{cidr: {MACHINE}/32}}
"""
FOLLOWED_SECONDS = 120
"""The kubelet, the reconciler and Airflow's own memory of rights may each have just begun."""


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A directory in which anne and ben operate the platform."""
    ensure(["slapd"])
    with directory.running(tmp_path_factory.mktemp("directory") / "slapd", MACHINE) as found:
        found.group("crew", [found.person("anne"), found.person("ben")])
        yield found


@pytest.fixture(scope="module")
def asked(deployed: Sandbox, slapd: Slapd) -> Sandbox:
    """The environment, whose login asks this directory; nothing of it is deployed yet."""
    places = {"people": directory.PEOPLE, "groups": directory.GROUPS, "reader": directory.READER}
    said = LOGIN.format(address=MACHINE, port=slapd.encrypted_port, **places)
    authority = (slapd.folder / "ca.pem").read_text()
    (deployed.root / "environments/sandbox/directory-ca.pem").write_text(authority)
    deployed.edit(VALUES, lambda text: text + NETWORK)
    deployed.edit(ENVIRONMENT, lambda text: text + said)
    return deployed


def test_a_deploy_without_the_directorys_password_changes_nothing(asked: Sandbox) -> None:
    """It says how to give it."""
    done = asked.run("deploy", "--yes")
    assert done.returncode == 2 and "make login-secret ENV=sandbox" in done.stdout + done.stderr


def test_a_deploy_brings_the_login(asked: Sandbox) -> None:
    """With the password that was given and that the directory takes; the canary is the deploy's own user's."""
    told = keep(asked.root, "sandbox", {"bind_password": PASSWORD}, lambda _: None)
    assert told[0] == "the directory accepts it"
    names = {f"Secret aerodrome-login{suffix}" for suffix in ("", "-roles")}
    planned = {what for target, action, what in asked.planned() if (target, action) == ("login", "create")}
    assert planned == names
    asked.deploy()
    assert asked.planned() == set()


def test_people_of_the_directory_get_in_and_nobody_else(airflow: ClusterDesk) -> None:
    """But for the two that the environment knows."""
    assert login(airflow, "anne", PASSWORD).status_code == 201
    assert login(airflow, "anne", "wrong").status_code == 401
    assert login(airflow, "flights", airflow.known.get("flights", "x")).status_code == 401
    assert login(airflow, "emergency", airflow.known["emergency"]).status_code == 201
    assert login(airflow, "admin", airflow.known["admin"]).status_code == 201


def test_roles_are_followed_on_demand(asked: Sandbox) -> None:
    """Within the pod that does so by itself."""
    done = asked.run("roles", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sandbox: " in done.stdout


def test_who_leaves_the_group_loses_access(airflow: ClusterDesk, slapd: Slapd) -> None:
    """Without logging in again."""
    token = login(airflow, "ben", PASSWORD).json()["access_token"]

    def sees() -> bool:
        address = f"http://{airflow.address}/api/v2/dags"
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(address, headers=headers, timeout=60, trust_env=False).is_success

    assert sees()
    ben = f"uid=ben,{directory.PEOPLE}"
    slapd.change(f"cn=crew,{directory.GROUPS}", member=(MODIFY_DELETE, [ben]))
    assert wait_until(lambda: not sees(), FOLLOWED_SECONDS)
    assert login(airflow, "ben", PASSWORD).status_code == 403
