"""Everything of one tenant that goes into the bundle."""

from __future__ import annotations

from aerodrome.environment import Environment
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.policy.from_manifest import limits_of
from aerodrome.policy.limits import FILE_NAME, to_json
from aerodrome.render.dags import render_dag


def render_tenant(tenant: LoadedTenant, environment: Environment, runtime: str | None) -> dict[str, str]:
    """Return path → text of every file of *tenant* in the bundle."""
    rendered = [render_dag(tenant, dag, environment, runtime) for dag in tenant.dags if dag.model.enabled]
    return {dag.path: dag.text for dag in rendered} | dict([policy_file(tenant, environment)])


def policy_file(tenant: LoadedTenant, environment: Environment) -> tuple[str, str]:
    """Return path and text of the tenant's limits, which Airflow's half of the policy reads."""
    return f"{tenant.name}/{FILE_NAME}", to_json(limits_of(tenant, environment))
