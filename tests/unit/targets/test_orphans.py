"""What belongs to a tenant of the repository is never an orphan, nor is what bears no mark of the platform."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import access
from aerodrome.errors import AerodromeError
from aerodrome.plan import Change, Orphan, Plan, Planned
from aerodrome.targets import orphans
from api_server_stand_in import kubeconfig, serving
from hypothesis import given
from hypothesis import strategies as some

TENANTS = some.sets(some.from_regex(names.TENANT_PATTERN, fullmatch=True), max_size=5)
GONE = Orphan("gone", "files", "gone", "/homes")
MADE = Change("roles", "delete", "role", "no", "access", kind="role", name="alpha.viewer", owner="alpha")


class Folders:
    """Secrets of which only the folders are known."""

    def __init__(self, found: Collection[str]) -> None:
        self.found = tuple(found)

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return them, for the one folder that has them."""
        return self.found if folder == "prod/tenants" else ()


@given(TENANTS, TENANTS)
def test_a_tenant_of_the_repository_has_no_orphans(kept: set[str], here: set[str]) -> None:
    """Whatever is kept of it; names that are the platform's own are nobody's."""
    values: Any = Folders(kept)
    gone = {tenant for tenant in kept - here if not names.why_no_tenant(tenant)}
    assert {each.owner for each in orphans.among_secrets(values, "prod", here)} == gone
    assert {each.owner for each in orphans.results(kept, "s3://x", here)} == gone


def test_namespaces_of_no_tenant_are_found_by_their_label(tmp_path: Path, monkeypatch: Any) -> None:
    """By one request, which asks for those of the release alone; one that is ending is none."""

    def named(tenant: str, **more: str) -> dict[str, Any]:
        return {"metadata": {"name": f"tenant-{tenant}", "labels": {"aerodrome/tenant": tenant}, **more}}

    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with serving() as (server, address):
        (tmp_path / "config").write_text(kubeconfig(test=address))
        ending = named("over", deletionTimestamp="2026-01-01T00:00:00Z")
        server.found["/api/v1/namespaces"] = {"items": [named("alpha"), named("gone"), ending]}
        found = list(orphans.among_namespaces(Cluster(access("test")), "airflow", ("alpha",)))
    assert found == [Orphan("gone", "namespace", "tenant-gone", "the cluster")]
    assert server.asked == ["/api/v1/namespaces"]


def clone(root: Path) -> None:
    """Make a clone in which the tenant gone was removed by a commit of a known day, and alpha is."""
    (root / "tenants/alpha").mkdir(parents=True)
    (root / "tenants/gone").mkdir()
    for tenant in ("alpha", "gone"):
        (root / f"tenants/{tenant}/tenant.yaml").write_text("owners: []\n")
    script = """git init -q . && git add . && git commit -qm one && git rm -qr tenants/gone && git commit -qm two"""
    day = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER")
           for what, text in (("NAME", "t"), ("EMAIL", "t@example.org"), ("DATE", "2026-01-31T12:00:00Z"))}  # fmt: skip
    subprocess.run(["sh", "-c", script], cwd=root, env={"PATH": "/usr/bin:/bin", **day}, check=True)


def test_each_orphan_says_since_when_and_what_removes_it(tmp_path: Path) -> None:
    """The day of the commit that removed the folder; a tenant with a folder is left out, however broken it is."""
    clone(tmp_path)
    planned = Planned(Plan("prod", (MADE,)), ())
    found = orphans.with_orphans(planned, tmp_path, {"here": lambda: [GONE]})
    command = "make remove-tenant TENANT=gone ENV=prod"
    assert found.plan.orphans == (Orphan("gone", "files", "gone", "/homes", "2026-01-31", command),)


def test_a_place_that_does_not_answer_is_a_note(tmp_path: Path) -> None:
    """The others are told all the same."""

    def away() -> list[Orphan]:
        raise AerodromeError("it is sealed\nand more")

    (tmp_path / "tenants").mkdir()
    looks = {"the secrets store": away, "here": lambda: [GONE]}
    found = orphans.with_orphans(Planned(Plan("prod", ()), ()), tmp_path, looks)
    assert found.notes == ("the secrets store was not looked at for orphans: it is sealed",)
    assert [each.since for each in found.plan.orphans] == [""]


@pytest.mark.parametrize(
    ("name", "tenant"),
    [
        ("aerodrome-prod.pii.gone", "gone"),
        ("aerodrome-prod.pii.gone.workers", "gone"),
        ("aerodrome-prod.pii", None),
        ("aerodrome-prod.host-edge1.example.org", None),
    ],
)
def test_a_policys_name_tells_its_tenant(name: str, tenant: str | None) -> None:
    """A zone's and a host's have none."""
    assert names.tenant_of_policy("prod", name) == tenant


@pytest.mark.parametrize(
    ("name", "tenant"),
    [
        ("aerodrome-prod.gone", "gone"),
        ("results-prod.gone", "gone"),
        (names.pods_role("prod", "gone", "pii"), "gone"),
        (names.results_collector_role("prod"), None),
        (names.pods_role("prod" * 5, "g" * 31, "p" * 20), None),
    ],
)
def test_an_iam_roles_name_tells_its_tenant(name: str, tenant: str | None) -> None:
    """One that was cut tells none: it is removed as before."""
    assert names.tenant_of_iam_role(name) == tenant
