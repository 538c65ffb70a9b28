"""What a host should be, what it is, and why the two differ. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.hosts.credentials import BROKER, BUNDLE, LOGS, STORE, Standing
from aerodrome.plan import Action, Change, Risk, digest_of

TARGET = "hosts"
_CONTENT = ("library", "module_utils", "playbooks", "roles", "tasks")
KIND = "host"
_SHOWN = 3
# Of the worker's role, what its launchers and agent read anew: the worker itself goes on.
_READ_ANEW = ("airflow_worker_launcher_configs", "airflow_worker_tenants", "airflow_worker_agent_config")
LOGINS = frozenset({BROKER, STORE, BUNDLE, LOGS})
TENANTS, RUNTIMES = "tenants", "tenant_runtime"
_TENANT = "tenant "
# No change of these interrupts a running task: who uses such a login reads it anew, or is no worker.
_HARMLESS = frozenset(
    {TENANTS, RUNTIMES, "worker_metrics", "worker_logs", "kerberos_client", STORE, BUNDLE, LOGS}
)


@dataclass(frozen=True)
class WantedHost:
    """One host as the inventory and the environment ask for it; *place* is its line in the inventory.

    *parts* is part → digest: one for each role, of its variables and its tasks, one for each tenant, and for each login
    what tells it from an earlier one. *refused*: login → why it would not be accepted now.
    """

    name: str
    place: str
    zone: str
    queues: tuple[str, ...]
    connection: Mapping[str, Any]
    variables: Mapping[str, Any]
    roles: tuple[str, ...]
    parts: Mapping[str, str]
    refused: Mapping[str, str] = field(default_factory=dict)

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
        found[TENANTS] = digest_of(worker.get("airflow_worker_agent_config"))
        launchers: Mapping[str, Any] = worker.get("airflow_worker_launcher_configs") or {}
        found |= {f"{_TENANT}{name}": digest_of(config) for name, config in launchers.items()}
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


def content_digest(content: Path) -> str:
    """Return the digest of all below *content* that sets hosts up."""
    return digest_of([folder_digest(content / part) for part in _CONTENT])


def change_of(wanted: WantedHost, found: Found) -> Change | None:
    """Return what is to be done to a host and why; None where it is as it should be."""
    if not found.stamp:
        queues = ", ".join(wanted.queues)
        return _change(wanted, found, "create", f"a worker for {queues}: not set up yet")
    if found.same and not found.drained and not wanted.refused and not lost_login(wanted, found):
        return None
    risk: Risk = "restarts" if must_drain(wanted, found) else "none"
    return _change(wanted, found, "update", "; ".join(_reasons(wanted, found)), risk)


def must_drain(wanted: WantedHost, found: Found) -> bool:
    """Return whether its running tasks are to be waited for before the host is changed."""
    if not found.busy:
        return False
    # Who is let in again must be what it should be before it takes a task.
    interrupts = found.drained or bool(found.drift) or BROKER in wanted.refused
    changed = changed_parts(wanted, found)
    # With a tenant that leaves its launcher ends, and the jobs of it.
    leaving = {part for part in changed - wanted.parts.keys() if part.startswith(_TENANT)}
    harmless = {part for part in changed if part in _HARMLESS or part.startswith(_TENANT)}
    return interrupts or bool(leaving) or changed != harmless


def only_drained(wanted: WantedHost, found: Found) -> bool:
    """Return whether nothing is to be done to it but to let its workers start again."""
    nothing_else = found.same and not wanted.refused and not lost_login(wanted, found)
    return nothing_else and found.drained and not found.busy


def standing_as(wanted: WantedHost, standing: Standing) -> WantedHost:
    """Return *wanted* with its logins as they stand."""
    return replace(wanted, parts={**wanted.parts, **standing.marks}, refused=standing.refused)


def lost_login(wanted: WantedHost, found: Found) -> bool:
    """Return whether the host says that it has no login to the secrets store, and should have one."""
    return STORE in wanted.parts and not found.has_login


def keeps_login(wanted: WantedHost, found: Found) -> bool:
    """Return whether the host's login to the secrets store is the one that it was given last, and still good."""
    return found.has_login and STORE not in wanted.refused and STORE not in changed_parts(wanted, found)


def changed_parts(wanted: WantedHost, found: Found) -> frozenset[str]:
    """Return the parts that the stamp knows otherwise, or not at all, or that nobody wants any more."""
    known = found.stamp.get("parts") or {}
    return frozenset(part for part in {*known, *wanted.parts} if known.get(part) != wanted.parts.get(part))


def lacks_tenants(wanted: WantedHost, found: Found) -> bool:
    """Return whether the host has other code of tenants than it should, or launchers of others."""
    changed = changed_parts(wanted, found)
    return bool(changed & {TENANTS, RUNTIMES}) or any(part.startswith(_TENANT) for part in changed)


def is_for_tenant(found: Found, tenant: str) -> bool:
    """Return whether the host was set up for *tenant* when it was stamped."""
    return f"{_TENANT}{tenant}" in (found.stamp.get("parts") or {})


def _reasons(wanted: WantedHost, found: Found) -> Iterable[str]:
    if changed := sorted(changed_parts(wanted, found)):
        yield f"changed since {found.stamp.get('applied', 'it was set up')}: {', '.join(changed)}"
    yield from (f"{login} refused: {why}" for login, why in sorted(wanted.refused.items()))
    if lost_login(wanted, found):
        yield f"{STORE}: the host has none"
    if found.drift:
        more = f" and {len(found.drift) - _SHOWN} more" if len(found.drift) > _SHOWN else ""
        yield f"differs on the host: {', '.join(found.drift[:_SHOWN])}{more}"
    if found.drained:
        yield "it is drained: its workers start again"


def _change(wanted: WantedHost, found: Found, action: Action, why: str, risk: Risk = "none") -> Change:
    known = found.stamp.get("parts") or {}
    return Change(
        TARGET,
        action,
        f"{KIND} {wanted.name}",
        why,
        risk,
        kind=KIND,
        name=wanted.name,
        source=wanted.place,
        before=_shown(known) if known else "",
        after=_shown(wanted.parts),
    )


def _shown(parts: Mapping[str, str]) -> str:
    # A login is told from an earlier one by a mark, which is another one at each look before the login is made.
    return digest_of({part: digest for part, digest in parts.items() if part not in LOGINS})


def batches(names: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Return *names* in groups of *size*, in their order."""
    return [tuple(names[start : start + size]) for start in range(0, len(names), size)]


def with_workers(failure: HostFailure, answer: Mapping[str, Any] | None, environment: str) -> HostFailure:
    """Return *failure* of a host that was set up before, with what has become of its workers.

    *answer* is what the module aerodrome_serving told; None where the host was not reached for that.
    """
    back = f"`make workers ENV={environment} LIMIT={failure.host}` takes the host back"
    if answer is None:
        return _more(failure, "its workers may be stopped", back)
    resting = [f"{unit} is stopped and takes no tasks ({why})" for unit, why in answer["resting"].items()]
    if resting:
        return _more(failure, "; ".join(resting), back)
    # Of a host whose workers ran all along nothing is to be told.
    return _more(failure, "its workers go on with what they had", "") if answer["changed"] else failure


def _more(failure: HostFailure, told: str, back: str) -> HostFailure:
    remedy = "; ".join(filter(None, (failure.remedy, back)))
    return replace(failure, message=f"{failure.message}; {told}", remedy=remedy)
