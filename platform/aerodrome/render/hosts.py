"""The desired state of a host as variables of its roles, and their digests. Pure, and without a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aerodrome import names
from aerodrome.addresses import host_and_port
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host
from aerodrome.hosts_settings import Addresses, FirewallSettings, HostsSettings
from aerodrome.hosts_software import HOST, HadoopSettings, Installed, KerberosSettings, Scalar
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render import host_logs, host_places, host_roles, host_worker
from aerodrome.render.host_roles import (
    Accepted,
    AirflowWorker,
    HadoopClient,
    JavaRuntime,
    KerberosClient,
    Measured,
    NodeBase,
    Principal,
    PythonRuntime,
    QueueOnHost,
    Reached,
    Role,
    TenantOnHost,
    TenantRuntime,
    WorkerMetrics,
)

SECRETS = (
    "airflow_worker_broker_url",
    "airflow_worker_bundle_password",
    "airflow_worker_role_id",
    "airflow_worker_wrapped_login",
    "worker_logs_login",
)
"""Variables of roles that whoever deploys adds: they are never rendered, and part of no digest."""
_SSH, _NTP, _KERBEROS = 22, 123, 88
Tenants = Mapping[str, TenantManifest]


@dataclass(frozen=True)
class TenantMaterial:
    """A tenant's code on the machine that deploys: the digest of its virtual environment, and its folder."""

    digest: str
    source: str


@dataclass(frozen=True)
class Material:
    """What the machine that deploys brings: paths there, and digests of what lies at them; *authority* as PEM.

    *wheelhouse* is an empty text where packages come from an index; *tenants* are those with code of their own.
    """

    lock: str
    wheel: str
    platform_digest: str
    wheelhouse: str
    authority: str
    tenants: Mapping[str, TenantMaterial] = field(default_factory=dict)


@dataclass(frozen=True)
class HostVariables:
    """*roles*: role → variable → plain value; *digests*: role → SHA-256 of what is the same wherever one deploys."""

    host: str
    roles: Mapping[str, Mapping[str, Any]]
    digests: Mapping[str, str]

    @property
    def flat(self) -> dict[str, Any]:
        """Return all variables."""
        return {name: value for found in self.roles.values() for name, value in found.items()}

    @property
    def digest(self) -> str:
        """Return one digest of all roles."""
        return host_roles.digest(self.digests)


def variables(environment: Environment, tenants: Tenants, host: Host, material: Material) -> HostVariables:
    """Return what *host* should be; ValueError where the environment says nothing of hosts."""
    settings = environment.hosts
    if settings is None:
        raise ValueError(f"environment {environment.name} says nothing of hosts")
    found = list(_roles(environment, settings, tenants_of(tenants, host, environment), host, material))
    logs = host_logs.variables(environment, host.zone, host.name)
    return HostVariables(
        host.name,
        {**{role.role: host_roles.variables(role) for role in found}, "worker_logs": logs},
        {
            **{role.role: host_roles.digest(host_roles.variables(role, shared_only=True)) for role in found},
            "worker_logs": host_roles.digest(logs),
        },
    )


def tenants_of(tenants: Tenants, host: Host, environment: Environment) -> Tenants:
    """Return those of *tenants* that have a queue of *host*, sorted: it runs code of no other."""
    open_queues = {name for name in host.queues if environment.queues[name].tenants}
    return {name: tenants[name] for name in sorted(tenants) if open_queues & set(tenants[name].queues)}


def _roles(
    environment: Environment, settings: HostsSettings, tenants: Tenants, host: Host, material: Material
) -> Iterator[Role]:
    yield _node_base(environment, settings, host)
    python = settings.python
    house = material.wheelhouse if python.wheelhouse else ""
    digest = material.platform_digest
    yield PythonRuntime(python.program, digest, python.index_url, material.lock, material.wheel, house)
    yield from _software(environment, settings, tenants, host)
    yield TenantRuntime(tuple(_tenant(name, model, material) for name, model in tenants.items()))
    yield _worker(environment, settings, tenants, host, material)
    yield _metrics(settings, host)


def _node_base(environment: Environment, settings: HostsSettings, host: Host) -> NodeBase:
    firewall, metrics = settings.firewall, settings.metrics
    return NodeBase(
        worker_user=names.worker_user(host.zone),
        ssh_from=firewall.ssh_from,
        ssh_ports=(int(host.connection.get("ansible_port", _SSH)),),
        metrics_from=metrics.scrape_from,
        metrics_port=metrics.port if metrics.scrape_from else 0,
        accepts=tuple(Accepted(a.source, a.ports, a.why) for a in firewall.accepts.get(host.zone, ())),
        reaches=tuple(dict.fromkeys(_reaches(environment, settings, host))),
        restrict_egress=host.zone in firewall.reaches or _has_personal_data(environment, host),
        clock_servers=settings.clock.servers,
        open_files=settings.system.open_files,
        manage_sysctls=settings.system.sysctls,
        firewall=firewall.enabled,
    )


def _has_personal_data(environment: Environment, host: Host) -> bool:
    return any(environment.queues[queue].personal_data for queue in host.queues)


def _reaches(environment: Environment, settings: HostsSettings, host: Host) -> Iterator[Reached]:
    yield from _platform(settings.addresses())
    for server in settings.clock.servers:
        yield Reached(server, _NTP, "udp", "time")
    for address, port, why in host_logs.reached(environment):
        yield Reached(address, port, "tcp", why)
    kerberos = settings.kerberos
    if kerberos is not None and _is_for(kerberos.zones, host):
        for kdc in kerberos.kdcs:
            yield Reached(kdc, _KERBEROS, "tcp", "Kerberos")
            yield Reached(kdc, _KERBEROS, "udp", "Kerberos")
    yield from _listed(settings.firewall, host.zone)


def _platform(addresses: Addresses) -> Iterator[Reached]:
    told = {
        "broker": addresses.broker,
        "execution API": addresses.execution_api,
        "secrets store": addresses.secrets,
        "rendered DAGs": addresses.bundle,
    }
    for why, url in told.items():
        yield Reached(*host_and_port(url), "tcp", why)


def _listed(firewall: FirewallSettings, zone: str) -> Iterator[Reached]:
    for reached in firewall.reaches.get(zone, ()):
        yield Reached(reached.address, reached.port, reached.protocol, reached.why)


def _software(
    environment: Environment, settings: HostsSettings, tenants: Tenants, host: Host
) -> Iterator[Role]:
    java, hadoop, kerberos = settings.java, settings.hadoop, settings.kerberos
    secured = kerberos is not None and _is_for(kerberos.zones, host)
    if java is not None and _is_for(java.zones, host):
        yield JavaRuntime(*_source(java))
    if hadoop is not None and _is_for(hadoop.zones, host):
        yield _hadoop(hadoop, secured)
    if kerberos is not None and secured:
        yield _kerberos(environment, kerberos, tenants, host)


def _is_for(zones: tuple[str, ...] | None, host: Host) -> bool:
    return zones is None or host.zone in zones


def _source(wanted: Installed) -> tuple[str, str, str, str]:
    return (wanted.package or "", wanted.archive or "", wanted.archive_sha256 or "", wanted.home or "")


def _hadoop(settings: HadoopSettings, kerberos: bool) -> HadoopClient:
    sites = (settings.core_site, settings.hdfs_site, settings.yarn_site, settings.hive_site)
    core, hdfs, yarn, hive = (_texts(site) for site in sites)
    return HadoopClient(*_source(settings), core, hdfs, yarn, hive, kerberos)


def _texts(values: Mapping[str, Scalar]) -> dict[str, str]:
    """Return *values* as Java and Kerberos write them, sorted."""
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in sorted(values.items())
    }


def _kerberos(
    environment: Environment, settings: KerberosSettings, tenants: Tenants, host: Host
) -> KerberosClient:
    principals = tuple(
        Principal(
            name=_whole(wanted.name.replace(HOST, host.name), settings.realm),
            owner=names.os_user(wanted.tenant),
            tenant=wanted.tenant,
            secret=names.variable_path(environment.name, wanted.tenant, wanted.keytab),
        )
        for wanted in settings.principals
        if wanted.tenant in tenants
    )
    every = int(settings.renew_every.total_seconds())
    admin = settings.admin_server or ""
    return KerberosClient(settings.realm, settings.kdcs, admin, _texts(settings.options), principals, every)


def _whole(principal: str, realm: str) -> str:
    return principal if "@" in principal else f"{principal}@{realm}"


def _tenant(name: str, model: TenantManifest, material: Material) -> TenantOnHost:
    code = material.tenants.get(name, TenantMaterial("", ""))
    return TenantOnHost(name, names.os_user(name), host_worker.limits(model), code.digest, code.source)


def _worker(
    environment: Environment, settings: HostsSettings, tenants: Tenants, host: Host, material: Material
) -> AirflowWorker:
    limit = settings.drain_limit
    return AirflowWorker(
        host=host.name,
        zone=host.zone,
        user=names.worker_user(host.zone),
        queues=tuple(_queue(environment, settings, host, queue) for queue in host.queues),
        agent_config=host_worker.agent(environment, settings, host, tenants),
        launcher_configs={
            name: host_worker.launcher(host, name, model, _surroundings(settings, host, name))
            for name, model in tenants.items()
        },
        authority=material.authority,
        drain_limit=0 if limit is None else int(limit.total_seconds()),
        tenants=tuple(tenants),
        bundle_url=settings.addresses().bundle,
        bundle_user=settings.bundle_user or names.host_user(host.name),
        login_role=names.host_role(environment.name, host.name),
        login_rotate=int(settings.rotate_login_every.total_seconds()),
    )


def _queue(environment: Environment, settings: HostsSettings, host: Host, queue: str) -> QueueOnHost:
    text = host_worker.airflow_cfg(environment, settings, host, queue)
    return QueueOnHost(queue, host.slots[queue], host.memory[queue], text)


def _surroundings(settings: HostsSettings, host: Host, tenant: str) -> dict[str, str]:
    """Return what the code of *tenant* finds in its environment: where Java, Hadoop and its ticket are."""
    java, hadoop, kerberos = settings.java, settings.hadoop, settings.kerberos
    found = {}
    if java is not None and java.home and _is_for(java.zones, host):
        found["JAVA_HOME"] = java.home
    if hadoop is not None and _is_for(hadoop.zones, host):
        found |= {"HADOOP_CONF_DIR": host_worker.HADOOP, "YARN_CONF_DIR": host_worker.HADOOP}
        found["HADOOP_HOME"] = hadoop.home or _hadoop_home(hadoop)
    if kerberos is not None and _is_for(kerberos.zones, host) and _has_principal(kerberos, tenant):
        found["KRB5CCNAME"] = f"FILE:{host_places.RUN}/kerberos/{tenant}/ticket"
    return found


def _has_principal(kerberos: KerberosSettings, tenant: str) -> bool:
    return any(principal.tenant == tenant for principal in kerberos.principals)


def _hadoop_home(settings: HadoopSettings) -> str:
    return host_worker.HADOOP_HOME if settings.archive else host_worker.PACKAGED_HADOOP_HOME


def _metrics(settings: HostsSettings, host: Host) -> WorkerMetrics:
    wanted = settings.metrics
    queues = tuple(Measured(name, host.slots[name]) for name in host.queues)
    rotate = int(settings.rotate_login_every.total_seconds())
    port, user = wanted.port if wanted.scrape_from else 0, names.worker_user(host.zone)
    return WorkerMetrics(port, wanted.scrape_from, "", queues, rotate, user)
