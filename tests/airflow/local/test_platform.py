"""The whole platform as processes of this machine: what runs where, as whom, with which rights."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from aerodrome import names
from aerodrome.cli.program import commands
from aerodrome.clients.airflow import UNFINISHED, Airflow
from aerodrome.clients.postgres import Server
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import accounts, leftovers
from aerodrome.local.machine.credentials import airflow_user, tenant_database
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.processes import readiness, supervision
from aerodrome.local.processes.status import status
from aerodrome.local.release import services
from aerodrome.local.release.asset_schedule import due
from aerodrome.local.release.deploy import status_of
from aerodrome.local.release.secret_desk import local_desk
from aerodrome.local.stores import secrets_store
from aerodrome.secrets.entry import Request
from typer.testing import CliRunner

SOURCE = Path(__file__).parent / "repository"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has users for each zone and tenant")


def as_user(user: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Return what *command* does as *user* without any other group."""
    return subprocess.run(
        command, user=user, group=user, extra_groups=[], capture_output=True, text=True, cwd="/", check=False
    )


def test_every_process_works(platform: Platform) -> None:
    """Status shows every process as running, with its memory."""
    found = status(platform)
    assert [row.name for row in found.rows if row.state != "running" or row.memory == 0] == []
    assert found.healthy and len(found.rows) == 21


def test_nothing_differs_after_a_deploy(platform: Platform) -> None:
    """A second look finds no difference."""
    found = [
        *services.differences(platform),
        *secrets_store.differences(platform),
        *access.differences(platform),
    ]
    assert found == []


def test_what_was_published_by_hand_is_drift(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is all that differs."""
    monkeypatch.setenv("AERODROME_STATE", str(platform.layout.state))
    monkeypatch.setenv("AERODROME_REPOSITORY", str(platform.layout.repository))
    done = CliRunner().invoke(commands(), ["drift", "--json"])
    assert done.exit_code == 3, done.output
    found = json.loads(done.stdout)
    by_hand = {path.stem for path in (SOURCE / "platform_dags").glob("*.py")}
    assert {change["what"] for change in found["changes"]} == {f"DAG platform.{name}" for name in by_hand}
    assert found["deployed"]["commit"] == "tests" and found["by_hand"] is None


def test_a_new_port_that_somebody_has_is_told_before_anything_is_stopped(platform: Platform) -> None:
    """The platform goes on as it was, with the ports that it had."""
    before = {s.name: s.pid for s in supervision.client(platform.layout).processes().values()}
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        with pytest.raises(UserError, match=rf"^port {port} of redis is taken by .*local.ports.redis"):
            services.apply(_with_redis_at(platform, port), print)
    assert {s.name: s.pid for s in supervision.client(platform.layout).processes().values()} == before
    assert services.differences(platform) == ()


def test_who_waits_hears_for_what_and_sees_the_log_of_what_never_answers(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that runs, and does not do its work where it should: what it has said last is in the error."""
    monkeypatch.setattr(readiness, "SAID_EVERY_SECONDS", 0)
    said: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        elsewhere = _with_redis_at(platform, silent.getsockname()[1])
        with pytest.raises(AerodromeError) as raised:
            readiness.wait_ready(elsewhere, ["postgres", "redis"], said.append, 1)
    log = platform.layout.process_log("redis")
    first, _, last = str(raised.value).partition("\n")
    assert re.fullmatch(rf"redis is not ready after \d+ s \(RUNNING\); the end of {log}:", first)
    assert log.read_text().splitlines()[-1] in last
    assert said[0] == "postgres is ready" and set(said[1:]) == {"waiting for redis"}


def _with_redis_at(platform: Platform, port: int) -> Platform:
    ports = platform.ports.model_copy(update={"redis": port})
    local = platform.local.model_copy(update={"ports": ports})
    return replace(platform, environment=platform.environment.model_copy(update={"local": local}))


def test_airflow_tells_of_many_dags_at_once(
    platform: Platform, airflow: Airflow, finished: dict[str, str]
) -> None:
    """The newest run of each, by state where that is asked for; what a DAG without one waits for; all of `status`."""
    newest = airflow.runs("platform.probe", 1)[0]
    asked = ["platform.probe", "alpha.waiting", "alpha.nosuch"]
    assert airflow.newest_runs(asked)["platform.probe"]["dag_run_id"] == newest["dag_run_id"]
    assert "alpha.nosuch" not in airflow.newest_runs(asked, ["success", "failed"])
    assert {task["state"] for task in airflow.unfinished_tasks()} <= set(UNFINISHED)
    assert due(airflow, ["alpha.nosuch", "gamma.of_all"]) <= {"gamma.of_all"}
    found = status_of(platform)
    assert found.unanswered == "" and {"probe", "waiting"} <= {row.dag for row in found.dags}


def test_airflows_processes_have_their_own_folder_for_temporary_files(
    platform: Platform, finished: dict[str, str]
) -> None:
    """It goes with the deployment, and nobody else's processes look into it."""
    found = set()
    for process in leftovers.find(platform.layout):
        with suppress(psutil.Error):
            if place := process.environ().get("TMPDIR"):
                found.add((Path(place), process.uids().real))
    airflows = {(place, uid) for place, uid in found if "aerodrome-job-" not in str(place)}
    assert len(airflows) == (5 if platform.layout.root else 1)
    for place, uid in airflows:
        assert place.is_relative_to(platform.layout.temporary) and place.stat().st_mode & 0o777 == 0o700
        assert place.stat().st_uid == uid


@as_root
def test_nothing_of_the_platform_is_left_in_the_machines_folder_for_temporary_files(
    platform: Platform, finished: dict[str, str]
) -> None:
    """What killed processes leave would stay there for ever: each user that only this deployment has."""
    ours = [path.name for path in accounts.LEDGER.iterdir() if len(list(path.iterdir())) == 1]
    uids = {pwd.getpwnam(user).pw_uid for user in accounts.used_by(platform.layout.name) if user in ours}
    left = [path for path in Path("/tmp").iterdir() if path.exists() and path.lstat().st_uid in uids]
    since = min(supervision.starts(platform.layout))
    # The folders of jobs go with them.
    assert not [path for path in left if path.lstat().st_ctime > since and "aerodrome-job-" not in path.name]


@as_root
def test_each_queue_runs_as_its_zone(finished: dict[str, str]) -> None:
    """A task runs as the user of its queue's zone."""
    users = {queue: log.split("user ")[1].split()[0] for queue, log in finished.items()}
    assert users == {
        "default": "aerodrome-default",
        "pii": "aerodrome-pii",
        "onprem": "aerodrome-onprem",
        "maintenance": "aerodrome-platform",
    }


@pytest.mark.parametrize("queue", ["default", "pii", "onprem", "maintenance"])
@pytest.mark.parametrize(
    "key",
    ["connection alpha.warehouse", "connection beta.warehouse", "variable alpha.token", "variable beta.token",
     "connection alpha.%2e%2e", "connection ../beta/connections/warehouse"],
)  # fmt: skip
def test_a_task_of_no_tenant_reads_no_tenants_secrets(finished: dict[str, str], queue: str, key: str) -> None:
    """Not on the queues of that tenant either: the DAG that runs decides whose secrets it reads."""
    assert f"{key} AirflowSecretsBackendAccessDenied" in finished[queue]


def test_what_service_users_run_is_shared_with_no_cache(platform: Platform) -> None:
    """A file that were linked there could be changed by whoever owns the cache."""
    programs = next(platform.layout.venv.glob("lib/python3*/site-packages/supervisor")).glob("*.py")
    assert not platform.layout.root or {path.stat().st_nlink for path in programs} == {1}


def test_a_worker_holds_no_secret_of_the_platform(platform: Platform) -> None:
    """A worker's configuration names no database, signing key or Fernet key."""
    text = (platform.layout.process_config("worker-pii") / "airflow.cfg").read_text()
    credentials = platform.credentials
    secrets = [
        credentials.jwt_secret(),
        credentials.fernet_key(),
        credentials.get("postgres-airflow"),
        credentials.get("airflow-session"),
    ]
    assert not any(secret in text for secret in secrets)
    assert "sql_alchemy_conn" not in text


def test_a_tenant_sees_only_its_own_dags(platform: Platform, airflow: Airflow) -> None:
    """The example user of one tenant neither sees nor starts another's DAG, and sees no import error of another."""
    alpha, beta = (
        Airflow(platform.api_url, name, platform.credentials.get(airflow_user(name)))
        for name in ("alpha", "beta")
    )
    assert [dag["dag_id"] for dag in alpha.dags()] == ["alpha.endless", "alpha.reads", "alpha.waiting"]
    for forbidden in (beta.dags, lambda: beta.trigger("alpha.waiting")):
        with pytest.raises(AerodromeError, match=r"40[34]"):
            forbidden()
    assert all(error["filename"].startswith("alpha/") for error in alpha.import_errors())


def test_a_tenants_database_is_closed_to_the_others(platform: Platform) -> None:
    """A tenant's role may connect to no database but its own."""
    password = platform.credentials.get(tenant_database("beta"))
    beta = Server("127.0.0.1", platform.ports.postgres, "tenant_beta", password)
    with pytest.raises(AerodromeError, match="permission denied for database"):
        beta.databases()


def test_a_zones_login_reads_nothing_but_through_a_tenants_token(platform: Platform) -> None:
    """OpenBao itself refuses the login every secret, and the token another tenant's path, a list and a write."""
    store = Vault(platform.openbao_url)
    role, secret_id = secrets_store.role_id(platform, "pii"), secrets_store.secret_id(platform, "pii")
    zone = replace(store, token=store.login(role, secret_id))
    token = replace(store, token=zone.mint(names.tenant_policy("local", "pii", "alpha"), names.TOKEN_TTL))
    own, other = (names.connection_path("local", tenant, "warehouse") for tenant in ("alpha", "beta"))
    assert token.read("aerodrome", own)
    for forbidden in (
        lambda: zone.read("aerodrome", own),
        lambda: zone.mint(names.tenant_policy("local", "default", "alpha"), names.TOKEN_TTL),
        lambda: token.read("aerodrome", other),
        lambda: token.names("aerodrome", "local/tenants"),
        lambda: token.write("aerodrome", own, {}),
    ):
        with pytest.raises(AerodromeError, match="permission denied"):
            forbidden()


def test_security_staff_write_a_secret_here(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into the store that runs, and are told that what tasks may read is deployed already."""
    monkeypatch.setenv("AERODROME_STATE", str(platform.layout.state))
    desk = local_desk(platform.layout.repository, platform.environment)
    told = desk.write(Request("alpha", "token", "variable"), lambda _: {"value": "of-alpha"})
    assert told[0] == "replaced variable alpha.token" and not any("not readable" in line for line in told)


@as_root
@pytest.mark.parametrize("user", ["_alpha", "aerodrome-onprem"])
def test_others_read_neither_secrets_nor_logs(
    platform: Platform, finished: dict[str, str], user: str
) -> None:
    """Tenants' code and another zone's workers cannot list secrets, configuration, logs, data or homes."""
    layout = platform.layout
    closed = [
        layout.secrets,
        layout.process_config("scheduler"),
        layout.process_config("worker-pii"),
        layout.task_logs / "queue=pii",
    ]
    closed += [
        layout.data / "postgres",
        layout.homes / "beta",
        layout.launcher_socket("pii").parent,
        layout.alerts,
    ]
    assert [path for path in closed if as_user(user, "ls", str(path)).returncode == 0] == []


def test_the_supervisor_restarts_a_killed_process(platform: Platform, airflow: Airflow) -> None:
    """A scheduler that is killed runs again by itself."""
    before = supervision.client(platform.layout).processes()["scheduler"].pid
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        state = supervision.client(platform.layout).processes()["scheduler"]
        return state.pid not in (0, before) and readiness.is_ready(platform, state)

    assert wait_until(back, 60)


def test_no_run_is_lost_when_everything_is_killed(
    platform: Platform, airflow: Airflow, wait_run: Callable[[str, float], str]
) -> None:
    """A run that was in the middle of its tasks ends well after kill -9 of every process and one deploy."""
    run = airflow.trigger("platform.probe", {"seconds": 3})["dag_run_id"]
    assert wait_until(
        lambda: any(t["state"] == "running" for t in airflow.task_instances("platform.probe", run)), 30
    )
    for process in leftovers.find(platform.layout):
        process.kill()
    assert wait_until(lambda: not leftovers.find(platform.layout), 10)
    services.apply(platform, print)
    assert wait_run(run, 150) == "success"
