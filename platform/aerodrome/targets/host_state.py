"""What a host should be, what it is, and why the two differ. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome.plan import Change, Risk

TARGET = "hosts"
KIND = "host"
_SHOWN = 3
# Of the worker's role, what its launchers and agent read anew: the worker itself goes on.
_READ_ANEW = ("airflow_worker_launcher_configs", "airflow_worker_tenants", "airflow_worker_agent_config")
TENANTS = "tenants"
# No change of these interrupts a running task.
_HARMLESS = frozenset({TENANTS, "tenant_runtime", "worker_metrics", "worker_logs", "kerberos_client"})


@dataclass(frozen=True)
class WantedHost:
    """One host as the inventory and the environment ask for it; *place* is its line in the inventory.

    *parts* is part → digest: one for each role, of its variables and its tasks.
    """

    name: str
    place: str
    zone: str
    queues: tuple[str, ...]
    connection: Mapping[str, Any]
    variables: Mapping[str, Any]
    roles: tuple[str, ...]
    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Return the digest of the whole desired state."""
        return digest_of(dict(self.parts))


@dataclass(frozen=True)
class Found:
    """What a host answered: its stamp (empty: never set up), what differs from it, what runs, and what it lacks."""

    stamp: Mapping[str, Any]
    same: bool
    drift: tuple[str, ...]
    drained: bool
    has_login: bool
    busy: tuple[str, ...]
    tasks: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Found:
        """Return what the module aerodrome_state told."""
        return cls(
            answer["stamp"],
            answer["same"],
            tuple(answer["drift"]),
            answer["drained"],
            answer["login"],
            tuple(answer["busy"]),
            tuple(answer["tasks"]),
        )


def digest_of(value: object) -> str:
    """Return the SHA-256 of *value* as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def parts_of(
    roles: Mapping[str, Mapping[str, Any]], digests: Mapping[str, str], content: Path
) -> dict[str, str]:
    """Return part → digest of a host: *roles* is role → variables, *digests* role → digest without what lies here.

    The tasks of the roles below *content* count as well: an edited role is a new desired state.
    """
    found = {role: digest_of([digests[role], folder_digest(content / "roles" / role)]) for role in roles}
    if worker := roles.get("airflow_worker"):
        kept = {key: value for key, value in worker.items() if key not in _READ_ANEW}
        found["airflow_worker"] = digest_of([kept, folder_digest(content / "roles" / "airflow_worker")])
        found[TENANTS] = digest_of({key: worker.get(key) for key in _READ_ANEW})
    return found


def folder_digest(folder: Path) -> str:
    """Return the digest of every file below *folder* but its tests."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = [(str(path.relative_to(folder)), path) for path in files]
    return digest_of(
        [
            (name, hashlib.sha256(path.read_bytes()).hexdigest())
            for name, path in named
            if not name.startswith("molecule/") and "__pycache__" not in name
        ]
    )


def change_of(wanted: WantedHost, found: Found) -> Change | None:
    """Return what is to be done to a host and why; None where it is as it should be."""
    if not found.stamp:
        queues = ", ".join(wanted.queues)
        return _change(wanted, "create", f"a worker for {queues}: not set up yet", "none")
    if found.same and not found.drained:
        return None
    risk: Risk = "restarts" if must_drain(wanted, found) else "none"
    return _change(wanted, "update", "; ".join(_reasons(wanted, found)), risk)


def must_drain(wanted: WantedHost, found: Found) -> bool:
    """Return whether its running tasks are to be waited for before the host is changed."""
    if not found.busy:
        return False
    return found.drained or bool(found.drift) or not changed_parts(wanted, found) <= _HARMLESS


def only_drained(found: Found) -> bool:
    """Return whether nothing is to be done to it but to let its workers start again."""
    return found.same and found.drained and not found.busy


def changed_parts(wanted: WantedHost, found: Found) -> frozenset[str]:
    """Return the parts that the stamp knows otherwise, or not at all, or that nobody wants any more."""
    known = found.stamp.get("parts") or {}
    return frozenset(part for part in {*known, *wanted.parts} if known.get(part) != wanted.parts.get(part))


def _reasons(wanted: WantedHost, found: Found) -> Iterable[str]:
    if changed := sorted(changed_parts(wanted, found)):
        yield f"changed since {found.stamp.get('applied', 'it was set up')}: {', '.join(changed)}"
    if found.drift:
        more = f" and {len(found.drift) - _SHOWN} more" if len(found.drift) > _SHOWN else ""
        yield f"differs on the host: {', '.join(found.drift[:_SHOWN])}{more}"
    if found.drained:
        yield "it is drained: its workers start again"


def _change(wanted: WantedHost, action: str, why: str, risk: Risk) -> Change:
    return Change(TARGET, action, f"{KIND} {wanted.name}", why, risk, kind=KIND, name=wanted.name)  # type: ignore[arg-type]


def batches(names: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Return *names* in groups of *size*, in their order."""
    return [tuple(names[start : start + size]) for start in range(0, len(names), size)]
