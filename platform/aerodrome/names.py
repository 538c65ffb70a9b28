"""Every name that the platform derives from a tenant's folder name. Nobody else builds these strings.

A tenant's slug holds no separator, so `tenant + separator + name` cannot collide with another tenant's.
"""

from __future__ import annotations

import hashlib
import re

SEPARATOR = "."
TENANT_PATTERN = r"^[a-z][a-z0-9]{1,30}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
ENVIRONMENT_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""A variable of a process's environment."""
SECRETS_MOUNT = "aerodrome"
SECRETS_AUDIENCE = "vault"
"""For whom the token is by which a pod logs in to the secrets store: no other token of the pod opens it."""
AWS_AUDIENCE = "sts.amazonaws.com"
"""For whom the token is by which a pod shows AWS who it is."""
LOGS_AUDIENCE = "aerodrome-logs"
"""For whom the token is by which a pod sends or reads task logs: no role but those for logs trusts it."""
TOKEN_TTL = "5m"  # noqa: S105  (a time)
"""What the workers of a zone must ask for, word by word, when they mint a tenant's token."""
GLOBAL = "global"
"""In the place of a tenant: what all tenants share in the secrets store."""
COLLECTOR = "collector"
"""In the place of a zone: what removes large results that nobody needs any more."""
READER = "reader"
"""In the place of a zone: what shows task logs."""

TENANT_LABEL = "aerodrome/tenant"
"""The label of a tenant's objects in Kubernetes."""
ZONE_LABEL = "aerodrome/zone"
"""The label of what a tenant's pods in one zone are and have."""

_POD_TEMPLATES = "/opt/aerodrome/pods"
_OS_USER = "aerodrome-"
# IAM takes 64 characters for the name of a role.
_ROLE_LENGTH = 64
_DIGEST = 16
# Linux takes 32 characters for the name of a user.
ZONE_LENGTH = 32 - len(_OS_USER)
# What is derived from these names is the platform's own already.
RESERVED_TENANTS = {
    "admin": "Airflow's administrator is called so",
    **dict.fromkeys(
        ("apt", "chrony", "ssh"), "its user of the operating system would be one of Debian's own"
    ),
    "global": "what all tenants share in the secrets store is called so",
    "platform": "the folder of the platform's own DAGs is called so",
}
RESERVED_ZONES = {
    "admin": "the deploy's own user of the broker has its name",
    "bundle": "the group that reads the rendered DAGs has its name",
    COLLECTOR: "the agent of the collector of results has its name",
    "db": "PostgreSQL's user of the operating system has its name",
    "directory": "the directory's user of the operating system has its name",
    "entrance": "the user of the operating system that hosts outside meet first has its name",
    "fetch": "the user that fetches tenants' packages has its name",
    "logs": "the group that reads task logs has its name",
    READER: "the role that reads task logs has its name",
    "redis": "Redis' user of the operating system has its name",
    "scheduler": "the scheduler's user of the broker has its name",
    "vault": "OpenBao's user of the operating system has its name",
}

_TENANT = re.compile(TENANT_PATTERN)
_NAME = re.compile(NAME_PATTERN)
_ENVIRONMENT = re.compile(ENVIRONMENT_PATTERN)
_OWN_WORKERS = "tenant_"


def is_tenant(text: str) -> bool:
    """Return whether *text* can name a tenant's folder."""
    return _TENANT.fullmatch(text) is not None


def why_no_tenant(text: str) -> str:
    """Return why *text* cannot name a new tenant's folder, or an empty text where it can."""
    if not is_tenant(text):
        return "use 2 to 31 lower-case letters and digits, a letter first, no separator"
    reason = RESERVED_TENANTS.get(text)
    return f"{reason}: choose another name" if reason else ""


def why_no_zone(text: str) -> str:
    """Return why *text*, a name, cannot name a trust zone, or an empty text where it can."""
    if len(text) > ZONE_LENGTH:
        return f"a zone's name has {ZONE_LENGTH} characters at most: it ends the name of a user of the system"
    if text.startswith(_OWN_WORKERS):
        return f"'{_OWN_WORKERS}' begins the names of tenants' own workers: choose another name"
    reason = RESERVED_ZONES.get(text)
    return f"{reason}: choose another name" if reason else ""


def is_name(text: str) -> bool:
    """Return whether *text* can name a DAG, task, pool, connection, variable, asset or channel."""
    return _NAME.fullmatch(text) is not None


def is_role_path(text: str) -> bool:
    """Return whether *text*, path and name of an AWS IAM role, is of the platform's own, of any environment."""
    return text.startswith(tuple(f"/{SECRETS_MOUNT}{which}/" for which in ("", "-results", "-pods", "-logs")))


def is_environment_variable(text: str) -> bool:
    """Return whether *text* can name a variable of a process's environment.

    The launcher, which loads nothing but itself, states the same rule; a test holds the two together.
    """
    return _ENVIRONMENT.fullmatch(text) is not None


def _scoped(tenant: str, name: str) -> str:
    if not is_tenant(tenant) or not is_name(name):
        raise ValueError(f"not a tenant and a name: {tenant!r}, {name!r}")
    return tenant + SEPARATOR + name


def dag_id(tenant: str, name: str) -> str:
    """Return Airflow's dag_id of the manifest *name* of *tenant*."""
    return _scoped(tenant, name)


def tenant_of(scoped: str) -> str:
    """Return the tenant that a dag id, connection id or named pool belongs to; ValueError where it names none."""
    tenant, separator, name = scoped.partition(SEPARATOR)
    if not separator or not is_tenant(tenant) or not is_name(name):
        raise ValueError(f"{scoped!r} does not name a tenant's object")
    return tenant


def name_of(scoped: str) -> str:
    """Return the part of a scoped name after the tenant."""
    tenant_of(scoped)
    return scoped.partition(SEPARATOR)[2]


def pool(tenant: str, name: str | None = None) -> str:
    """Return the Airflow pool of *tenant*: its own, or one that its tenant.yaml names."""
    return tenant if name is None else _scoped(tenant, name)


def connection_id(tenant: str, name: str) -> str:
    """Return Airflow's conn_id of the connection *name* of *tenant*."""
    return _scoped(tenant, name)


def variable_key(tenant: str, name: str) -> str:
    """Return Airflow's key of the variable *name* of *tenant*."""
    return _scoped(tenant, name)


def is_shared(said: str) -> bool:
    """Return whether a manifest means by *said* a connection or variable that all tenants share."""
    return said.startswith(GLOBAL + SEPARATOR)


def secret_key(tenant: str, said: str) -> str:
    """Return Airflow's name of the connection or variable that a manifest of *tenant* calls *said*.

    Its own by their names, and `global.<name>` of what all tenants share; ValueError for anything else.
    """
    if is_shared(said):
        return _scoped(GLOBAL, said.removeprefix(GLOBAL + SEPARATOR))
    return _scoped(tenant, said)


def asset(tenant: str, name: str) -> str:
    """Return the name of the asset *name* that *tenant* produces."""
    return _scoped(tenant, name)


def role(tenant: str, level: str) -> str:
    """Return the Airflow role of *tenant* at *level*: viewer, editor or admin."""
    return _scoped(tenant, level)


def tag(tenant: str) -> str:
    """Return the tag that every DAG of *tenant* carries."""
    return f"tenant:{tenant}"


def os_user(tenant: str) -> str:
    """Return the operating system user that runs the code of *tenant*; 32 characters at most, as Linux allows."""
    return f"_{tenant}"


def namespace(tenant: str) -> str:
    """Return the Kubernetes namespace of *tenant*."""
    return f"tenant-{tenant}"


def worker_user(zone: str) -> str:
    """Return the operating system user and broker user of the workers of *zone*."""
    return f"{_OS_USER}{zone}"


def host_user(host: str) -> str:
    """Return the user of *host*'s workers at the broker and at the DAG bundle; no zone's name holds a '-'."""
    return f"{_OS_USER}host-{host}"


def host_of(user: str) -> str | None:
    """Return the host whose user at the broker is *user*, or None where it is nobody's on a host."""
    before = f"{_OS_USER}host-"
    return user.removeprefix(before) if user.startswith(before) else None


def unacked_keys(queue: str, host: str | None = None) -> tuple[str, str]:
    """Return the broker's keys in which the worker of *queue* notes what it took and has not finished, and since when.

    A worker on a *host* has keys of its own: nobody else of its queue sees which tasks it runs, or takes them for lost.
    """
    whose = queue if host is None else f"{queue}{SEPARATOR}{host}"
    return f"unacked.{whose}", f"unacked_index.{whose}"


def service_account(tenant: str, zone: str) -> str:
    """Return the Kubernetes service account of *tenant*'s pods in *zone*: the zone decides what they may read."""
    return f"{tenant}-{zone.replace('_', '-')}"


def worker_account(release: str, zone: str, tenant: str | None = None) -> str:
    """Return the Kubernetes service account of the Celery workers of *zone*, or of a *tenant*'s own in it.

    It is in the namespace of the Helm release called *release*.
    """
    own = f"tenant-{tenant}-" if tenant else ""
    return f"{release}-worker-{own}{zone.replace('_', '-')}"


def api_server_account(release: str) -> str:
    """Return the Kubernetes service account of the API server of the Helm release called *release*."""
    return f"{release}-api-server"


def pod_template(tenant: str, zone: str) -> str:
    """Return the file in the scheduler that says how the pods of *tenant* in *zone* look."""
    return f"{_POD_TEMPLATES}/{service_account(tenant, zone)}.yaml"


def connection_path(environment: str, tenant: str, name: str) -> str:
    """Return the path of a connection below the secrets mount."""
    return f"{tenant_folder(environment, tenant)}/connections/{name}"


def variable_path(environment: str, tenant: str, name: str) -> str:
    """Return the path of a variable below the secrets mount."""
    return f"{tenant_folder(environment, tenant)}/variables/{name}"


def global_connection_path(environment: str, name: str) -> str:
    """Return the path of a connection that all tenants may read."""
    return connection_path(environment, GLOBAL, name)


def global_variable_path(environment: str, name: str) -> str:
    """Return the path of a variable that all tenants may read."""
    return variable_path(environment, GLOBAL, name)


def tenant_folder(environment: str, tenant: str) -> str:
    """Return the folder of *tenant*, or of what all share, below the secrets mount."""
    return f"{environment}/{GLOBAL}" if tenant == GLOBAL else f"{tenants_folder(environment)}/{tenant}"


def tenants_folder(environment: str) -> str:
    """Return the folder below the secrets mount that has one folder for each tenant with secrets."""
    return f"{environment}/tenants"


def secrets_prefix(environment: str) -> str:
    """Return what the names of an environment's policies and roles begin with, and nobody else's.

    The name of an environment may hold '-', never the separator: no environment's names begin with another's.
    """
    return f"aerodrome-{environment}{SEPARATOR}"


def zone_role(environment: str, zone: str) -> str:
    """Return the policy and AppRole of *zone* in the secrets store."""
    return f"{secrets_prefix(environment)}{zone}"


def host_role(environment: str, host: str) -> str:
    """Return the policy and AppRole of *host* in the secrets store; no zone's name holds a '-'."""
    return f"{secrets_prefix(environment)}host-{host}"


def is_host_role(environment: str, name: str) -> bool:
    """Return whether *name* is the policy and AppRole of a host."""
    return name.startswith(host_role(environment, ""))


def tenant_policy(environment: str, zone: str, tenant: str) -> str:
    """Return the policy and token role of *tenant* in *zone*."""
    return f"{zone_role(environment, zone)}{SEPARATOR}{tenant}"


def tenant_of_policy(environment: str, name: str) -> str | None:
    """Return the tenant whose policy or role in the secrets store is called *name*; None for a zone's or a host's."""
    zone, _, rest = name.removeprefix(secrets_prefix(environment)).partition(SEPARATOR)
    tenant = rest.partition(SEPARATOR)[0]
    # A host's name may hold the separator; no zone's name holds a '-'.
    return tenant if "-" not in zone and is_tenant(tenant) else None


def own_workers_role(environment: str, zone: str, tenant: str) -> str:
    """Return the role by which *tenant*'s own Celery workers in *zone* log in to the secrets store."""
    return f"{tenant_policy(environment, zone, tenant)}{SEPARATOR}workers"


def iam_role(environment: str, tenant: str) -> str:
    """Return the AWS IAM role of *tenant*; 64 characters at most for an environment's name of 22."""
    return f"{secrets_prefix(environment)}{tenant}"


def iam_path(environment: str) -> str:
    """Return the IAM path of the roles of *environment*, and of nobody else's."""
    return f"/{SECRETS_MOUNT}/{environment}/"


def results_role(environment: str, tenant: str) -> str:
    """Return the AWS IAM role by which large results of *tenant* are reached; 62 characters at most."""
    return f"results-{environment}{SEPARATOR}{tenant}"


def results_collector_role(environment: str) -> str:
    """Return the AWS IAM role of the collector of large results; no tenant's has its name."""
    return f"results-{environment}-{COLLECTOR}"


def results_path(environment: str) -> str:
    """Return the IAM path of the roles for large results of *environment*, and of nobody else's."""
    return f"/{SECRETS_MOUNT}-results/{environment}/"


def pods_role(environment: str, tenant: str, zone: str) -> str:
    """Return the AWS IAM role as which the code of *tenant* acts in *zone*; 64 characters at most.

    A name that would be longer ends in a digest of all of it; no zone's name holds a '-'.
    """
    return _of_a_role(f"pods-{environment}{SEPARATOR}{tenant}{SEPARATOR}{zone}")


def pods_path(environment: str) -> str:
    """Return the IAM path of the roles of tenants' code in *environment*, and of nobody else's."""
    return f"/{SECRETS_MOUNT}-pods/{environment}/"


def logs_role(environment: str, zone: str, tenant: str | None = None) -> str:
    """Return the AWS IAM role by which task logs of *zone* are sent, or those of *tenant* alone; 64 characters at most.

    A name that would be longer ends in a digest of all of it; no zone's name holds a '-'.
    """
    if tenant is None:
        return f"logs-{environment}-{zone}"
    return _of_a_role(f"logs-{environment}{SEPARATOR}{tenant}{SEPARATOR}{zone}")


def logs_reader_role(environment: str) -> str:
    """Return the AWS IAM role by which task logs are shown; no zone has its name."""
    return logs_role(environment, READER)


def logs_path(environment: str) -> str:
    """Return the IAM path of the roles for task logs of *environment*, and of nobody else's."""
    return f"/{SECRETS_MOUNT}-logs/{environment}/"


def _of_a_role(name: str) -> str:
    if len(name) <= _ROLE_LENGTH:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _ROLE_LENGTH - _DIGEST - 1]}-{digest}"


def tenant_of_iam_role(name: str) -> str | None:
    """Return the tenant whose IAM role is called *name*; None for the platform's own, and where the name was cut."""
    tenant = name.partition(SEPARATOR)[2].partition(SEPARATOR)[0]
    return tenant if is_tenant(tenant) else None


IAM_ZONE_TAG = "aerodrome-zone"
"""The session tag by which the workers of a zone say which zone they are; their own role may name no other."""
