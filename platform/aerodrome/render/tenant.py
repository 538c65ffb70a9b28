"""Everything of one tenant that goes into the bundle."""

from __future__ import annotations

from collections.abc import Collection

from aerodrome.environment import Environment
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.policy.from_manifest import limits_of
from aerodrome.policy.limits import FILE_NAME, to_json
from aerodrome.render.dags import render_dag
from aerodrome.render.files import RenderedFile


def render_tenant(
    tenant: LoadedTenant, environment: Environment, runtime: str | None, without: Collection[str] = ()
) -> tuple[RenderedFile, ...]:
    """Return the DAGs of *tenant*, *without* those of these manifests, and the limits that Airflow's half reads."""
    limits = limits_of(tenant, environment)
    wanted = [dag for dag in tenant.dags if dag.model.enabled and dag.path not in without]
    policy = RenderedFile(f"{tenant.name}/{FILE_NAME}", to_json(limits), f"{tenant.folder}/tenant.yaml")
    return (*(render_dag(tenant, dag, limits, runtime) for dag in wanted), policy)
