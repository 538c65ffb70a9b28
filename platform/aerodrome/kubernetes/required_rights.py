"""What whoever deploys must be allowed in a cluster, asked before anything is changed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

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
# The release's own, and one for each tenant.
_EVERYWHERE: Kinds = {("", "namespaces"): ("create", "get", "list", "patch")}


def required(environment: Environment) -> Iterator[Right]:
    """Yield the rights that each deploy needs; what else its objects need, the API server says of their dry run."""
    namespaces = {"": _EVERYWHERE, environment.cluster.namespace: _IN_RELEASE}
    for namespace, kinds in namespaces.items():
        for (group, resource), verbs in kinds.items():
            yield from (Right(namespace, resource, verb, group) for verb in verbs)


def require_rights(cluster: Cluster, environment: Environment) -> None:
    """Do nothing where whoever is logged in may do what a deploy does; UserError names all that is missing."""
    missing = lacking(cluster, required(environment))
    if missing:
        said = f"a deploy to {environment.name} needs rights that you do not have at {cluster.server}"
        raise UserError(
            "\n".join((f"{said}; nothing was changed:", *_lines(missing))),
            "ask who administers the cluster for them, or log in as somebody who has them",
        )


def _lines(missing: Iterable[Right]) -> Iterator[str]:
    for (namespace, kind), rights in groupby(missing, key=lambda right: (right.namespace, right.kind)):
        where = f"in namespace {namespace}" if namespace else "in the whole cluster"
        yield f"    {', '.join(right.verb for right in rights)} {kind} {where}"
