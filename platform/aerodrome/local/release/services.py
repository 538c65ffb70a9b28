"""The platform's processes: what differs from the desired ones, and bringing them up to it."""

from __future__ import annotations

import hashlib
import shutil

from aerodrome.local.machine import accounts, interpreter, left_jobs, leftovers, ports
from aerodrome.local.machine.credentials import OPENBAO_ROOT
from aerodrome.local.machine.difference import of_release
from aerodrome.local.machine.ownership import write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.processes import folders, login, readiness, supervision, topology
from aerodrome.local.processes.process import Process
from aerodrome.local.processes.supervision import client
from aerodrome.local.stores import broker, entrance, entrance_tls, openbao, postgres
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.render import airflow_options


def differences(platform: Platform) -> tuple[Change, ...]:
    """Return which users, packages and processes are missing, outdated or down. Changes nothing."""
    platform.credentials.require_not_lost(OPENBAO_ROOT)
    login.require_usable(platform)
    broker.require_installed(platform)
    entrance.require_address(platform)
    return (
        *_missing_users(platform),
        *interpreter.differences(platform.layout),
        *(entrance_tls.differences(platform) if platform.entrance else ()),
        *_process_differences(platform),
    )


def _missing_users(platform: Platform) -> list[Change]:
    if not platform.layout.root:
        return []
    wanted = [*_service_users(platform), *_tenant_users(platform)]
    return [
        of_release("create", "operating system user", user, "not there yet")
        for user in accounts.missing(wanted)
    ]


def _service_users(platform: Platform) -> tuple[str, ...]:
    return platform.accounts.services(
        platform.served_here,
        directory=platform.environment.login.runs_directory,
        entrance=platform.entrance is not None,
    )


def _tenant_users(platform: Platform) -> list[str]:
    return [user for tenant in sorted(platform.tenants) if (user := platform.os_user(tenant))]


def _process_differences(platform: Platform) -> list[Change]:
    # Before the first deploy there is no interpreter whose programs could be named.
    if not interpreter.ready(platform.layout):
        return [of_release("create", "all processes", "", "nothing is deployed here yet")]
    supervisor = client(platform.layout)
    states = supervisor.processes() if supervisor.answers() else {}
    deployed = supervision.deployed(platform.layout)
    found = []
    for process in topology.desired(platform):
        if process.name not in deployed:
            found.append(of_release("create", "process", process.name, "not there yet"))
        elif deployed[process.name] != process.fingerprint:
            found.append(
                of_release("restart", "process", process.name, "its program or configuration changed")
            )
        elif process.name not in states or not states[process.name].pid:
            found.append(of_release("start", "process", process.name, "it does not run"))
        elif _reloaded(platform, process):
            found.append(
                of_release("update", "configuration", process.name, "it differs; no restart is needed")
            )
    gone = deployed.keys() - {process.name for process in topology.desired(platform)}
    return found + [
        of_release("delete", "process", name, "nothing asks for it any more") for name in sorted(gone)
    ]


def _reloaded(platform: Platform, process: Process) -> bool:
    folder = platform.layout.process_config(process.name)
    return any(
        (folder / name).read_text(encoding="utf-8") != process.files[name] for name in process.reloaded
    )


def apply(platform: Platform, progress: Progress) -> None:
    """Bring users, interpreter and all processes to the desired state and wait until they work."""
    layout = platform.layout
    # Before anything is installed, which takes a minute, and again when it is.
    _require_ports(platform)
    folders.base(platform)
    _make_users(platform, progress)
    interpreter.apply(layout, progress)
    refused = platform.entrance is not None and entrance_tls.is_refused(platform)
    processes = topology.desired(platform)
    # Before anything is written or stopped: what runs goes on as it is.
    _require_ports(platform)
    folders.of_processes(platform, processes)
    folders.of_tenants(platform)
    folders.write_configuration(platform, processes)
    _start_supervisor(platform, processes, progress)
    if refused:
        # Nobody would come in to have it read again.
        client(layout).stop(["redis", entrance.NAME])
    if platform.credentials.find(OPENBAO_ROOT) is None:
        client(layout).stop(["openbao"])
        openbao.begin_anew(platform)
    _start(platform, [p for p in processes if p.name in topology.STORES], progress)
    if openbao.initialise(platform):
        progress("initialised OpenBao")
    read_again(platform)
    _prepare_database(platform, progress)
    _start(platform, [p for p in processes if p.name not in topology.STORES], progress)
    if platform.entrance is not None:
        client(layout).signal(entrance.NAME, "HUP")
    supervision.note_deployed(layout, {process.name: process.fingerprint for process in processes})
    interpreter.prune(layout, supervision.starts(layout))


def read_again(platform: Platform) -> None:
    """Have the broker know its users of now, and show its certificate of now where it has one."""
    access = readiness.broker_access(platform)
    if platform.entrance is None:
        access.reload_users()
        return
    # To read all of them again would cut every connection, those of hosts that run tasks too.
    wanted = broker.users(platform)
    for name in access.differing(wanted):
        access.put_user(name, wanted[name])
    for name in sorted(access.users() - wanted.keys()):
        if name.startswith(broker.OWN):
            access.delete_user(name)
    folder = platform.layout.process_config("redis")
    access.reload_certificate(folder / entrance_tls.CERTIFICATE, folder / entrance_tls.KEY)


def _make_users(platform: Platform, progress: Progress) -> None:
    if platform.layout.root:
        for user in accounts.ensure(_service_users(platform), _tenant_users(platform), platform.layout.name):
            progress(f"made the operating system user {user}")
        out = platform.entrance is not None
        accounts.join(
            platform.accounts.memberships(platform.served_here, platform.triggerer_zones, entrance=out)
        )


def _require_ports(platform: Platform) -> None:
    own = [process.pid for process in leftovers.find(platform.layout)]
    ports.require_free(topology.listening(platform), platform.environment.name, own)
    if platform.entrance is not None:
        place = ports.Place(platform.entrance.address, "hosts.entrance")
        ports.require_free(entrance.ports(platform.entrance), platform.environment.name, own, place)


def _start_supervisor(platform: Platform, processes: tuple[Process, ...], progress: Progress) -> None:
    layout = platform.layout
    supervisor = client(layout)
    running = {n: s for n, s in supervisor.processes().items() if s.pid} if supervisor.answers() else {}
    if not running:
        supervision.shut_down(layout)
        # What killed processes have left there is nobody's now.
        shutil.rmtree(layout.temporary, ignore_errors=True)
        left_jobs.clear(layout)
        folders.temporary(platform, processes)
        postgres.initialise(platform)
        postgres.clear_stale_lock(platform)
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, processes))
    if supervision.ensure_running(layout):
        progress("started the process supervisor")
    _, changed, removed = supervisor.reload()
    _retire(platform, (*removed, *changed), progress)
    known = supervisor.processes()
    for process in processes:
        if process.name not in known:
            supervisor.add(process.name)


def _retire(platform: Platform, names: tuple[str, ...], progress: Progress) -> None:
    if not names:
        return
    progress(f"stopping {', '.join(sorted(names))}")
    supervisor = client(platform.layout)
    supervisor.stop(names)
    for name in names:
        supervisor.remove(name)


def _start(platform: Platform, processes: list[Process], progress: Progress) -> None:
    supervisor = client(platform.layout)
    states = supervisor.processes()
    for process in processes:
        if states[process.name].state in ("STOPPED", "EXITED", "FATAL", "UNKNOWN"):
            supervisor.start(process.name)
    readiness.wait_ready(platform, [process.name for process in processes], progress)


def _prepare_database(platform: Platform, progress: Progress) -> None:
    """Migrate Airflow's database and make the first users, before anything of Airflow runs on it."""
    new = postgres.ensure_airflow_database(platform)
    note = platform.layout.config / "migrated"
    digest = hashlib.sha256((platform.layout.repository / "requirements.lock").read_bytes())
    digest.update(airflow_options.LOG_TEMPLATE.encode())
    if not new and note.is_file() and note.read_text(encoding="utf-8") == digest.hexdigest():
        return
    progress("migrating Airflow's database")
    access.run_in_airflow(platform, ["-m", "airflow", "db", "migrate"])
    progress("making roles, users and pools")
    access.apply(platform, progress)
    write_file(note, digest.hexdigest(), 0o644)
