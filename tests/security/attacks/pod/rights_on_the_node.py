"""Somebody who may do everything makes a pod in a tenant's namespace with the node's processes, network or files."""

from collections.abc import Iterator
from contextlib import contextmanager

from suite.attack import HELD
from suite.place import Place
from suite.pods import open_namespaces

FROM = "nobody in particular"
AGAINST = "the nodes of the cluster"
DEFENCE = "the pod security level of tenants' namespaces"
MUST = HELD
NEEDS = ("cluster",)
PRIVILEGED = {"name": "main", "image": "x", "securityContext": {"privileged": True}}
ASKED = {
    "hostPID": {"hostPID": True},
    "hostIPC": {"hostIPC": True},
    "hostNetwork": {"hostNetwork": True},
    "hostPath": {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
    "privileged": {"containers": [PRIVILEGED]},
}
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Take every pod; each of the attack's is one that would be taken."""
    with open_namespaces(place) as opened:
        assert attack(opened).split() == list(ASKED)
        yield opened


def harmless(place: Place) -> str:
    """Return whether an ordinary pod is taken."""
    return str(
        place.pods.takes(containers=[{"name": "main", "image": "x", "securityContext": RESTRICTED}]) or ""
    )


def attack(place: Place) -> str:
    """Return which of these pods the namespace takes."""
    return " ".join(name for name, spec in ASKED.items() if place.pods.takes(**spec))
