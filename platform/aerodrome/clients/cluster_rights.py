"""What whoever is logged in may do in a cluster, as its API server judges it itself (kubernetes)."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aerodrome.clients.cluster import AT_ONCE, Cluster

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, order=True)
class Right:
    """To do *verb* with a *resource* ("pods/exec") of an API *group*; without *namespace* in the whole cluster."""

    namespace: str
    resource: str
    verb: str
    group: str = ""

    @property
    def kind(self) -> str:
        """Return how people write the resource: roles.rbac.authorization.k8s.io."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def lacking(cluster: Cluster, rights: Iterable[Right]) -> tuple[Right, ...]:
    """Return those of *rights* that whoever is logged in does not have, sorted; nothing is changed."""
    wanted = sorted(set(rights))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda right: _has(cluster, right), wanted))
    return tuple(right for right, has in zip(wanted, answers, strict=True) if not has)


def _has(cluster: Cluster, right: Right) -> bool:
    resource, _, part = right.resource.partition("/")
    asked = {"namespace": right.namespace, "verb": right.verb, "group": right.group, "resource": resource}
    body = {"spec": {"resourceAttributes": {**asked, "subresource": part}}}
    return bool(cluster.request("POST", _REVIEWS, body=body)["status"]["allowed"])
