"""Which namespaces of tenants a deploy makes, by the environment's values."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from aerodrome.environment import Environment
from aerodrome.kubernetes.tenant_namespaces import MADE_BY_DEFAULT, made_by_release
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import TenantManifest

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENT = Environment.model_validate(
    {
        "name": "prod",
        "kind": "kubernetes",
        "zones": {"default": {}, "onprem": {"workers": "hosts"}},
        "queues": {"default": {"zone": "default"}, "onprem": {"zone": "onprem"}},
    }
)
VALUES = "tenancy: {defaults: {namespace: {create: %s}}}\ntenants: {delta: {namespace: {create: %s}}}\n"


@pytest.mark.parametrize(
    ("values", "made"),
    [
        ("{}\n", ["tenant-alpha", "tenant-delta"]),
        (VALUES % ("false", "true"), ["tenant-delta"]),
        (VALUES % ("true", "false"), ["tenant-alpha"]),
        ("tenancy: {defaults: {namespace: {create: false}}}\n", []),
        ("tenancy:\ntenants: {alpha: {namespace: }}\n", ["tenant-alpha", "tenant-delta"]),
    ],
)
def test_values_say_whose_namespaces_the_release_makes(tmp_path: Path, values: str, made: list[str]) -> None:
    """A tenant whose code runs on hosts has none."""
    file = tmp_path / "environments/prod/values.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(values)
    queues = {"delta": ["default"], "alpha": ["default"], "outside": ["onprem"]}
    tenants = [loaded(name, asked) for name, asked in queues.items()]
    assert list(made_by_release(tmp_path, ENVIRONMENT, tenants)) == made


def loaded(name: str, queues: list[str]) -> LoadedTenant:
    """Return a tenant without DAGs."""
    owners = [{"name": name, "email": f"{name}@example.org"}]
    model = TenantManifest.model_validate({"owners": owners, "queues": queues})
    return LoadedTenant(name, f"tenants/{name}", model, ())


def test_the_chart_makes_namespaces_where_nothing_is_said() -> None:
    """As is assumed of it."""
    chart = yaml.safe_load((REPOSITORY / "helm/airflow/values.yaml").read_text())
    assert chart["tenancy"]["defaults"]["namespace"]["create"] is MADE_BY_DEFAULT
