"""Reports what is left of tenants that are gone: `python -m aerodrome_airflow.orphans --release NAME TENANT …`.

Helm keeps the namespace of a tenant that is taken out of the values, because its files would go with it. Somebody who
knows that nobody needs them removes it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aerodrome import names

FOUND = 1


@dataclass(frozen=True)
class Orphan:
    """A namespace of no tenant: its pods, as its quota counts them, and the volume claims in it."""

    namespace: str
    tenant: str
    pods: int
    volume_claims: tuple[str, ...]


def orphans(core: Any, release: str, tenants: Iterable[str]) -> Iterator[Orphan]:
    """Yield each namespace that *release* made for none of *tenants*; *core* is Kubernetes' `CoreV1Api`."""
    known = frozenset(tenants)
    selector = f"release={release},{names.TENANT_LABEL}"
    for namespace in core.list_namespace(label_selector=selector).items:
        tenant = namespace.metadata.labels[names.TENANT_LABEL]
        if tenant not in known:
            yield _orphan(core, namespace.metadata.name, tenant)


def _orphan(core: Any, namespace: str, tenant: str) -> Orphan:
    quotas = core.list_namespaced_resource_quota(namespace).items
    pods = max((int((quota.status.used or {}).get("pods", 0)) for quota in quotas if quota.status), default=0)
    claims = core.list_namespaced_persistent_volume_claim(namespace).items
    return Orphan(namespace, tenant, pods, tuple(sorted(claim.metadata.name for claim in claims)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each orphan as a line of JSON; return 1 where there is one."""
    from kubernetes import client, config

    options = _options(arguments)
    in_cluster = "KUBERNETES_SERVICE_HOST" in os.environ
    (config.load_incluster_config if in_cluster else config.load_kube_config)()
    found = list(orphans(client.CoreV1Api(), options.release, options.tenants))
    for orphan in found:
        sys.stdout.write(json.dumps(asdict(orphan)) + "\n")
    return FOUND if found else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Report what is left of tenants that are gone.")
    parser.add_argument("--release", required=True, help="name of the Helm release")
    parser.add_argument("tenants", nargs="*", help="tenants that there are")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
