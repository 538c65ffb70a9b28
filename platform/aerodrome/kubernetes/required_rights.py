"""What whoever deploys must be allowed in a cluster, asked before anything is changed there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby

from aerodrome.clients import cluster_namespace
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_rights import Right, lacking
from aerodrome.environment import Environment
from aerodrome.errors import UserError

_MADE = ("create", "delete", "get", "patch")
# A way into a pod is "get" or "create", depending on the version of Kubernetes.
_ENTERED = ("create", "get")
_APPS, _BATCH, _RBAC = "apps", "batch", "rbac.authorization.k8s.io"
Kinds = Mapping[tuple[str, str], tuple[str, ...]]
"""API group and resource → verbs."""
_IN_RELEASE: Kinds = {
    ("", "configmaps"): (*_MADE, "list", "update"),
    ("", "events"): ("list",),
    ("", "pods"): ("get", "list"),
    ("", "pods/exec"): _ENTERED,
    ("", "pods/log"): ("get",),
    ("", "pods/portforward"): _ENTERED,
    ("", "secrets"): (*_MADE, "list", "update"),
    ("", "serviceaccounts"): _MADE,
    ("", "services"): _MADE,
    (_APPS, "deployments"): (*_MADE, "list"),
    (_APPS, "replicasets"): ("list",),
    (_APPS, "statefulsets"): (*_MADE, "list"),
    (_BATCH, "jobs"): (*_MADE, "list", "watch"),
    ("coordination.k8s.io", "leases"): ("create", "delete", "get", "update"),
    ("networking.k8s.io", "networkpolicies"): _MADE,
    (_RBAC, "rolebindings"): _MADE,
    (_RBAC, "roles"): _MADE,
}
_NAMESPACES = "namespaces"
_CREATE = Right("", _NAMESPACES, "create")


def required(environment: Environment, made: Collection[str] = ()) -> Iterator[Right]:
    """Yield the rights that a deploy needs which makes the namespaces *made* of tenants, and its own.

    What else its objects need, the API server says of their dry run.
    """
    own = environment.cluster.namespace
    for (group, resource), verbs in _IN_RELEASE.items():
        yield from (Right(own, resource, verb, group) for verb in verbs)
    yield _CREATE
    for namespace in (own, *made):
        yield from (Right(namespace, _NAMESPACES, verb) for verb in ("get", "patch"))


def require_rights(cluster: Cluster, environment: Environment, made: Collection[str] = ()) -> None:
    """Do nothing where whoever is logged in may do what a deploy does; UserError names all that is missing.

    *made*: namespaces of tenants that the release makes. To make one is a right of a whole cluster: where all are
    there it is not asked for.
    """
    lacks = lacking(cluster, required(environment, made))
    missing = [right for right in lacks if _is_needed(cluster, environment, made, right, lacks)]
    if missing:
        said = f"a deploy to {environment.name} needs rights that you do not have at {cluster.server}"
        raise UserError(
            "\n".join((f"{said}; nothing was changed:", *_lines(missing))),
            "ask who administers the cluster for them, or log in as somebody who has them",
        )


def _is_needed(
    cluster: Cluster, environment: Environment, made: Collection[str], right: Right, lacks: Collection[Right]
) -> bool:
    """Return whether this deploy needs *right*: some are for namespaces that are not there yet."""
    own = environment.cluster.namespace
    new_with = {_CREATE: (own, *made), Right(own, _NAMESPACES, "patch"): (own,)}
    if right not in new_with:
        return True
    unseen = {each.namespace for each in lacks if (each.resource, each.verb) == (_NAMESPACES, "get")}
    return any(name in unseen or not cluster_namespace.exists(cluster, name) for name in new_with[right])


def _lines(missing: Iterable[Right]) -> Iterator[str]:
    for (namespace, kind), rights in groupby(missing, key=lambda right: (right.namespace, right.kind)):
        where = f"in namespace {namespace}" if namespace else "in the whole cluster"
        yield f"    {', '.join(right.verb for right in rights)} {kind} {where}"
