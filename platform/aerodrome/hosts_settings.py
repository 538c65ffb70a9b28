"""`hosts:` of environment.yaml: what machines of zones with `workers: hosts` get, and how they reach the platform."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from aerodrome.addresses import Address, Destination, Network, Port
from aerodrome.hosts_software import HadoopSettings, JavaSettings, KerberosSettings, PythonSettings
from aerodrome.logs_settings import LogsSettings
from aerodrome.modelling import PATTERNS, Many, Model, Name
from aerodrome.quantities import Duration

# What a host reaches over the execution API's port, and where the DAGs are behind the bundle's.
_EXECUTION, _BUNDLE = "/execution/", "/bundle.git"
_OBJECT = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
_LOGIN = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$"
PATTERNS[_OBJECT] = "the name of a Secret is lower-case letters, digits, '-' and '.'"
PATTERNS[_LOGIN] = "write the name of a user: letters, digits, and . _ @ + -"
# What listens there does not run as root.
EntrancePort = Annotated[int, Field(ge=1024, le=65535)]


class EntranceSettings(Model):
    """With `kind: local`: where the platform serves hosts, over TLS, with a certificate of its own authority."""

    address: Address = Field(description="IP address of this machine that hosts reach.")
    broker: EntrancePort = Field(6491, description="Port of the broker.")
    api: EntrancePort = Field(8443, description="Port of the execution API.")
    secrets: EntrancePort = Field(8444, description="Port of the secrets store.")
    bundle: EntrancePort = Field(8445, description="Port of the rendered DAGs.")


class MetricsSettings(Model):
    """Metrics of hosts and their workers, for Prometheus."""

    port: Port = Field(9100, description="Port that hosts serve metrics on.")
    scrape_from: Many[Network] = Field(
        (), description="Networks that may ask for them. Left out: no metrics are served."
    )


class Reached(Model):
    """What a zone's hosts may reach."""

    address: Destination = Field(description="Address or network.")
    port: Port = Field(description="Port.")
    protocol: Literal["tcp", "udp"] = Field("tcp", description="Protocol.")
    why: str = Field(
        min_length=1, max_length=100, description="What it is for; it stands in the host's rules."
    )


class Accepted(Model):
    """Whom a zone's hosts accept, beside SSH and metrics."""

    source: Destination = Field(description="Address or network.")
    ports: str = Field(description="TCP port, or a range such as `40000-40099`.")
    why: str = Field(
        min_length=1, max_length=100, description="What it is for; it stands in the host's rules."
    )


class FirewallSettings(Model):
    """Who reaches hosts, and what hosts reach."""

    enabled: bool = Field(True, description="False: rules are somebody else's business.")
    ssh_from: Many[Network] = Field(
        (),
        description="Networks that may log in: the machine that deploys must be in one of them. Left out: all.",
    )
    reaches: dict[Name, Many[Reached]] = Field(
        default_factory=dict,
        description="By zone: all that its hosts reach beside the platform. A zone with personal data that is not "
        "named reaches the platform alone, any other zone everything.",
    )
    accepts: dict[Name, Many[Accepted]] = Field(
        default_factory=dict,
        description="By zone: whom its hosts accept, such as a cluster that answers Spark's drivers.",
    )


class ClockSettings(Model):
    """Where hosts get the time from."""

    servers: Many[Address] = Field((), description="Time servers. Left out: as the hosts are set up.")


class SystemSettings(Model):
    """Settings of the hosts' operating system."""

    open_files: int = Field(65536, ge=1024, le=2**20, description="Files that a worker may have open.")
    sysctls: bool = Field(True, description="False in containers, which cannot set any.")


class Addresses(NamedTuple):
    """How a host reaches the platform: three URLs, and host:port of the broker."""

    execution_api: str
    broker: str
    secrets: str
    bundle: str


class HostsSettings(Model):
    """Machines outside of the platform that run workers: those of `inventory/hosts.yml`."""

    entrance: EntranceSettings | None = Field(None, description="Needed with `kind: local`, and only there.")
    execution_api: str | None = Field(
        None, description="With kind: kubernetes: address of the entrance's execution API, https."
    )
    broker: str | None = Field(
        None, description="With kind: kubernetes: the broker over TLS, as `host:port`."
    )
    secrets: str | None = Field(
        None, description="With kind: kubernetes: address of the secrets store, https."
    )
    bundle: str | None = Field(
        None, description="With kind: kubernetes: git repository of the rendered DAGs, https."
    )
    authority: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = Field(
        None, description="With kind: kubernetes: PEM file of their authority, beside environment.yaml."
    )
    networks: Many[Network] = Field(
        (),
        description="With kind: kubernetes: networks that hosts come from. The chart's entrance is made then, and lets "
        "nobody else in. Left out: what ends TLS before broker and execution API is somebody else's.",
    )
    certificate: Annotated[str, Field(pattern=_OBJECT)] | None = Field(
        None,
        description="With kind: kubernetes: Secret of type kubernetes.io/tls with the entrance's certificate, in the "
        "release's namespace. Whoever runs the cluster makes and renews it.",
    )
    bundle_user: Annotated[str, Field(pattern=_LOGIN)] | None = Field(
        None,
        description="With kind: kubernetes: user with which hosts read `bundle`. Left out: nobody is asked.",
    )
    bundle_password_file: str | None = Field(
        None,
        description="Its password, in a file of whoever sets hosts up; a path from the repository's top. The login "
        "only reads.",
    )
    python: PythonSettings = Field(default_factory=PythonSettings, description="Python of the hosts.")
    java: JavaSettings | None = Field(None, description="Left out: hosts get no Java.")
    hadoop: HadoopSettings | None = Field(None, description="Left out: hosts get no Hadoop.")
    kerberos: KerberosSettings | None = Field(None, description="Left out: hosts are in no realm.")
    logs: LogsSettings = Field(default_factory=LogsSettings, description="Where task logs of hosts go.")
    metrics: MetricsSettings = Field(default_factory=MetricsSettings, description="Metrics of hosts.")
    firewall: FirewallSettings = Field(default_factory=FirewallSettings, description="The hosts' firewall.")
    clock: ClockSettings = Field(default_factory=ClockSettings, description="The hosts' clock.")
    system: SystemSettings = Field(default_factory=SystemSettings, description="The hosts' operating system.")
    batch: int = Field(
        1, ge=1, description="Hosts that are upgraded at once; each ends its running tasks first."
    )
    drain_limit: Duration | None = Field(
        None, description="Longest wait for running tasks, which are then killed. null: no limit."
    )
    rotate_login_every: Duration = Field(
        timedelta(hours=24), description="How often a host replaces its login to the secrets store."
    )
    cut_off: Duration = Field(
        timedelta(minutes=3),
        description="A host may be away for so long without losing its tasks; one that is away for longer has its "
        "tasks retried elsewhere.",
    )

    def addresses(self) -> Addresses:
        """Return how hosts reach the platform; ValueError where it is not said."""
        if self.entrance is not None:
            return _of_entrance(self.entrance)
        if not (self.execution_api and self.broker and self.secrets and self.bundle):
            raise ValueError("environment.yaml does not say how hosts reach the platform")
        api = self.execution_api.rstrip("/").removesuffix(_EXECUTION.rstrip("/")) + _EXECUTION
        return Addresses(api, self.broker, self.secrets.rstrip("/"), self.bundle)


def _of_entrance(entrance: EntranceSettings) -> Addresses:
    host = f"[{entrance.address}]" if ":" in entrance.address else entrance.address
    return Addresses(
        f"https://{host}:{entrance.api}{_EXECUTION}",
        f"{host}:{entrance.broker}",
        f"https://{host}:{entrance.secrets}",
        f"https://{host}:{entrance.bundle}{_BUNDLE}",
    )
