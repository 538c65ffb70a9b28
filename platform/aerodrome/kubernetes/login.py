"""The login of a cluster: its Secrets as a target, what somebody gives for it, and roles that follow on demand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aerodrome.clients import cluster_namespace
from aerodrome.clients.cluster_exec import Container, ended
from aerodrome.clients.cluster_forward import Pods, ready
from aerodrome.environment import Environment, load_environment
from aerodrome.kubernetes.connection import Connection, connect
from aerodrome.login import authorities
from aerodrome.login.followed import LONGEST_SECONDS, Followed, command, followed, require_directory
from aerodrome.login.given import tried
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.progress import Progress
from aerodrome.render.login import Login
from aerodrome.targets.login import LoginTarget, given_secret

ROLES = "roles"


def login_target(connection: Connection, tenants: Mapping[str, TenantManifest]) -> LoginTarget:
    """Return the login as a target; UserError where an authority that it names is missing."""
    login = login_of(connection.root, connection.environment, tenants)
    return LoginTarget(connection.environment, login, connection.cluster)


def login_of(root: Path, environment: Environment, tenants: Mapping[str, TenantManifest]) -> Login:
    """Return all that the files of *environment*'s login tell; UserError where an authority is missing."""
    authorities.require(root, environment)
    settings = environment.login
    directory = settings.directory if settings.has_directory else None
    return Login(settings, directory, tenants, authorities.texts(root, environment))


def keep(root: Path, name: str, given: Mapping[str, str], say: Progress) -> tuple[str, ...]:
    """Store the secrets *given*, by their keys, in the cluster, and return what there is to say.

    UserError where the directory refuses a password: then nothing is written.
    """
    environment = load_environment(root, name)
    told = tried(root, environment, given)
    connection = connect(root, environment)
    with connection.locked(say):
        cluster_namespace.make(connection.cluster, environment.cluster.namespace)
        given_secret(connection.cluster, environment).write(given)
    return (*told, f"kept in the cluster; `make deploy ENV={name}` brings it to the API server")


def follow_in_cluster(root: Path, name: str, *, dry_run: bool, force: bool) -> Followed:
    """Let roles follow the directory once, in the pod that does so by itself; AerodromeError where it cannot."""
    environment = load_environment(root, name)
    require_directory(environment)
    cluster, settings = connect(root, environment).cluster, environment.cluster
    pod = ready(cluster, Pods(settings.namespace, f"component={ROLES},release={settings.release}", 0))
    where = Container(settings.namespace, pod, ROLES)
    program = ("python", *command(dry_run=dry_run, force=force))
    done = ended(cluster, where, program, "", LONGEST_SECONDS)
    return followed(name, done.out, done.errors)
