"""What is published when something is broken: the last good version, and never another tenant's loss."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome import bundle
from aerodrome.plan import digest_of_text, make_plan, require_planned
from aerodrome.policy.limits import from_json
from aerodrome.targets.bundle import source_commit
from aerodrome.targets.part import Part

ALL = {f"{tenant}/{dag}.py" for tenant in ("alpha", "beta") for dag in ("daily", "weekly")}
BROKEN = "dag_id: %s\nschedule: null\ntasks:\n  - {id: go, uses: flow.empyt}\n"


def test_the_first_publish_holds_everything(deploys: Any) -> None:
    """Each DAG, and each tenant's limits."""
    assert deploys.paths == ALL
    assert {"alpha/policy.json", "beta/policy.json"} <= set(bundle.published_paths(deploys.repository))


def test_nothing_changed_makes_no_change_and_no_commit(deploys: Any) -> None:
    """A second deploy says so."""
    assert deploys.deploy() == ()
    assert len(bundle.history(deploys.repository)) == 1


def test_a_changed_manifest_changes_its_file_alone(deploys: Any) -> None:
    """One change, which names the manifest."""
    deploys.place.dag(
        "alpha", "daily", "dag_id: daily\nschedule: null\ntasks: [{id: other, uses: flow.empty}]\n"
    )
    (change,) = deploys.deploy()
    assert (change.action, change.what, change.why) == (
        "update",
        "DAG alpha.daily",
        "tenants/alpha/dags/daily.yaml",
    )


def test_a_broken_manifest_keeps_its_last_published_file(deploys: Any) -> None:
    """While the tenant's other DAGs are published in their new form."""
    before = deploys.text("alpha/daily.py")
    deploys.place.dag("alpha", "daily", BROKEN % "daily")
    deploys.place.dag("alpha", "extra")
    assert [change.what for change in deploys.deploy()] == ["DAG alpha.extra"]
    assert deploys.text("alpha/daily.py") == before and deploys.paths == {*ALL, "alpha/extra.py"}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"dag_id: [", b"dag_id: Other\n", b"dag_id: weekly\n"])
def test_however_a_manifest_is_broken_its_file_stays(deploys: Any, content: bytes) -> None:
    """Unreadable, empty, another DAG's id: what ran yesterday runs today."""
    (deploys.root / "tenants/alpha/dags/daily.yaml").write_bytes(content)
    deploys.deploy()
    assert deploys.paths == ALL


def test_who_leaves_goes_in_a_turn_of_its_own(deploys: Any) -> None:
    """What is removed of a tenant that stays, and all that is new, is another turn's; each is planned once."""
    shutil.rmtree(deploys.root / "tenants/alpha")
    (deploys.root / "tenants/beta/dags/weekly.yaml").unlink()
    deploys.place.dag("beta", "extra")
    whole = deploys.target()
    turns = [replace(whole, part=part) for part in (Part.REMOVALS, Part.GRANTS)]
    planned = [turn.changes() for turn in turns]
    assert sorted(c for turn in planned for c in turn) == sorted(whole.changes())
    assert {change.what for change in planned[0]} == {"DAG alpha.daily", "DAG alpha.weekly", "tenant alpha"}
    turns[0].apply(planned[0], lambda _: None)
    assert deploys.paths == {"beta/daily.py", "beta/weekly.py"} and turns[0].changes() == ()
    turns[1].apply(planned[1], lambda _: None)
    assert deploys.paths == {"beta/daily.py", "beta/extra.py"} and whole.changes() == ()


def test_a_tenant_whose_tenant_yaml_is_broken_does_not_leave(deploys: Any) -> None:
    """Its folder is there."""
    deploys.place.write("tenants/alpha/tenant.yaml", "owners: nobody\n")
    assert replace(deploys.target(), part=Part.REMOVALS).changes() == ()


def test_limits_are_todays_beside_a_broken_manifest(deploys: Any) -> None:
    """Whoever breaks a manifest keeps its file, and not the limits that it was made under."""
    before = deploys.text("alpha/daily.py")
    deploys.place.dag("alpha", "daily", BROKEN % "daily")
    deploys.place.tenant("alpha", more="limits: {retries: 1}\n")
    assert [change.what for change in deploys.deploy()] == ["limits of alpha", "DAG alpha.weekly"]
    assert deploys.text("alpha/daily.py") == before
    assert from_json(deploys.text("alpha/policy.json")).retries == 1


def test_a_missing_included_file_keeps_the_dag_that_includes_it(deploys: Any) -> None:
    """The mistake is in the manifest, though another file is gone."""
    task = "  - {id: ask, uses: sql.query, with: {connection: db, sql: {$f: ask.sql}}}\n"
    deploys.place.tenant("alpha", more="connections: {db: {type: postgres}}\n")
    deploys.place.dag("alpha", "daily", f"dag_id: daily\nschedule: null\ntasks:\n{task}")
    file = deploys.place.write("tenants/alpha/dags/ask.sql", "SELECT 1")
    deploys.deploy()
    file.unlink()
    assert deploys.deploy() == () and "SELECT 1" in deploys.text("alpha/daily.py")


def test_a_function_that_is_gone_keeps_the_dag_that_calls_it(deploys: Any) -> None:
    """The package changed, the manifest did not."""
    task = "  - {id: call, uses: python.call, with: {function: 'alpha.jobs:run'}}\n"
    deploys.place.dag("alpha", "daily", f"dag_id: daily\nschedule: null\ntasks:\n{task}")
    file = deploys.place.write("tenants/alpha/src/alpha/jobs.py", "def run() -> None: ...\n")
    deploys.deploy()
    file.write_text("def other() -> None: ...\n")
    assert deploys.deploy() == () and deploys.paths == ALL


@pytest.mark.parametrize("text", ["owners: nobody\n", "", "owners: [\n", "queues: [nosuch]\n"])
def test_a_broken_tenant_yaml_keeps_the_tenants_folder(deploys: Any, text: str) -> None:
    """Whatever its manifests say now, new ones included; the other tenant's changes are published."""
    deploys.place.write("tenants/alpha/tenant.yaml", text)
    deploys.place.dag("alpha", "extra")
    (deploys.root / "tenants/alpha/dags/weekly.yaml").unlink()
    deploys.place.dag("beta", "extra")
    assert [change.what for change in deploys.deploy()] == ["DAG beta.extra"]
    assert deploys.paths == {*ALL, "beta/extra.py"}


def test_a_broken_tenant_yaml_keeps_its_limits_under_those_of_the_environment(deploys: Any) -> None:
    """Whoever breaks it keeps nothing that was taken from everybody; a ceiling that rises again changes nothing."""
    deploys.place.tenant("alpha", more="limits: {retries: 5, parallelism: 9}\npools: {narrow: 5}\n")
    deploys.deploy()
    deploys.place.write("tenants/alpha/tenant.yaml", "owners: [\n")
    path = deploys.root / "environments/local/environment.yaml"
    before = path.read_text()
    path.write_text(before + "limits: {retries: 1, parallelism: 3}\noperators: {forbidden: [bash.run]}\n")
    assert "limits of alpha" in [change.what for change in deploys.deploy()]
    limits = from_json(deploys.text("alpha/policy.json"))
    assert (limits.retries, limits.parallelism, limits.forbidden_operators) == (1, 3, ("bash.run",))
    assert limits.pools == {"alpha": 1, "alpha.narrow": 2} and limits.owner == "Team"
    path.write_text(before)
    deploys.deploy()
    assert from_json(deploys.text("alpha/policy.json")).retries == 1
    assert deploys.paths == ALL


def test_a_broken_tenant_yaml_keeps_no_queue_that_was_withdrawn(deploys: Any) -> None:
    """Nor a secret that all tenants shared."""
    path = deploys.root / "environments/local/environment.yaml"
    before = path.read_text()
    two = before.replace("queues:\n", "queues:\n  more: {zone: default}\n")
    path.write_text(two + "secrets: {global_connections: [mail]}\n")
    deploys.place.tenant("alpha", more="queues: [default, more]\n")
    deploys.deploy()
    assert {"default", "more"} == set(from_json(deploys.text("alpha/policy.json")).queues)
    deploys.place.write("tenants/alpha/tenant.yaml", "owners: [\n")
    path.write_text(before)
    deploys.deploy()
    limits = from_json(deploys.text("alpha/policy.json"))
    assert (set(limits.queues), dict(limits.connections)) == ({"default"}, {})


def test_a_tenant_yaml_that_is_gone_keeps_the_tenants_folder(deploys: Any) -> None:
    """Deleting a tenant is deleting its folder."""
    (deploys.root / "tenants/alpha/tenant.yaml").unlink()
    assert deploys.deploy() == ()


def test_a_link_in_the_way_keeps_the_tenants_folder(deploys: Any) -> None:
    """The folder is not read at all then, which must not look like an empty one."""
    (deploys.root / "tenants/alpha/data").symlink_to("/etc")
    assert deploys.deploy() == ()


def test_a_tenant_folder_that_became_a_link_keeps_what_was_published(deploys: Any) -> None:
    """A link is refused, and refusing is not removing."""
    (deploys.root / "tenants/alpha").rename(deploys.root / "alpha")
    (deploys.root / "tenants/alpha").symlink_to("../alpha")
    assert deploys.deploy() == ()


def test_a_removed_manifest_is_removed(deploys: Any) -> None:
    """Its DAG goes, the others stay."""
    (deploys.root / "tenants/alpha/dags/daily.yaml").unlink()
    (change,) = deploys.deploy()
    assert (change.action, change.what, change.why) == ("delete", "DAG alpha.daily", "its manifest is gone")
    assert deploys.paths == ALL - {"alpha/daily.py"}


def test_a_disabled_manifest_is_removed(deploys: Any) -> None:
    """`enabled: false` takes a DAG out."""
    with (deploys.root / "tenants/alpha/dags/daily.yaml").open("a") as stream:
        stream.write("enabled: false\n")
    assert [change.action for change in deploys.deploy()] == ["delete"]


def test_a_renamed_manifest_keeps_its_dag(deploys: Any) -> None:
    """The id is what names a DAG; only the header changes."""
    folder = deploys.root / "tenants/alpha/dags"
    (folder / "daily.yaml").rename(folder / "renamed.yaml")
    assert [change.action for change in deploys.deploy()] == ["update"]


def test_a_removed_tenant_is_removed_whole(deploys: Any) -> None:
    """Its limits too."""
    shutil.rmtree(deploys.root / "tenants/alpha")
    assert {change.action for change in deploys.deploy()} == {"delete"}
    assert {path.partition("/")[0] for path in bundle.published_paths(deploys.repository)} == {"beta"}


def test_a_virtual_environment_that_failed_keeps_its_tenants_files(deploys: Any) -> None:
    """New files would name an environment that is not there; the other tenant is published."""
    deploys.place.dag("alpha", "extra")
    deploys.place.dag("beta", "extra")
    assert [change.what for change in deploys.deploy(without={"alpha"})] == ["DAG beta.extra"]
    assert [change.what for change in deploys.deploy()] == ["DAG alpha.extra"]


def test_limits_are_todays_beside_a_virtual_environment_that_failed(deploys: Any) -> None:
    """A lock that cannot be installed keeps the DAGs, and not the limits."""
    before = deploys.text("alpha/daily.py")
    deploys.place.tenant("alpha", more="limits: {retries: 1}\n")
    assert [change.what for change in deploys.deploy(without={"alpha"})] == ["limits of alpha"]
    assert deploys.text("alpha/daily.py") == before
    assert from_json(deploys.text("alpha/policy.json")).retries == 1


def test_a_rollback_goes_back_to_the_dags_under_the_limits_of_today(deploys: Any) -> None:
    """Which of them others start is theirs to say, and comes back with them."""
    start = "  - {id: start, uses: dag.trigger, with: {trigger_dag_id: weekly}}\n"
    deploys.place.dag("alpha", "daily", f"dag_id: daily\nschedule: null\ntasks:\n{start}")
    deploys.deploy()
    triggering, target = deploys.text("alpha/daily.py"), bundle.history(deploys.repository)[0].commit
    deploys.place.dag("alpha", "daily")
    deploys.place.tenant("alpha", more="limits: {retries: 1}\n")
    deploys.deploy()
    bundle.rollback(deploys.repository, target)
    limits = from_json(deploys.text("alpha/policy.json"))
    assert deploys.text("alpha/daily.py") == triggering
    assert (limits.retries, limits.triggered_dags) == (1, ("alpha.weekly",))


def test_a_new_tenant_whose_virtual_environment_failed_is_left_out(deploys: Any) -> None:
    """There is nothing of it to keep."""
    deploys.place.tenant("gamma", "daily")
    assert deploys.deploy(without={"gamma"}) == () and deploys.paths == ALL


def test_the_dags_after_an_apply_include_the_kept_ones(deploys: Any) -> None:
    """Those are what Airflow must show."""
    deploys.place.dag("alpha", "daily", BROKEN % "daily")
    (deploys.root / "tenants/beta/dags/weekly.yaml").unlink()
    assert deploys.target().dag_ids() == ("alpha.daily", "alpha.weekly", "beta.daily")


def test_before_the_first_publish_all_is_new(deploys: Any, tmp_path: Path) -> None:
    """A plan works where there is no repository yet, and makes none."""
    target = deploys.target()
    fresh = replace(target, repository=tmp_path / "none.git")
    assert {change.action for change in fresh.changes()} == {"create"} and len(fresh.changes()) == 6
    assert not fresh.repository.exists()


def test_a_publish_names_the_commit_it_comes_from(deploys: Any) -> None:
    """And says when files differ from it; without git the source is unknown."""
    assert bundle.history(deploys.repository)[0].source == "unknown"
    git = ["git", "-C", str(deploys.root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    commit = source_commit(deploys.root)
    assert len(commit) == 12
    deploys.place.dag("alpha", "daily", "")
    (deploys.root / "tenants/alpha/tenant.yaml").write_text("x")
    assert source_commit(deploys.root) == f"{commit}-changed"


# What a plan says of each file.


def test_a_change_names_its_line_and_both_states(deploys: Any) -> None:
    """As digests of what is published and of what would be; another content is another change."""
    deploys.place.dag(
        "alpha", "daily", "# A comment\ndag_id: daily\nschedule: null\ntasks: [{id: x, uses: flow.empty}]\n"
    )
    target, published = deploys.target(), deploys.text("alpha/daily.py")
    (first,) = target.changes()
    assert first.source == "tenants/alpha/dags/daily.yaml:2" and first.before == digest_of_text(published)
    assert first.after == digest_of_text(target.build.files["alpha/daily.py"])
    deploys.place.dag("alpha", "daily", "dag_id: daily\nschedule: null\ntasks: [{id: y, uses: flow.empty}]\n")
    (second,) = deploys.target().changes()
    assert (first.what, first.why, first.before) == (second.what, second.why, second.before)
    assert first.after != second.after


def test_what_is_deleted_says_where_it_was(deploys: Any) -> None:
    """Its manifest's last path."""
    (deploys.root / "tenants/alpha/dags/daily.yaml").unlink()
    (change,) = deploys.target().changes()
    assert (change.action, change.source, change.after) == ("delete", "tenants/alpha/dags/daily.yaml", "")
    assert change.before == digest_of_text(deploys.text("alpha/daily.py")) and change.destroys == ""


def test_a_tenant_that_goes_is_named(deploys: Any) -> None:
    """Once, however many DAGs it had."""
    shutil.rmtree(deploys.root / "tenants/beta")
    plan = make_plan("local", (deploys.target(),))
    assert plan.destroys == ("beta",) and {change.action for change in plan.changes} == {"delete"}


def test_a_tenant_that_is_kept_back_makes_no_change_that_was_not_planned(deploys: Any) -> None:
    """Less is published than was planned, its limits included: those are today's either way."""
    deploys.place.tenant("alpha", more="limits: {retries: 1}\n")
    plan = make_plan("local", (deploys.target(alpha="c" * 16),))
    kept_back = deploys.target(without={"alpha"}, alpha="c" * 16)
    require_planned(plan, "bundle", kept_back.changes())
    assert [change.what for change in kept_back.changes()] == ["limits of alpha"]
