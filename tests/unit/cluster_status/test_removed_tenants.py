"""What a removed tenant has left in a cluster is shown before it is deleted, and nobody else's is."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.cli.program import commands
from api_server_stand_in import ApiServer
from typer.testing import CliRunner, Result

NAMESPACES = "/api/v1/namespaces"


@pytest.fixture
def left(dev: Any, api_server: ApiServer) -> ApiServer:
    """A cluster with namespaces of a tenant and of one that is gone."""
    file = dev.root / "environments/dev/environment.yaml"
    file.write_text(file.read_text() + "secrets: {store: none}\n")
    dev.tenant("alpha")
    rows = [
        {"metadata": {"name": f"tenant-{name}", "labels": {"aerodrome/tenant": name}}}
        for name in ("alpha", "gone")
    ]
    api_server.found[NAMESPACES] = {"items": rows}
    return api_server


def run(tenant: str) -> Result:
    """Return how `remove-tenant` ended where nobody answers its question."""
    return CliRunner().invoke(commands(), ["remove-tenant", tenant, "--env=dev"])


def test_nothing_is_deleted_in_a_cluster_without_a_yes(left: ApiServer) -> None:
    """What would go is shown first; all requests only read."""
    done = run("gone")
    assert done.stdout.startswith("tenants/gone is gone, kept of it: namespace tenant-gone\n")
    assert "Delete all of this? [y/N]" in done.stdout and done.exit_code == 1
    assert left.found[NAMESPACES]["items"][1]["metadata"]["name"] == "tenant-gone"


@pytest.mark.parametrize(
    ("tenant", "told"),
    [
        ("alpha", "tenants/alpha exists\n    remove it, then make deploy ENV=dev"),
        ("goen", "no removed tenant 'goen' has left anything in dev\n    did you mean 'gone'?"),
    ],
)
@pytest.mark.usefixtures("left")
def test_only_a_removed_tenant_can_be_deleted_in_a_cluster(tenant: str, told: str) -> None:
    """The user's mistake, told before anything is asked."""
    done = run(tenant)
    assert str(done.exception) == told
