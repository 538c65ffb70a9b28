"""Every environment with every example tenant: what a deploy makes of them renders to what Kubernetes knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aerodrome.environment import environment_names, load_environment
from aerodrome.images.platform_image import NAME as PLATFORM
from aerodrome.images.tenant_image import tenant_name
from aerodrome.kubernetes.preparation import values_of
from aerodrome.manifest.load import load_repository
from chart_releases import REPOSITORY, identity, objects, task_pods
from kubernetes_schemas import VERSIONS, faults

HERE = Path(__file__).parent
ENVIRONMENTS = [(root, name) for root in (REPOSITORY, HERE) for name in environment_names(root)]
TENANTS = sorted(path.parent.name for path in (REPOSITORY / "tenants").glob("*/tenant.yaml"))
Deployed = Callable[..., tuple[Any, ...]]


@pytest.fixture(scope="module")
def deployed(helm: dict[str, Path]) -> Deployed:
    """A call gives the release of an environment, by its root and name, with these tenants."""

    def release(root: Path, name: str, *tenants: str, program: str = "helm3") -> tuple[Any, ...]:
        environment = load_environment(root, name)
        found = load_repository(REPOSITORY, environment, tenants)
        assert not found.problems, found.problems
        registry = environment.images.registry if environment.images else "registry.example.org"
        names = (PLATFORM, *map(tenant_name, tenants))
        images = {each: {"repository": f"{registry}/{each}", "digest": DIGEST} for each in names}
        made = values_of(root, environment, found.tenants, images)
        return objects(helm[program], "company", values=json.dumps(made))

    return release


DIGEST = "sha256:" + "7" * 64


@pytest.mark.parametrize("place", ENVIRONMENTS, ids=lambda place: place[1])
@pytest.mark.parametrize("tenants", [*([name] for name in TENANTS), TENANTS], ids="+".join)
def test_the_values_of_a_deploy_render(
    deployed: Deployed, place: tuple[Path, str], tenants: list[str]
) -> None:
    """Each tenant by itself, and all of them together."""
    release = deployed(*place, *tenants)
    parts = [*release, *(task for one in release for _, task in task_pods(one))]
    assert [fault for version in VERSIONS for one in parts for fault in faults(one, version)] == []


@pytest.mark.parametrize("place", ENVIRONMENTS, ids=lambda place: place[1])
def test_helm_4_makes_the_same_objects_of_them(deployed: Deployed, place: tuple[Path, str]) -> None:
    """A deploy may use either."""
    one, other = (deployed(*place, *TENANTS, program=program) for program in ("helm3", "helm4"))
    assert sorted(map(identity, one)) == sorted(map(identity, other))


def test_a_tenant_by_itself_has_the_objects_that_it_has_among_others(deployed: Deployed) -> None:
    """Who comes or goes changes nothing of the others."""
    alone = deployed(HERE, "vault-two-zones", "health")
    among = deployed(HERE, "vault-two-zones", *TENANTS)
    assert [one for one in alone if " tenant-health/" in identity(one)] == [
        one for one in among if " tenant-health/" in identity(one)
    ]


def test_no_environment_is_left_out() -> None:
    """Those of the repository and those of this folder, which have clusters."""
    kinds = {load_environment(*place).kind for place in ENVIRONMENTS}
    assert kinds == {"local", "kubernetes"}
