"""The policies and roles of one environment in Vault or OpenBao, as they should be. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.secrets import usable
from aerodrome.secrets.usable import Tenants

POLICY, TOKEN_ROLE, LOGIN, KUBERNETES_ROLE = "policy", "token role", "login", "Kubernetes role"
TEXT = "text"
"""The one setting of a policy."""
TOKEN_SECONDS = 300
LOGIN_SECONDS = 1200
# A host that is off for a weekend must still get in.
ROTATIONS_OF_A_LOGIN = 7
"""After so many times of the time in which a host replaces its login, an old one ends by itself."""
Settings = Mapping[str, Any]
Hosts = Mapping[str, str]
"""Host that was let in → its zone."""
NO_HOSTS: Hosts = MappingProxyType({})
_NOTHING = 'path "sys/none" {\n  capabilities = ["deny"]\n}\n'
_MINT = """\
path "auth/token/create/{role}" {{
  capabilities = ["update"]
  required_parameters = ["ttl"]
  allowed_parameters = {{
    "ttl" = ["{ttl}"]
  }}
}}
"""
_OWN_LOGIN = """\
path "auth/approle/role/{role}/{path}" {{
  capabilities = ["update"]
}}
"""
_LOGIN_PATHS = ("secret-id", "secret-id/destroy", "secret-id/lookup")
_RULE = re.compile(r'path "([^"]*)"')


class Key(NamedTuple):
    """What an object of the store is known by."""

    kind: str
    name: str


@dataclass(frozen=True)
class Layout:
    """Policies and roles of one environment, as they should be or as they are; both have this shape."""

    objects: Mapping[Key, Settings] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, Settings]:
        """Return name → settings of the objects of one *kind*."""
        return {key.name: settings for key, settings in self.objects.items() if key.kind == kind}


def desired(environment: Environment, tenants: Tenants, hosts: Hosts = NO_HOSTS) -> Layout:
    """Return every policy and role that *environment* needs for *tenants* and *hosts*.

    A zone's login reads no secret: it mints tokens, each with one tenant's policy for this zone. Workers in the cluster
    log in as the service account of their zone, all others by ids: those of a host have a login of their own, with the
    same right and the one to replace it.
    """
    zones = (pair for zone in usable.zones(environment) for pair in _zone(environment, zone, tenants))
    own = (pair for host, zone in hosts.items() for pair in of_host(environment, host, zone, tenants))
    return Layout(dict((*zones, *own)))


def of_host(
    environment: Environment, host: str, zone: str, tenants: Tenants
) -> Iterator[tuple[Key, Settings]]:
    """Yield the policy and the login of *host*, whose workers are of *zone*."""
    name = names.host_role(environment.name, host)
    inside = usable.tenants_of(environment, zone, tenants)
    roles = [names.tenant_policy(environment.name, zone, tenant) for tenant in inside]
    yield Key(POLICY, name), {TEXT: renewing(name) + (minting(roles) if roles else "")}
    yield Key(LOGIN, name), _login(name, _login_life(environment))


def _login_life(environment: Environment) -> timedelta:
    return ROTATIONS_OF_A_LOGIN * environment.hosts.rotate_login_every if environment.hosts else timedelta(0)


def places(environment: Environment) -> dict[str, str]:
    """Return where the store keeps the roles of each kind."""
    return {
        TOKEN_ROLE: "auth/token/roles",
        LOGIN: "auth/approle/role",
        KUBERNETES_ROLE: f"auth/{environment.secrets.vault.kubernetes_mount}/role",
    }


def reading(paths: Iterable[str]) -> str:
    """Return a policy that reads each of the secrets at *paths* and nothing else."""
    found = (f"{names.SECRETS_MOUNT}/data/{path}" for path in sorted(paths))
    return "".join(f'path "{path}" {{\n  capabilities = ["read"]\n}}\n' for path in found) or _NOTHING


def minting(roles: Iterable[str]) -> str:
    """Return a policy that mints tokens of the token *roles* for five minutes and does nothing else.

    The server takes no time from the role of a batch token: the policy lets no request pass that asks for another one.
    """
    return "".join(_MINT.format(role=role, ttl=names.TOKEN_TTL) for role in sorted(roles)) or _NOTHING


def renewing(role: str) -> str:
    """Return a policy that makes, looks up and destroys secret ids of the AppRole *role*; it lists none."""
    return "".join(_OWN_LOGIN.format(role=role, path=path) for path in _LOGIN_PATHS)


def paths_in(text: str) -> frozenset[str]:
    """Return the paths that a policy speaks of."""
    return frozenset(_RULE.findall(text))


def _zone(environment: Environment, zone: str, tenants: Tenants) -> Iterator[tuple[Key, Settings]]:
    place, name = environment.name, names.zone_role(environment.name, zone)
    inside = usable.tenants_of(environment, zone, tenants)
    yield Key(POLICY, name), {TEXT: minting(names.tenant_policy(place, zone, tenant) for tenant in inside)}
    if environment.in_cluster(zone):
        account = names.worker_account(environment.cluster.release, zone)
        yield Key(KUBERNETES_ROLE, name), _of_zone(name, account, environment.cluster.namespace)
    else:
        yield Key(LOGIN, name), _login(name)
    for tenant in inside:
        yield from _tenant(environment, zone, tenant, tenants)


def _tenant(
    environment: Environment, zone: str, tenant: str, tenants: Tenants
) -> Iterator[tuple[Key, Settings]]:
    name = names.tenant_policy(environment.name, zone, tenant)
    paths = usable.paths(environment, tenant, tenants[tenant], zone)
    yield Key(POLICY, name), {TEXT: reading(paths)}
    yield Key(TOKEN_ROLE, name), _token_role(name)
    if environment.in_cluster(zone):
        yield from _pods(environment, zone, tenant, name)


def _pods(environment: Environment, zone: str, tenant: str, policy: str) -> Iterator[tuple[Key, Settings]]:
    """Yield what lets a tenant's pods log in, those of its tasks and those of Celery workers of its own."""
    cluster = environment.cluster
    tasks, workers = names.service_account(tenant, zone), names.worker_account(cluster.release, zone, tenant)
    role = names.own_workers_role(environment.name, zone, tenant)
    yield Key(KUBERNETES_ROLE, policy), _of_tenant(policy, tasks, names.namespace(tenant))
    yield Key(KUBERNETES_ROLE, role), _of_tenant(policy, workers, cluster.namespace)


def _token_role(policy: str) -> Settings:
    return {
        "allowed_policies": [policy],
        "allowed_policies_glob": [],
        "disallowed_policies": [],
        "disallowed_policies_glob": [],
        "allowed_entity_aliases": [],
        "token_no_default_policy": True,
        "token_type": "batch",
        "orphan": True,
        "renewable": False,
        "path_suffix": "",
        "token_period": 0,
        "token_explicit_max_ttl": 0,
        "token_num_uses": 0,
        "token_bound_cidrs": [],
    }


def _login(policy: str, life: timedelta = timedelta(0)) -> Settings:
    return {
        "bind_secret_id": True,
        "secret_id_bound_cidrs": [],
        "secret_id_num_uses": 0,
        "secret_id_ttl": int(life.total_seconds()),
        # A batch token cannot make tokens.
        **_carries(policy, "service", LOGIN_SECONDS),
    }


def _of_zone(policy: str, account: str, namespace: str) -> Settings:
    # A batch token cannot make tokens.
    return _bound(account, namespace) | _carries(policy, "service", LOGIN_SECONDS)


def _of_tenant(policy: str, account: str, namespace: str) -> Settings:
    return _bound(account, namespace) | _carries(policy, "batch", TOKEN_SECONDS)


def _bound(account: str, namespace: str) -> dict[str, Any]:
    return {
        "bound_service_account_names": [account],
        "bound_service_account_namespaces": [namespace],
        "alias_name_source": "serviceaccount_uid",
        "audience": names.SECRETS_AUDIENCE,
    }


def _carries(policy: str, kind: str, seconds: int) -> dict[str, Any]:
    return {
        "token_policies": [policy],
        "token_no_default_policy": True,
        "token_type": kind,
        "token_ttl": seconds,
        "token_max_ttl": seconds,
        "token_explicit_max_ttl": 0,
        "token_period": 0,
        "token_num_uses": 0,
        "token_bound_cidrs": [],
    }
