"""A tenant with a mistake of its own stays as it was deployed, and keeps no other from a deploy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.git import BareRepository
from aerodrome.errors import UserError
from aerodrome.kubernetes.as_deployed import NAME
from aerodrome.kubernetes.connection import connect
from aerodrome.kubernetes.hosts import tenants_of
from aerodrome.secrets.usable import zones_of
from api_server_stand_in import kubeconfig
from cluster_store import storing
from image_registry import DIGEST, ImageRegistry
from made_platform import LINKED, THEN, MadePlatform

MEMORY = f"/api/v1/namespaces/airflow/configmaps/{NAME}"
BROKEN = "owners: nobody\n"
UNHASHED = "faker==1\n"
RAN = {"platform": THEN, "tenants/alpha": THEN, "tenants/beta": THEN}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is known of DAGs that were imported: they are the same in nearly every test."""
    return tmp_path_factory.mktemp("checked")


@pytest.fixture(autouse=True)
def remembered(place: Any, checked: Path) -> None:
    """Have the repository know that."""
    (place.root / ".aerodrome").mkdir()
    (place.root / ".aerodrome/cache").symlink_to(checked)


@pytest.fixture
def made(
    place: Any,
    registry: ImageRegistry,
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MadePlatform]:
    """Tenants `alpha` and `beta`, all images of which the registry has; nothing was deployed."""
    for name in LINKED:
        (place.root / name).symlink_to(repository / name)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    BareRepository(tmp_path / "dags.git").create()
    with storing(tmp_path / "helm.json") as (store, address):
        monkeypatch.setenv("KUBECONFIG", str(place.write("kubeconfig", kubeconfig(prod=address))))
        found = MadePlatform(place, registry, store)
        found.write(tmp_path / "dags.git")
        for name in ("alpha", "beta"):
            found.tenant(name)
        found.push()
        yield found


def dags(made: MadePlatform) -> set[str]:
    """Return the tenants' DAGs that a deploy would publish."""
    changes = made.prepared().bundle().changes()
    return {change.name for change in changes if change.kind == "DAG"} - {"platform.canary"}


def test_a_good_repository_asks_nothing_of_the_cluster(made: MadePlatform) -> None:
    """Nobody stays, and each has the image of this commit."""
    (made.place.root / "kubeconfig").unlink()
    prepared = made.prepared()
    assert prepared.names == ("alpha", "beta") and not prepared.staying.tenants
    assert prepared.digests == dict.fromkeys(RAN, DIGEST) and prepared.problems == ()


def test_a_broken_tenant_yaml_leaves_the_tenant_as_it_was_deployed(made: MadePlatform) -> None:
    """With its manifest and its image of then; the other one has those of now, and the mistake is told."""
    before = made.deployed(RAN)
    made.place.write("tenants/alpha/tenant.yaml", BROKEN)
    prepared = made.prepared()
    tenants = prepared.values()["tenants"]
    assert prepared.models == before.models and prepared.staying.tenants == {"alpha"}
    assert (tenants["alpha"]["image"]["digest"], tenants["beta"]["image"]["digest"]) == (THEN, DIGEST)
    assert tenants["alpha"]["quota"] == before.values()["tenants"]["alpha"]["quota"]
    assert {problem.file for problem in prepared.problems} == {"tenants/alpha/tenant.yaml"}


def test_hosts_keep_a_tenant_whose_tenant_yaml_is_broken(made: MadePlatform) -> None:
    """`make workers` beside it takes nothing of the tenant off them."""
    before = made.deployed(RAN)
    made.place.write("tenants/alpha/tenant.yaml", BROKEN)
    assert tenants_of(connect(made.place.root, made.environment)) == before.models


def test_a_tenant_that_stays_has_no_more_than_the_environment_allows_now(
    made: MadePlatform, tmp_path: Path
) -> None:
    """A ceiling that was lowered cannot be kept away by a broken tenant.yaml."""
    made.tenant("alpha", more="limits: {parallelism: 4}\n")
    made.deployed(RAN)
    made.place.write("tenants/alpha/tenant.yaml", BROKEN)
    made.write(tmp_path / "dags.git", "limits: {parallelism: 2}\n")
    assert made.prepared().models["alpha"].limits.parallelism == 2


def test_a_tenant_that_stays_keeps_no_queue_that_is_gone(made: MadePlatform, tmp_path: Path) -> None:
    """Its manifest of then names it, which stops no deploy."""
    made.write(tmp_path / "dags.git", queues=", big: {zone: default}")
    made.tenant("alpha", more="queues: [default, big]\n")
    made.deployed(RAN)
    made.place.write("tenants/alpha/tenant.yaml", BROKEN)
    made.write(tmp_path / "dags.git")
    made.push()
    prepared = made.prepared()
    assert prepared.values()["tenants"]["alpha"]["image"]["digest"] == THEN
    assert zones_of(made.environment, prepared.models["alpha"]) == ("default",)


def test_what_stays_is_remembered_again(made: MadePlatform) -> None:
    """A second deploy of the same mistake finds it still, with its image."""
    before = made.deployed(RAN)
    made.place.write("tenants/alpha/tenant.yaml", BROKEN)
    made.deployed(made.prepared().digests)
    prepared = made.prepared()
    assert prepared.models == before.models
    assert prepared.digests == {**dict.fromkeys(RAN, DIGEST), "tenants/alpha": THEN}


@pytest.mark.parametrize("deployed", [True, False])
def test_a_tenant_that_was_never_deployed_is_left_out(made: MadePlatform, deployed: bool) -> None:
    """Before the first deploy and after it; the mistake is told."""
    if deployed:
        made.deployed(RAN)
    made.place.write("tenants/gamma/tenant.yaml", BROKEN)
    prepared = made.prepared()
    assert prepared.names == ("alpha", "beta") and set(prepared.values()["tenants"]) == {"alpha", "beta"}
    assert {problem.file for problem in prepared.problems} == {"tenants/gamma/tenant.yaml"}


@pytest.mark.parametrize(
    "data",
    [None, {}, {"tenants.json": "["}, {"tenants.json": "[]"}, {"tenants.json": '{"alpha": {"new": 1}}'}],
)
def test_where_nobody_knows_what_was_deployed_nothing_is_taken_away(
    made: MadePlatform, data: dict[str, str] | None
) -> None:
    """There was a deploy, and what it kept is gone, or another version's: the mistake must be mended first."""
    made.deployed(RAN)
    made.store.objects.pop(MEMORY)
    if data is not None:
        made.store.objects[MEMORY] = {"data": data}
    made.place.write("tenants/alpha/tenant.yaml", BROKEN)
    with pytest.raises(UserError) as told:
        made.prepared()
    assert str(told.value) == (
        "tenants/alpha: tenant.yaml cannot be read, and ConfigMap aerodrome-tenants does not say what was"
        " deployed of it\n    make check ENV=prod shows what is wrong: mend it, or remove the folder"
    )


def test_a_lock_with_a_mistake_leaves_the_tenant_its_image(made: MadePlatform) -> None:
    """All else of the platform is planned, and nothing new of that tenant is published."""
    made.deployed(RAN)
    made.tenant("alpha", UNHASHED)
    prepared = made.prepared()
    tenants = prepared.values()["tenants"]
    assert (tenants["alpha"]["image"]["digest"], tenants["beta"]["image"]["digest"]) == (THEN, DIGEST)
    assert [source.tenant for source in prepared.sources] == ["beta"]
    assert {problem.file for problem in prepared.problems} == {"tenants/alpha/own.lock"}
    assert dags(made) == {"beta.daily"}


def test_an_image_that_is_not_there_leaves_the_tenant_the_one_before(made: MadePlatform) -> None:
    """It is told with the command that makes it; once it is there the tenant goes on."""
    made.deployed(RAN)
    made.lose("x/tenants/alpha")
    prepared = made.prepared()
    assert prepared.values()["tenants"]["alpha"]["image"]["digest"] == THEN
    assert [str(problem) for problem in prepared.problems] == [
        f"tenants/alpha/own.lock: {made.registry.host}/x lacks the image tenants/alpha of this commit: the tenant"
        " stays as it was deployed\n    make images ENV=prod builds and pushes it, or says what is wrong"
    ]
    assert dags(made) == {"beta.daily"}
    made.push()
    assert made.prepared().problems == () and dags(made) == {"alpha.daily", "beta.daily"}


def test_without_an_earlier_image_no_pod_of_the_tenant_starts(made: MadePlatform) -> None:
    """None of its DAGs is published; what waits for them is made."""
    made.tenant("alpha", UNHASHED)
    values = made.prepared().values()["tenants"]
    assert "image" not in values["alpha"] and values["beta"]["image"]["digest"] == DIGEST
    assert dags(made) == {"beta.daily"}


def test_without_the_platforms_image_there_is_no_plan(made: MadePlatform) -> None:
    """All that is missing is named, as nobody has made images yet."""
    made.lose("x/platform", "x/tenants/alpha")
    with pytest.raises(UserError, match="lacks 2 images of this commit: platform, tenants/alpha"):
        made.prepared().values()


def test_what_was_deployed_is_written_where_it_differs(made: MadePlatform) -> None:
    """By the first deploy, and not again for the same; a tenant that left is forgotten."""
    models = made.prepared().models
    for deployed in (models, models, {"beta": models["beta"]}):
        made.last.remember(deployed)
    assert [asked.partition(" ")[0] for asked in made.store.asked] == ["POST", "PATCH"]
    assert [one.name for one in made.last.tenants(["alpha", "beta"], made.environment)] == ["beta"]
