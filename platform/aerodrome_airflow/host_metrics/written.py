"""The metrics themselves: what was seen on the host as gauges of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aerodrome_airflow.host_metrics.settings import Settings
from aerodrome_airflow.host_metrics.tasks import Running
from aerodrome_airflow.host_metrics.units import Unit

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_NONE = Unit("", "inactive")
# Name → label or none, and what it says. Times are ages in seconds, so that a clock that is wrong harms none.
_GAUGES = {
    "worker_up": ("queue", "1 while the worker takes tasks."),
    "worker_stopping_seconds": (
        "queue",
        "For so long the worker has waited for its running tasks to end; 0: it does not.",
    ),
    "worker_restarts": (
        "queue",
        "How often systemd has started the worker again since it was started by hand.",
    ),
    "worker_slots": ("queue", "Tasks that the worker may run at once."),
    "worker_tasks": ("queue", "Tasks that the worker runs."),
    "worker_oldest_task_seconds": ("queue", "Age of the task that has run for longest; 0: none runs."),
    "worker_heartbeat_age_seconds": ("queue", "Since the worker's last heartbeat to the broker."),
    "unit_up": ("unit", "1 while the unit runs."),
    "host_drained": ("", "1 while the host is told to take no tasks."),
    "login_age_seconds": ("", "Since the host's login to the secrets store was replaced."),
    "login_rotate_seconds": ("", "How often it is to be replaced."),
    "authority_ends_seconds": ("", "Until the platform's authority, whom the host trusts, ends."),
    "logs_waiting": ("", "Task logs that were not sent yet, or not to their end."),
    "logs_waiting_bytes": ("", "Their size."),
    "logs_failing_seconds": ("", "For so long no log could be sent; 0: all is well."),
    "logs_dropped": ("", "Logs that were removed without having been sent, since the sender was started."),
    "metrics_written_seconds": ("", "When these metrics were written: seconds since 1970."),
}


@dataclass(frozen=True)
class Seen:
    """The host at *now*; *tasks* by unit, *logs* as their sender says, empty where there is none."""

    now: float
    units: Mapping[str, Unit]
    tasks: Mapping[str, Running]
    logs: Mapping[str, float]


def registry(settings: Settings, seen: Seen) -> CollectorRegistry:
    """Return the metrics of the host; what cannot be known has none."""
    from prometheus_client import CollectorRegistry, Gauge

    found = CollectorRegistry()
    made: dict[str, Gauge] = {}
    for (name, label), value in values(settings, seen).items():
        kind, help_ = _GAUGES[name]
        if name not in made:
            made[name] = Gauge(f"aerodrome_{name}", help_, [kind] if kind else [], registry=found)
        (made[name].labels(label) if kind else made[name]).set(value)
    return found


def values(settings: Settings, seen: Seen) -> dict[tuple[str, str], float]:
    """Return metric and label → value."""
    found: dict[tuple[str, str], float] = {}
    for queue, slots in settings.slots.items():
        of_queue = {"worker_slots": float(slots), **_worker(settings, seen, queue)}
        found |= {(name, queue): value for name, value in of_queue.items()}
    found |= {("unit_up", unit): float(seen.units.get(unit, _NONE).is_up) for unit in settings.units}
    return found | {(name, ""): value for name, value in _host(settings, seen).items()}


def _worker(settings: Settings, seen: Seen, queue: str) -> dict[str, float]:
    name = settings.worker(queue)
    unit, tasks = seen.units.get(name, _NONE), seen.tasks.get(name, Running())
    heard = _age(seen.now, Path(settings.heartbeats.format(queue=queue)))
    return {
        "worker_up": float(unit.is_up),
        "worker_stopping_seconds": _since(seen.now, unit.stopping_since),
        "worker_restarts": float(unit.restarts),
        "worker_tasks": float(tasks.count),
        "worker_oldest_task_seconds": _since(seen.now, tasks.oldest),
        **({} if heard is None else {"worker_heartbeat_age_seconds": heard}),
    }


def _host(settings: Settings, seen: Seen) -> dict[str, float]:
    login, ends = _age(seen.now, settings.login), _end_of(settings.authority)
    return {
        "host_drained": float(settings.drained.exists()),
        "login_rotate_seconds": settings.login_rotate,
        "metrics_written_seconds": seen.now,
        **({} if login is None else {"login_age_seconds": login}),
        **({} if ends is None else {"authority_ends_seconds": ends - seen.now}),
        **_logs(seen),
    }


def _logs(seen: Seen) -> dict[str, float]:
    if not seen.logs:
        return {}
    said = {name: seen.logs.get(name, 0) for name in ("waiting", "waiting_bytes", "dropped")}
    failing = _since(seen.now, seen.logs.get("failing_since", 0))
    return {**{f"logs_{name}": value for name, value in said.items()}, "logs_failing_seconds": failing}


def _since(now: float, time: float) -> float:
    return max(0.0, now - time) if time else 0.0


def _age(now: float, file: Path) -> float | None:
    with suppress(FileNotFoundError):
        return max(0.0, now - file.stat().st_mtime)
    return None


def _end_of(authority: Path) -> float | None:
    """Return when the first of the certificates in *authority* ends: seconds since 1970."""
    from cryptography import x509

    with suppress(FileNotFoundError):
        found = x509.load_pem_x509_certificates(authority.read_bytes())
        return min(one.not_valid_after_utc.timestamp() for one in found)
    return None
