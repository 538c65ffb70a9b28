"""Whether each process does its work, not merely exists."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable

from aerodrome.clients.airflow import Airflow
from aerodrome.clients.redis import Broker
from aerodrome.clients.supervisor import ProcessState
from aerodrome.errors import AerodromeError
from aerodrome.local.machine.ownership import tail
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.tls import answers_over_tls
from aerodrome.local.processes import supervision
from aerodrome.local.stores import broker, directory, entrance, openbao, postgres
from aerodrome.progress import Progress

# A machine that does much else needs minutes to import Airflow six times; what cannot start is FATAL long before.
LONGEST_SECONDS = 400
SAID_EVERY_SECONDS = 30


def is_ready(platform: Platform, state: ProcessState) -> bool:
    """Return whether the process of *state* does its work since its last start."""
    if not state.pid:
        return False
    if state.name in (entrance.NAME, entrance.BROKER):
        return state.state == "RUNNING" and _takes_connections(platform, state.name)
    kind = state.name.partition("-")[0] if state.name.startswith(_OF_ZONES) else state.name
    return _PROBES[kind](platform, state)


def broker_access(platform: Platform) -> Broker:
    """Return the deploy's access to Redis."""
    user = broker.admin_user(platform)
    authority = str(platform.layout.authority) if platform.entrance else None
    return Broker(platform.ports.redis, user.name, user.password, authority)


def wait_ready(
    platform: Platform, names: Iterable[str], progress: Progress, seconds: float = LONGEST_SECONDS
) -> None:
    """Wait until all of *names* do their work, and tell *progress* who does and who is still awaited.

    AerodromeError, with the end of its log, for one that has failed or does not after *seconds*.
    """
    waiting = list(names)
    began = said = time.monotonic()
    supervisor = supervision.client(platform.layout)
    while waiting:
        states = supervisor.processes()
        for name in [name for name in waiting if is_ready(platform, states[name])]:
            waiting.remove(name)
            progress(f"{name} is ready")
        now = time.monotonic()
        if waiting and now > said + SAID_EVERY_SECONDS:
            said = now
            progress(f"waiting for {', '.join(waiting)}")
        failed = [name for name in waiting if states[name].state == "FATAL"]
        if failed or (waiting and now > began + seconds):
            raise _not_ready(platform, (failed or waiting)[0], states, now - began)
        if waiting:
            time.sleep(0.3)


def _not_ready(
    platform: Platform, name: str, states: dict[str, ProcessState], seconds: float
) -> AerodromeError:
    log = platform.layout.process_log(name)
    lines = tail(log, 20)
    return AerodromeError(
        f"{name} is not ready after {seconds:.0f} s ({states[name].state}); the end of {log}:\n{lines}",
        "mend the cause and deploy again",
    )


def _beats(platform: Platform, state: ProcessState) -> bool:
    component = state.name.replace("-", "_")
    try:
        found = Airflow(platform.api_url).health().get(component) or {}
    except AerodromeError:
        return False
    latest = found.get(f"latest_{component}_heartbeat")
    if found.get("status") != "healthy" or not latest:
        return False
    return dt.datetime.fromisoformat(latest).timestamp() >= state.since


def _listens(platform: Platform, state: ProcessState) -> bool:
    kind, _, zone = state.name.partition("-")
    layout = platform.layout
    path = layout.launcher_socket(zone) if kind == "launcher" else layout.secrets_socket(zone)
    # A connection would be refused and logged: only the zone's workers may connect.
    return path.is_socket() and path.stat().st_mtime >= state.since


def _takes_connections(platform: Platform, process: str) -> bool:
    if platform.entrance is None:
        return False
    ports = entrance.ports(platform.entrance)[process].values()
    return all(answers_over_tls(platform.entrance.address, port, platform.layout.authority) for port in ports)


def _waits_for_messages(platform: Platform, state: ProcessState) -> bool:
    try:
        return state.name in broker_access(platform).waiting_clients()
    except AerodromeError:
        return False


_OF_ZONES = ("launcher-", "secrets-", "worker-")
_PROBES: dict[str, Callable[[Platform, ProcessState], bool]] = {
    "postgres": lambda platform, _: postgres.server(platform).answers(),
    "redis": lambda platform, _: broker_access(platform).answers(),
    "openbao": lambda platform, _: openbao.vault(platform).state() in ("ready", "uninitialised"),
    "directory": lambda platform, _: directory.access(platform).answers(),
    "api-server": lambda platform, _: Airflow(platform.api_url).answers(),
    "scheduler": _beats,
    "dag-processor": _beats,
    "triggerer": _beats,
    # They have no more to tell: a pass that fails is told in the log, and made again.
    "results-collector": lambda _, state: state.state == "RUNNING",
    # On the first deploy the directory gets its people when all processes run.
    "roles": lambda _, state: state.state == "RUNNING",
    "launcher": _listens,
    "secrets": _listens,
    "worker": _waits_for_messages,
}
