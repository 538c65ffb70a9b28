"""Who is let in: given one by one, compared with the inventory, put right and taken back."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aerodrome import names
from aerodrome.clients.airflow import Airflow
from aerodrome.errors import UserError
from aerodrome.local.machine import certificates
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import write_file
from aerodrome.local.processes import folders, topology
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release import host_logins, services, unserved_queues
from aerodrome.local.stores import entrance_tls, openbao, secrets_store
from entrance_place import ADDRESS, NAME, PROCESSES, Entrance

ROLE, USER = names.host_role(NAME, "h1"), names.host_user("h1")


def differences(entrance: Entrance) -> dict[str, str]:
    """Return what a plan tells of hosts at the secrets store and the broker: what and why."""
    platform = replace(entrance.platform, looked_at=True)
    found = (*secrets_store.rules(platform).changes(), *host_logins.differences(platform))
    return {f"{change.action} {change.what}": change.why for change in found}


def put_right(entrance: Entrance) -> None:
    """Do what a deploy does about them."""
    secrets_store.rules(entrance.platform).apply((), lambda _: None)
    host_logins.apply(entrance.platform, lambda _: None)


def test_what_a_host_is_given_stays_the_same(entrance: Entrance) -> None:
    """Nothing is restarted for it, and no plan finds anything to do."""
    assert entrance.let_in("h1") == entrance.let_in("h1")
    assert differences(entrance) == {}
    configured = {process.name: dict(process.files) for process in topology.desired(entrance.platform)}
    for process, file in (("redis", "users.acl"), ("entrance", "bundle-users")):
        path = entrance.platform.layout.process_config(process) / file
        assert path.read_text() == configured[process][file] and USER in path.read_text()


def test_no_secret_is_told(entrance: Entrance) -> None:
    """Neither by what a host is given, when it is shown, nor by the lists of who may come in."""
    given = entrance.let_in("h1", new_login=True)
    password = entrance.platform.credentials.get(secret.redis_host("h1"))
    visible = [(found.command, dict(found.environment)) for found in topology.desired(entrance.platform)]
    shown = f"{given!r} {visible}"
    for text in (password, given.bundle_password, given.wrapped_login):
        assert text not in shown
    layout = entrance.platform.layout
    assert password not in (layout.process_config("redis") / "users.acl").read_text()
    assert given.bundle_password not in (layout.process_config("entrance") / "bundle-users").read_text()


def test_drift_is_told_and_put_right_and_what_is_foreign_is_left_alone(entrance: Entrance) -> None:
    """Somebody widened the rights of a host at broker and store, and made objects of their own."""
    entrance.let_in("h1")
    vault, broker = openbao.vault(entrance.platform), broker_access(entrance.platform)
    vault.put_policy(ROLE, 'path "*" { capabilities = ["read"] }')
    vault.put_role("auth/approle/role", ROLE, {"secret_id_ttl": 0})
    vault.put_policy("aerodrome-other.host-h1", 'path "x" { capabilities = ["read"] }')
    broker.put_user(USER, "on nopass ~* +@all")
    broker.put_user("somebody", "on nopass -@all +ping")
    told = differences(entrance)
    assert told.keys() == {f"update policy {ROLE}", f"update login {ROLE}", f"update broker user {USER}"}
    assert "allows *, which it should not" in told[f"update policy {ROLE}"]
    put_right(entrance)
    assert differences(entrance) == {} and "somebody" in broker.users()
    assert vault.policy("aerodrome-other.host-h1") is not None
    broker.delete_user("somebody")


def test_a_host_that_the_inventory_names_no_more_is_shut_out_by_a_deploy(entrance: Entrance) -> None:
    """The others stay as they are."""
    for host in ("h1", "h2"):
        entrance.let_in(host)
    fewer = replace(entrance, platform=replace(entrance.platform, hosts=entrance.platform.hosts[1:]))
    told = differences(fewer)
    assert told["delete access of host h1"] == "the inventory does not name it"
    assert {f"delete policy {ROLE}", f"delete login {ROLE}"} <= told.keys()
    put_right(fewer)
    assert differences(fewer) == {} and entrance.platform.credentials.hosts() == ("h2",)
    assert USER not in broker_access(entrance.platform).users()


def test_only_hosts_of_the_inventory_are_let_in(entrance: Entrance) -> None:
    """With the name that was meant."""
    with pytest.raises(UserError, match="names no host 'h3'"):
        entrance.let_in("h3")
    assert entrance.platform.credentials.hosts() == ()


def serial(entrance: Entrance, port: int) -> str:
    """Return the certificate that a server shows to who connects now."""
    import socket

    with (
        socket.create_connection((ADDRESS, port), 5) as plain,
        entrance.tls().wrap_socket(plain, server_hostname=ADDRESS) as tls,
    ):
        return str((tls.getpeercert() or {})["serialNumber"])


def test_a_certificate_is_renewed_without_cutting_a_connection(entrance: Entrance) -> None:
    """A plan tells when it ends; broker and entrance show the new one, of the same authority."""
    platform = entrance.platform
    own = certificates.parsed_authority(platform.credentials.get(secret.ENTRANCE_AUTHORITY))
    old = certificates.issued(own, ["127.0.0.1", ADDRESS], "aerodrome", timedelta(days=20))
    platform.credentials.replace(secret.ENTRANCE_TLS, old.to_text())
    client = entrance.broker(entrance.let_in("h1").broker_url)
    number = client.client_id()
    assert any("it ends on" in change.why for change in entrance_tls.differences(platform))
    assert "renews it" in entrance_tls.told(platform)[0]
    before = [serial(entrance, port) for port in (entrance.entrance.broker, entrance.entrance.api)]
    processes = tuple(found for found in topology.desired(platform) if found.name in PROCESSES)
    folders.write_configuration(platform, processes)
    services.read_again(platform)
    os.kill(entrance.pids["entrance"], signal.SIGHUP)
    assert wait_until(lambda: serial(entrance, entrance.entrance.api) != before[1], 10)
    assert serial(entrance, entrance.entrance.broker) != before[0] and client.client_id() == number
    assert entrance_tls.told(platform) == () == tuple(entrance_tls.differences(platform))


def test_a_deploy_begins_no_dag_that_waits_for_a_host(entrance: Entrance) -> None:
    """It says so; as soon as a worker of that queue is connected the DAG is begun as any other."""
    queues = {"alpha.here": ["default"], "alpha.far": ["default", "onprem"], "beta.people": ["pii"]}
    entrance.api.answers = {
        "/auth/token": {"access_token": "x"},
        "/api/v2/dags/~/dagRuns/list": {"dag_runs": [], "total_entries": 0},
        **{
            f"/api/v2/dags/{dag}/tasks": {"tasks": [{"queue": q} for q in own]} for dag, own in queues.items()
        },
    }
    airflow, said = Airflow(entrance.platform.api_url, "admin", "x"), list[str]()
    wait: Any = lambda: unserved_queues.without_waiting(entrance.platform, airflow, list(queues), said.append)  # noqa: E731
    assert wait() == ["alpha.here"] and "alpha.far: no host serves onprem now" in said[0]
    assert "onprem, pii" in unserved_queues.told(entrance.platform)[0]
    client = entrance.broker(entrance.let_in("h1").broker_url + "&client_name=worker-onprem")
    assert client.ping() and wait() == ["alpha.far", "alpha.here"]


def test_a_password_outlives_no_half_done_removal(entrance: Entrance) -> None:
    """Whatever ends a removal, no deploy lets the host in again."""
    entrance.let_in("h1")
    for name in (secret.redis_host("h1"), secret.bundle_host("h1")):
        entrance.platform.credentials.forget(name)
    put_right(entrance)
    write_file(entrance.platform.layout.process_config("redis") / "users.acl", "", 0o600)
    entrance.access.revoke("h1")
    assert ROLE not in openbao.vault(entrance.platform).policies()
    assert USER not in broker_access(entrance.platform).users()
