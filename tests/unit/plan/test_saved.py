"""Plans are kept until they are applied, and found by hash or file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from aerodrome.errors import UserError
from aerodrome.plan import Change, Plan, saved


def plan(number: int = 0, environment: str = "prod") -> Plan:
    """Return one of many plans."""
    return Plan(environment, (Change("bundle", "create", f"DAG a.d{number}", "x"),))


def refused(root: Path, wanted: str, environment: str = "prod") -> str:
    """Return what is said of a plan that is not found."""
    with pytest.raises(UserError) as error:
        saved.chosen(root, environment, wanted)
    return str(error.value)


def test_a_plan_is_found_by_hash_and_by_place(tmp_path: Path) -> None:
    """By the beginning of its hash, in any letters; by its file, and by the folder of it."""
    folder = saved.save(tmp_path, plan())
    assert folder == tmp_path / ".aerodrome/plans/prod" / plan().digest
    for name in (plan().digest, plan().digest[:12].upper(), str(folder), str(folder / "plan.json")):
        assert saved.chosen(tmp_path, "prod", name).digest == plan().digest
    assert (folder / "plan.md").read_text().startswith("# Plan for prod: 1 change\n")


def test_a_plan_for_somewhere_else_is_not_kept_here(tmp_path: Path) -> None:
    """It is applied by its file, as from another machine."""
    folder = saved.save(tmp_path / "root", plan(), out=tmp_path / "out")
    assert folder == tmp_path / "out" and sorted(path.name for path in folder.iterdir()) == [
        "plan.json",
        "plan.md",
    ]
    assert saved.command(plan(), tmp_path / "out") == f"make deploy ENV=prod PLAN={tmp_path}/out/plan.json"
    assert "no plan for ENV=prod has this hash here" in refused(tmp_path / "root", plan().digest)
    assert saved.chosen(tmp_path / "root", "prod", str(folder)) == plan()


def test_the_newest_plans_are_kept(tmp_path: Path) -> None:
    """Twenty of each environment; the one that was just made is among them."""
    other = saved.save(tmp_path, plan(0, "test"))
    for number in range(25):
        folder = saved.save(tmp_path, plan(number))
        os.utime(folder / "plan.json", ns=(number, number))
    last = saved.save(tmp_path, plan(99))
    kept = {path.name for path in last.parent.iterdir()}
    assert kept == {plan(number).digest for number in (*range(6, 25), 99)} and other.is_dir()


def test_a_plan_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With how to make one; of a word that is no hash as of one that is too short or begins two."""
    saved.save(tmp_path, plan())
    twin = tmp_path / ".aerodrome/plans/prod" / (plan().digest[:20] + "0" * 44)
    twin.mkdir()
    (twin / "plan.json").write_text("{}")
    assert refused(tmp_path, "abc") == "PLAN=abc: too short\n    write 12 digits of the hash or more"
    assert "no plan for ENV=prod has this hash here\n    make plan ENV=prod" in refused(tmp_path, "a" * 12)
    assert f"PLAN={plan().digest[:12]}: 2 plans begin so" in refused(tmp_path, plan().digest[:12])
    assert "no/such: neither a hash nor a file of a plan" in refused(tmp_path, "no/such")
    assert saved.chosen(tmp_path, "prod", plan().digest) == plan()


def test_a_plan_of_another_environment_is_told(tmp_path: Path) -> None:
    """With the command that would apply it there."""
    folder = saved.save(tmp_path, plan(0, "test"))
    told = refused(tmp_path, str(folder))
    assert "a plan for ENV=test, not prod" in told and f"make deploy ENV=test PLAN={folder}" in told
    assert "no plan for ENV=prod has this hash" in refused(tmp_path, plan(0, "test").digest)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{"])
def test_a_broken_file_is_told_by_its_place(tmp_path: Path, content: bytes) -> None:
    """Relative to the repository, where it lies in it."""
    folder = saved.save(tmp_path, plan())
    (folder / "plan.json").write_bytes(content)
    assert refused(tmp_path, plan().digest).startswith(
        f".aerodrome/plans/prod/{plan().digest}/plan.json: no plan"
    )


def test_the_command_names_what_is_lost() -> None:
    """So that who copies it has read that."""
    lost = Change("bundle", "delete", "limits of team", "x", kind="tenant", name="team")
    assert saved.command(Plan("prod", (lost,))).endswith(" CONFIRM=team")
