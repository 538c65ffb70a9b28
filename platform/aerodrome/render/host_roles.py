"""What each role of a host is told, typed; the names of fields are those of the role's variables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar

_HERE = "here"
Settings = Mapping[str, Any]


def _here() -> Any:
    """Return a field for a place on the machine that deploys: what lies there is told by a digest beside it."""
    return field(metadata={_HERE: True})


class Role:
    """The variables of one role; `from_` stands for `from`."""

    role: ClassVar[str]


@dataclass(frozen=True)
class Reached:
    """What a host may reach, and why."""

    address: str
    port: int
    protocol: str
    why: str


@dataclass(frozen=True)
class Accepted:
    """Whom a host accepts, on which port or range of ports, and why."""

    source: str
    ports: str
    why: str


@dataclass(frozen=True)
class NodeBase(Role):
    """Users, limits, time and firewall of a machine."""

    role: ClassVar[str] = "node_base"
    worker_user: str
    ssh_from: tuple[str, ...]
    ssh_ports: tuple[int, ...]
    metrics_from: tuple[str, ...]
    metrics_port: int
    accepts: tuple[Accepted, ...]
    reaches: tuple[Reached, ...]
    restrict_egress: bool
    clock_servers: tuple[str, ...]
    open_files: int
    manage_sysctls: bool
    firewall: bool


@dataclass(frozen=True)
class PythonRuntime(Role):
    """The platform's virtual environment."""

    role: ClassVar[str] = "python_runtime"
    program: str
    digest: str
    index_url: str
    lock: str = _here()
    wheel: str = _here()
    wheelhouse: str = _here()


@dataclass(frozen=True)
class JavaRuntime(Role):
    """Java."""

    role: ClassVar[str] = "java_runtime"
    package: str
    archive: str
    archive_sha256: str
    home: str


@dataclass(frozen=True)
class HadoopClient(Role):
    """Hadoop's clients; values of sites are text."""

    role: ClassVar[str] = "hadoop_client"
    package: str
    archive: str
    archive_sha256: str
    home: str
    core_site: Mapping[str, str]
    hdfs_site: Mapping[str, str]
    yarn_site: Mapping[str, str]
    hive_site: Mapping[str, str]
    kerberos: bool


@dataclass(frozen=True)
class Principal:
    """A principal of *tenant*, whose operating system user is *owner*; *secret*: path below the secrets mount."""

    name: str
    owner: str
    tenant: str
    secret: str


@dataclass(frozen=True)
class KerberosClient(Role):
    """The Kerberos realm; *renew_every* in seconds."""

    role: ClassVar[str] = "kerberos_client"
    realm: str
    kdcs: tuple[str, ...]
    admin_server: str
    options: Mapping[str, str]
    principals: tuple[Principal, ...]
    renew_every: int


@dataclass(frozen=True)
class TenantOnHost:
    """A tenant that a host may run code of; *digest* and *source* are empty where it has no code of its own."""

    name: str
    user: str
    limits: Settings
    digest: str
    source: str = _here()


@dataclass(frozen=True)
class TenantRuntime(Role):
    """Users, folders and virtual environments of tenants."""

    role: ClassVar[str] = "tenant_runtime"
    tenants: tuple[TenantOnHost, ...]


@dataclass(frozen=True)
class QueueOnHost:
    """A worker; *memory_max* in bytes."""

    name: str
    slots: int
    memory_max: int
    airflow_cfg: str


@dataclass(frozen=True)
class AirflowWorker(Role):
    """Workers, launchers and the secrets agent; times in seconds, *drain_limit* 0: none."""

    role: ClassVar[str] = "airflow_worker"
    host: str
    zone: str
    user: str
    queues: tuple[QueueOnHost, ...]
    agent_config: Settings
    launcher_configs: Mapping[str, Settings]
    authority: str
    drain_limit: int
    tenants: tuple[str, ...]
    bundle_url: str
    bundle_user: str
    login_role: str
    login_rotate: int


@dataclass(frozen=True)
class Measured:
    """A queue whose worker is measured."""

    name: str
    slots: int


@dataclass(frozen=True)
class WorkerMetrics(Role):
    """Metrics of machine and workers; *port* 0: none are served; *login_rotate* in seconds."""

    role: ClassVar[str] = "worker_metrics"
    port: int
    from_: tuple[str, ...]
    address: str
    queues: tuple[Measured, ...]
    login_rotate: int
    user: str


def variables(role: Role, *, shared_only: bool = False) -> dict[str, Any]:
    """Return variable → plain value; *shared_only*: without what is true of the machine that deploys alone."""
    return {f"{role.role}_{name}": value for name, value in _plain(role, shared_only).items()}


def digest(found: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain values, whatever the order of their keys."""
    text = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any, shared_only: bool) -> Any:
    if is_dataclass(value):
        return {
            part.name.rstrip("_"): _plain(getattr(value, part.name), shared_only)
            for part in fields(value)
            if not (shared_only and part.metadata.get(_HERE))
        }
    if isinstance(value, Mapping):
        return {key: _plain(inner, shared_only) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner, shared_only) for inner in value]
    return value
