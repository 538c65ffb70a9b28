"""One environment: environments/<name>/environment.yaml as a typed model."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from aerodrome.backup_settings import BackupSettings
from aerodrome.backup_settings import mistakes as backup_mistakes
from aerodrome.bundle_settings import BundleSettings
from aerodrome.bundle_settings import mistakes as bundle_mistakes
from aerodrome.cluster_settings import ClusterSettings
from aerodrome.cluster_settings import mistakes as cluster_mistakes
from aerodrome.errors import ProblemsFound, UserError, did_you_mean
from aerodrome.hosts_mistakes import Around
from aerodrome.hosts_mistakes import mistakes as hosts_mistakes
from aerodrome.hosts_settings import HostsSettings
from aerodrome.iam_settings import IamAround, IamSettings
from aerodrome.iam_settings import mistakes as iam_mistakes
from aerodrome.image_settings import ImagesSettings
from aerodrome.image_settings import mistakes as images_mistakes
from aerodrome.login_settings import LoginSettings
from aerodrome.login_settings import mistakes as login_mistakes
from aerodrome.logs_settings import PodsLogsSettings
from aerodrome.logs_settings import pods_mistakes as logs_mistakes
from aerodrome.modelling import Many, Model, Name
from aerodrome.names import is_tenant, why_no_zone
from aerodrome.quantities import Duration, Memory
from aerodrome.results_settings import ResultsSettings
from aerodrome.results_settings import mistakes as results_mistakes
from aerodrome.source.document import read_document
from aerodrome.source.place import Positions
from aerodrome.source.report import Report, TooManyProblemsError
from aerodrome.source.shape import check
from aerodrome.status_settings import StatusSettings
from aerodrome.store_settings import SecretsSettings
from aerodrome.store_settings import mistakes as secrets_mistakes

FOLDER = "environments"
FILE_NAME = "environment.yaml"
INVENTORY = "inventory/hosts.yml"
_URL = re.compile(r"https?://[^\s/@]+(/\S*)?")


class Zone(Model):
    """A set of queues that share a broker user, a secrets credential and a network."""

    triggerer: bool = Field(
        False,
        description="Where workers are here: the zone has a triggerer of its own, and its sensors may defer.",
    )
    workers: Literal["cluster", "hosts"] | None = Field(
        None,
        description="cluster: with kind: kubernetes only, and the default there; what reaches tenants' code or files "
        "runs in pods of their own. hosts: on those of inventory/hosts.yml, under users of their own.",
    )


class Queue(Model):
    """A Celery queue and the workers that serve it."""

    zone: Name = Field(description="Trust zone of the queue's workers.")
    shared: bool = Field(True, description="Tasks of many tenants share the workers: bash.run is refused.")
    personal_data: bool = Field(
        False, description="Only these workers reach personal data: never shared, in a zone of their own."
    )
    tenants: bool = Field(True, description="False: reserved for the platform's own DAGs.")
    slots: int = Field(2, ge=1, le=512, description="Tasks that the workers here run at once.")


class AlertChannel(Model):
    """A place that alerts go to."""

    type: Literal["file", "webhook"] = Field(
        description="file: JSON lines; webhook: POST of one JSON document."
    )
    target: str = Field(
        description="file: a path below the log folder; webhook: an http(s) URL without credentials."
    )


class LimitCeiling(Model):
    """The most that any tenant's own limits may grant in this environment."""

    cpu: float = Field(4, gt=0, description="Cores of one task.")
    memory: Memory = Field(8 * 2**30, description="Memory of one task.")
    active_runs: int = Field(16, ge=1, description="Runs of one DAG at the same time.")
    parallelism: int = Field(64, ge=1, description="Tasks of one tenant at the same time.")
    retries: int = Field(10, ge=0, description="Retries of one task.")
    execution_timeout: Duration = Field(timedelta(hours=24), description="Run time of one task.")


class OperatorPolicy(Model):
    """What the catalogue offers here."""

    forbidden: Many[str] = Field((), description="Catalogue names that no manifest may use here.")


class Ports(Model):
    """Loopback ports of ENV=local."""

    api_server: int = Field(8080, ge=1, le=65535, description="Airflow's web interface and API.")
    postgres: int = Field(
        5442, ge=1, le=65535, description="PostgreSQL: Airflow's and the tenants' databases."
    )
    redis: int = Field(6390, ge=1, le=65535, description="Redis: the queues.")
    openbao: int = Field(8210, ge=1, le=65535, description="OpenBao: connections and variables.")
    openbao_cluster: int = Field(8211, ge=1, le=65535, description="OpenBao's own traffic.")
    directory: int = Field(
        8389, ge=1, le=65535, description="The directory, where `login` asks for one here."
    )


class ProvisionedConnection(Model):
    """A connection that ENV=local makes for every tenant that names it."""

    type: Literal["postgres", "http"] = Field(description="What kind of service it leads to.")
    url: str = Field("", description="http: base URL. postgres: left out, a database per tenant is created.")


class Local(Model):
    """What only ENV=local has."""

    ports: Ports = Field(default_factory=Ports, description="Change one that is taken.")
    connections: dict[Name, ProvisionedConnection] = Field(
        default_factory=dict, description="Connections that a deploy makes, for every tenant that names them."
    )
    variables: Many[Name] = Field(
        (), description="Variables that are made, at random, for every tenant that names them."
    )
    run_new_dags_once: bool = Field(True, description="deploy runs each DAG that never ran and waits for it.")


class Environment(Model):
    """What an environment offers to tenants; `name` is its folder."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    kind: Literal["local", "kubernetes"] = Field(
        description="What a deploy changes: processes here, or a cluster."
    )
    zones: dict[Name, Zone] = Field(description="Trust zones; names of 22 characters at most.")
    queues: dict[Name, Queue] = Field(description="Queues and their workers.")
    default_queue: Name = Field("default", description="Airflow's own default; a queue that tenants may use.")
    limits: LimitCeiling = Field(
        default_factory=LimitCeiling, description="The most that any tenant's own limits may grant."
    )
    operators: OperatorPolicy = Field(
        default_factory=OperatorPolicy, description="What of the catalogue is offered here."
    )
    alert_channels: dict[Name, AlertChannel] = Field(
        default_factory=dict, description="Places that alerts go to; tenants name them."
    )
    central_alert_channel: Name = Field("central", description="The channel that hears of every failure.")
    secrets: SecretsSettings = Field(
        default_factory=SecretsSettings, description="Where connections and variables are kept."
    )
    login: LoginSettings = Field(default_factory=LoginSettings, description="How people log in.")
    results: ResultsSettings = Field(
        default_factory=ResultsSettings, description="Where large results of tasks go."
    )
    logs: PodsLogsSettings = Field(
        default_factory=PodsLogsSettings,
        description="Where task logs of pods go. Only with `kind: kubernetes`; those of hosts: `hosts.logs`.",
    )
    cluster: ClusterSettings = Field(
        default_factory=ClusterSettings, description="Only with `kind: kubernetes`."
    )
    bundle: BundleSettings | None = Field(
        None, description="The central DAG repository of a cluster. Only with `kind: kubernetes`."
    )
    aws: IamSettings = Field(
        default_factory=IamSettings,
        description="As which IAM roles tenants' code acts in AWS. Only with `kind: kubernetes`.",
    )
    images: ImagesSettings | None = Field(
        None, description="Images of a cluster. Only with `kind: kubernetes`."
    )
    backup: BackupSettings | None = Field(
        None,
        description="How the metadata database is kept before a deploy migrates it; without it none does. Only with "
        "`kind: kubernetes`.",
    )
    status: StatusSettings = Field(
        default_factory=StatusSettings,
        description="From when on something is reported.",
    )
    hosts: HostsSettings | None = Field(
        None, description="Machines outside that run the workers of zones with `workers: hosts`."
    )
    promoted_from: str | None = Field(
        None,
        description="The environment before this one, whose commit and images `make promote` brings here. Files "
        "that are in no commit are not deployed then. Only with `kind: kubernetes`.",
    )
    local: Local | None = Field(None, description="Only with `kind: local`.")

    def in_cluster(self, zone: str) -> bool:
        """Return whether the workers of *zone*, and what reaches tenants' code there, are pods."""
        return self.kind == "kubernetes" and not self.on_hosts(zone)

    def on_hosts(self, zone: str) -> bool:
        """Return whether the workers of *zone* are on machines outside."""
        return self.zones[zone].workers == "hosts"

    @property
    def host_zones(self) -> tuple[str, ...]:
        """Return the zones whose workers are on machines outside, sorted."""
        return tuple(sorted(zone for zone in self.zones if self.on_hosts(zone)))


def environment_names(root: Path) -> tuple[str, ...]:
    """Return the environments that have a folder below *root*, sorted."""
    return tuple(sorted(path.parent.name for path in (root / FOLDER).glob(f"*/{FILE_NAME}")))


def load_environment(root: Path, name: str) -> Environment:
    """Return the environment *name*; UserError where it has no folder, ProblemsFound for a wrong file."""
    known = environment_names(root)
    if name not in known:
        there = (
            f"{FOLDER}/ has: {', '.join(known)}" if known else f"{root} holds no {FOLDER}/<name>/{FILE_NAME}"
        )
        raise UserError(f"unknown environment '{name}'", f"{did_you_mean(name, known)}   {there}")
    file = f"{FOLDER}/{name}/{FILE_NAME}"
    document = read_document(root / file, file)
    report = Report(file, document.data, Positions(document.place))
    data = document.data
    if isinstance(data, dict):
        if "name" in data:
            report.at_key(("name",), "unknown key 'name'", "the folder names the environment; remove the key")
        data = data | {"name": name}
    environment = None
    with suppress(TooManyProblemsError):
        environment = check(Environment, data, report)
        if environment is not None:
            _check_names(environment, report)
            _check_workers(environment, report)
            _check_hosts(environment, (root / file).parent, report)
            _check_secrets(environment, root, report)
            _check_login(environment, report)
            _check_results(environment, report)
            _check_logs(environment, report)
            _check_cluster(environment, report)
            _check_bundle(environment, report)
            _check_aws(environment, root, report)
            _check_images(environment, report)
            _check_backup(environment, report)
            _check_stage(environment, known, report)
            _check_local(environment, report)
    if environment is None or report.problems:
        raise ProblemsFound(report.problems)
    return environment


def _check_names(environment: Environment, report: Report) -> None:
    for name in environment.zones:
        if reason := why_no_zone(name):
            report.at_key(("zones", name), f"'{name}' cannot name a zone", reason)
    for name, queue in environment.queues.items():
        if queue.zone not in environment.zones:
            remedy = did_you_mean(queue.zone, environment.zones)
            report.at(("queues", name, "zone"), f"unknown zone '{queue.zone}'", remedy)
    for name, queue in environment.queues.items():
        if queue.personal_data:
            _check_personal_data(environment, name, report)
    open_queues = [name for name, queue in environment.queues.items() if queue.tenants]
    if environment.default_queue not in open_queues:
        message = f"no queue for tenants is named '{environment.default_queue}'"
        report.at(("default_queue",), message, did_you_mean(environment.default_queue, open_queues))
    channel = environment.central_alert_channel
    if channel not in environment.alert_channels:
        remedy = did_you_mean(channel, environment.alert_channels)
        report.at(("central_alert_channel",), f"unknown alert channel '{channel}'", remedy)
    for name, place in environment.alert_channels.items():
        if message := _bad_target(place):
            report.at(("alert_channels", name, "target"), message)


def _check_workers(environment: Environment, report: Report) -> None:
    for name, zone in environment.zones.items():
        if zone.workers == "cluster" and environment.kind != "kubernetes":
            message = f"has no effect with kind: {environment.kind}: there is no cluster"
            report.at_key(("zones", name, "workers"), message, "remove it")
        if zone.triggerer and (environment.kind == "kubernetes" or environment.on_hosts(name)):
            message = "nothing there defers: a triggerer would read tenants' files itself"
            report.at(("zones", name, "triggerer"), message, "remove it: sensors wait in their own task")


def _check_hosts(environment: Environment, folder: Path, report: Report) -> None:
    around = Around(
        kind=environment.kind,
        zones=environment.host_zones,
        store=environment.secrets.store,
        folder=folder,
        has_inventory=(folder / INVENTORY).exists(),
    )
    for keys, message, remedy in hosts_mistakes(environment.hosts, around):
        report.at(keys, message, remedy)


def _check_personal_data(environment: Environment, name: str, report: Report) -> None:
    # The zone is the unit of trust: what one of its workers can reach, all of them can.
    zone = environment.queues[name].zone
    others = [n for n, queue in environment.queues.items() if queue.zone == zone and not queue.personal_data]
    if others:
        message = f"zone '{zone}' also serves '{others[0]}', which is not for personal data"
        report.at(("queues", name, "zone"), message, "give the queue a zone of its own")
    if environment.queues[name].shared:
        report.at(
            ("queues", name, "personal_data"), "workers for personal data are not shared", "add shared: false"
        )


def _check_secrets(environment: Environment, root: Path, report: Report) -> None:
    name, kind = environment.name, environment.kind
    for keys, message, remedy in secrets_mistakes(environment.secrets, name, kind, _tenants(root)):
        report.at(("secrets", *keys), message, remedy)


def _check_login(environment: Environment, report: Report) -> None:
    for keys, message, remedy in login_mistakes(environment.login, environment.kind):
        report.at(("login", *keys), message, remedy)


def _bad_target(channel: AlertChannel) -> str:
    if channel.type == "webhook":
        good = _URL.fullmatch(channel.target)
        return "" if good else "must be an http(s) URL without credentials"
    parts = channel.target.split("/")
    good_path = channel.target.isprintable() and not {"", ".", ".."} & set(parts)
    return "" if good_path else "must be a path below the log folder: relative, without '..'"


def _check_results(environment: Environment, report: Report) -> None:
    for keys, message, remedy in results_mistakes(environment.results, environment.name):
        report.at(("results", *keys), message, remedy)


def _check_logs(environment: Environment, report: Report) -> None:
    managed = environment.aws.manage_iam
    for keys, message, remedy in logs_mistakes(environment.logs, environment.kind, managed=managed):
        report.at(("logs", *keys), message, remedy)


def _check_cluster(environment: Environment, report: Report) -> None:
    for keys, message, remedy in cluster_mistakes(environment.cluster, environment.kind):
        report.at(("cluster", *keys), message, remedy)
    pods = any(environment.in_cluster(zone) for zone in environment.zones)
    if not pods or environment.cluster.oidc_issuer is not None:
        return
    remedy = "add cluster: {oidc_issuer: https://oidc.eks.…}"
    for keys, in_aws in (
        (("secrets", "store"), environment.secrets.store == "ssm"),
        (("results", "kind"), environment.results.kind == "s3"),
    ):
        if in_aws:
            report.at(
                keys, "pods show AWS who they are by the cluster's OIDC issuer, which is not named", remedy
            )


def _check_bundle(environment: Environment, report: Report) -> None:
    for keys, message, remedy in bundle_mistakes(environment.bundle, environment.kind):
        report.at(("bundle", *keys), message, remedy)


def _check_aws(environment: Environment, root: Path, report: Report) -> None:
    eks = environment.cluster.eks
    around = IamAround(
        kind=environment.kind,
        account=eks.account if eks else None,
        has_issuer=environment.cluster.oidc_issuer is not None,
        zones=tuple(zone for zone in environment.zones if environment.in_cluster(zone)),
        tenants=_tenants(root),
    )
    for keys, message, remedy in iam_mistakes(environment.aws, around):
        report.at(("aws", *keys), message, remedy)


def _tenants(root: Path) -> tuple[str, ...]:
    return tuple(path.name for path in (root / "tenants").glob("*/") if is_tenant(path.name))


def _check_images(environment: Environment, report: Report) -> None:
    for keys, message, remedy in images_mistakes(environment.images, environment.kind):
        report.at(("images", *keys), message, remedy)


def _check_backup(environment: Environment, report: Report) -> None:
    for keys, message, remedy in backup_mistakes(environment.backup, environment.kind):
        report.at(("backup", *keys), message, remedy)


def _check_stage(environment: Environment, known: Collection[str], report: Report) -> None:
    before = environment.promoted_from
    if before is None:
        return
    if environment.kind != "kubernetes":
        report.at_key(("promoted_from",), f"has no effect with kind: {environment.kind}", "remove it")
    elif before == environment.name:
        report.at(("promoted_from",), "is this environment itself", "name the one before it")
    elif before not in known:
        report.at(("promoted_from",), f"unknown environment '{before}'", did_you_mean(before, known))


def _check_local(environment: Environment, report: Report) -> None:
    local = environment.local
    if local is None:
        return
    if environment.kind != "local":
        report.at_key(
            ("local",), f"has no effect with kind: {environment.kind}", "remove it, or write kind: local"
        )
    for name, message in _bad_ports(local.ports):
        report.at(("local", "ports", name), message)
    deferring = [name for name, zone in environment.zones.items() if zone.triggerer]
    for name in deferring[1:]:
        report.at(("zones", name, "triggerer"), f"the one triggerer here is that of zone '{deferring[0]}'")
    for name, connection in local.connections.items():
        path = ("local", "connections", name, "url")
        if connection.type == "http" and not _URL.fullmatch(connection.url):
            report.at(path, "must be an http(s) URL without credentials")
        if connection.type == "postgres" and connection.url:
            report.at_key(path, "has no effect with type: postgres: each tenant gets a database of its own")


def _bad_ports(ports: Ports) -> Iterator[tuple[str, str]]:
    taken: dict[int, str] = {}
    for name, port in ports.model_dump().items():
        if port in taken:
            yield name, f"port {port} is taken by '{taken[port]}'"
        taken.setdefault(port, name)
