"""A new tenant is complete, and a bad name leaves nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from aerodrome.errors import UserError
from aerodrome.manifest.dag import DagManifest
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.runtime import Tools, Workshop, build_runtime, read_source, run_tests, runtime_problems
from aerodrome.runtime.uv import find_uv
from aerodrome.scaffold import scaffold_tenant


def load(path: Path) -> object:
    """Return the content of a YAML file."""
    return yaml.safe_load(path.read_text())


def test_a_new_tenant_passes_its_own_tests_without_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its package builds offline."""
    scaffold_tenant(tmp_path, "payments")
    source = read_source(tmp_path / "tenants" / "payments")
    assert source is not None and runtime_problems(tmp_path, "payments") == ()
    workshop = Workshop(tmp_path / "runtimes", Tools(Path(sys.executable), find_uv()))
    with monkeypatch.context() as patch:
        patch.setenv("UV_OFFLINE", "1")
        runtime = build_runtime(source, workshop)
    lines: list[str] = []
    assert run_tests(source.folder, runtime, workshop, lines.append) == 0, lines


def test_a_new_tenants_manifests_fit_the_models(tmp_path: Path) -> None:
    """Owner and mail address are those that were given."""
    scaffold_tenant(tmp_path, "payments", owner="Zoë Müller", email="zoe@example.org")
    folder = tmp_path / "tenants" / "payments"
    (owner,) = TenantManifest.model_validate(load(folder / "tenant.yaml")).owners
    assert (owner.name, owner.email) == ("Zoë Müller", "zoe@example.org")
    dag = DagManifest.model_validate(load(folder / "dags" / "hello.yaml"))
    assert {task.uses for task in dag.tasks} == {"python.call", "flow.empty"}


def test_the_next_steps_name_the_tenant(tmp_path: Path) -> None:
    """What is printed can be typed as it stands."""
    text = scaffold_tenant(tmp_path, "payments")
    assert "make test TENANT=payments" in text and "make run DAG=payments.hello" in text


def test_a_new_tenant_owns_its_folder(tmp_path: Path) -> None:
    """Lines of tenants are sorted, the others stay first."""
    (tmp_path / "CODEOWNERS").write_text("* platform@example.org\n/tenants/routes/ routes@example.org\n")
    scaffold_tenant(tmp_path, "payments")
    assert (tmp_path / "CODEOWNERS").read_text().splitlines() == [
        "* platform@example.org",
        "/tenants/payments/ payments@example.org",
        "/tenants/routes/ routes@example.org",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Payments", "cannot name a tenant"),
        ("a", "cannot name a tenant"),
        ("my-team", "cannot name a tenant"),
        ("../up", "cannot name a tenant"),
        ("json", "a module of Python"),
        ("class", "a word or a module of Python"),
    ],
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str, message: str) -> None:
    """Nothing is written."""
    with pytest.raises(UserError, match=message):
        scaffold_tenant(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_tenant_is_left_alone(tmp_path: Path) -> None:
    """Its files are not written again."""
    scaffold_tenant(tmp_path, "payments")
    (tmp_path / "tenants" / "payments" / "tenant.yaml").write_text("mine")
    with pytest.raises(UserError, match="tenants/payments exists"):
        scaffold_tenant(tmp_path, "payments")
    assert (tmp_path / "tenants" / "payments" / "tenant.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("owner", "email"),
    [("a: {b}", "a@example.org"), ("a\nb", "a@example.org"), ("a", "no address"), ("a", "a@b\nc")],
)
def test_owner_and_address_cannot_break_the_file(tmp_path: Path, owner: str, email: str) -> None:
    """Text that YAML would read as something else is refused."""
    with pytest.raises(UserError):
        scaffold_tenant(tmp_path, "payments", owner=owner, email=email)
    assert not (tmp_path / "tenants").exists()


def test_every_tenant_of_this_repository_has_an_owner(repository: Path) -> None:
    """Their lines stand last, sorted, so that they count."""
    tenants = sorted(path.parent.name for path in repository.glob("tenants/*/tenant.yaml"))
    lines = (repository / "CODEOWNERS").read_text().splitlines()[-len(tenants) :]
    assert [line.split()[0] for line in lines] == [f"/tenants/{name}/" for name in tenants]
