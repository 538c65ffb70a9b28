"""The chart's values of tenants: what the cluster makes so that the tasks of rendered DAGs find their pods."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import Limits
from aerodrome.policy import offers
from aerodrome.quantities import format_memory

Values = dict[str, Any]
Images = Mapping[str, Mapping[str, str]]
"""Tenant → repository and digest of the image that holds its code."""
PROCESSES = 256
"""Processes and threads of one job."""
# What a pod takes beside its tenant's container: tasks, secrets and launcher of the chart's `tenancy`, rounded up.
POD_CPU = 1.25
POD_MEMORY = 2**30 + 256 * 2**20
SPARE_PODS = 2
"""Pods that end while the next ones start count too."""


def chart_values(tenants: Iterable[LoadedTenant], environment: Environment, images: Images) -> Values:
    """Return `tenancy` and `tenants` of the chart: tenants without a zone in the cluster have no namespace.

    What stands in neither tenant.yaml nor environment.yaml (networks, node pools, sizes of the platform's own
    containers) is the business of environments/<env>/values.yaml.
    """
    found = sorted(tenants, key=lambda tenant: tenant.name)
    made = {tenant.name: _tenant(tenant, environment, images.get(tenant.name)) for tenant in found}
    return {
        "tenancy": _tenancy(environment),
        "tenants": {name: values for name, values in made.items() if values["zones"]},
    }


def zones_with_pods(tenant: LoadedTenant, environment: Environment) -> tuple[str, ...]:
    """Return the zones in which *tenant* has pods, sorted: those that placement names in its DAGs."""
    queues = offers.queues(tenant.model.queues, environment).values()
    return tuple(sorted({queue.pods_of for queue in queues if queue.pods_of is not None}))


def _tenancy(environment: Environment) -> Values:
    return {"environment": environment.name, "secrets": _secrets(environment)}


def _secrets(environment: Environment) -> Values:
    settings = environment.secrets
    ages = {"freshSeconds": settings.fresh_seconds, "staleSeconds": settings.stale_seconds}
    if settings.store != "vault":
        return {"store": "none", **ages}
    vault = {
        "address": settings.vault.url,
        "kubernetesMount": settings.vault.kubernetes_mount,
        "audience": names.SECRETS_AUDIENCE,
    }
    return {"store": "vault", "vault": vault, **ages}


def _tenant(tenant: LoadedTenant, environment: Environment, image: Mapping[str, str] | None) -> Values:
    limits = tenant.model.limits
    return {
        **({"image": dict(sorted(image.items()))} if image else {}),
        "limits": {"cpu": limits.cpu, "memory": format_memory(limits.memory), "processes": PROCESSES},
        "quota": _quota(limits),
        "zones": {zone: {} for zone in zones_with_pods(tenant, environment)},
    }


def _quota(limits: Limits) -> Values:
    pods = limits.parallelism + SPARE_PODS
    cpu, memory = math.ceil(pods * (limits.cpu + POD_CPU)), pods * (limits.memory + POD_MEMORY)
    size = f"{math.ceil(memory / 2**20)}Mi"
    return {
        "pods": str(pods),
        "requests.cpu": str(cpu),
        "requests.memory": size,
        "limits.memory": size,
        "persistentvolumeclaims": "2",
        "services": "0",
    }
