"""`plan` keeps what it shows; `deploy --plan` applies that, or refuses and changes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

HASH = re.compile(r"plan ([0-9a-f]{64})$", re.MULTILINE)


def planned(place: Any, *more: str) -> str:
    """Return the hash of a plan that was made now."""
    done = place.run("plan", *more)
    assert done.returncode == 0, done.stderr
    return HASH.findall(done.stdout)[0]


def refused(place: Any, wanted: str, *more: str) -> str:
    """Return why a plan was refused; nothing is changed, and it is the user's mistake."""
    done = place.run("deploy", "--plan", wanted, *more)
    assert done.returncode == 2 and not (place.root.parent / "state").exists(), done.stderr
    return str(done.stderr)


def test_the_same_state_has_one_plan(good: Any) -> None:
    """It is kept as a document and as a page, with the command that applies it; nothing else is made."""
    found = planned(good)
    done = good.run("plan")
    assert (
        HASH.findall(done.stdout) == [found]
        and f"to apply: make deploy ENV=local PLAN={found}" in done.stdout
    )
    folder = good.root / ".aerodrome/plans/local" / found
    assert f"to read: {folder}/plan.md" in done.stdout and found in (folder / "plan.md").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["plan.json", "plan.md"]
    assert not (good.root.parent / "state").exists()


def test_a_change_of_a_dags_content_is_another_plan(good: Any) -> None:
    """Though it is a change of the same DAG, for the same reason."""
    before = planned(good)
    file = good.dag("alpha", "daily")
    file.write_text(file.read_text() + "description: New\n")
    assert planned(good) != before and ":1 " in good.run("plan").stdout


def test_a_plan_is_written_where_somebody_wants_it(good: Any, tmp_path: Path) -> None:
    """And among the repository's own it is not."""
    out = tmp_path / "out"
    planned(good, "--out", str(out))
    assert (out / "plan.json").is_file() and not (good.root / ".aerodrome/plans").exists()


def test_a_plan_is_refused_when_the_repository_asks_for_something_else(good: Any) -> None:
    """What that is, and what to do."""
    found = planned(good)
    good.dag("alpha", "extra")
    told = refused(good, found[:12])
    assert "the repository asks for something else than when it was made: tenants/alpha" in told
    assert "nothing was changed; make plan ENV=local shows what a deploy would do now" in told


def test_a_plan_that_was_edited_by_hand_is_refused(good: Any) -> None:
    """By its file."""
    found = planned(good)
    file = good.root / ".aerodrome/plans/local" / found / "plan.json"
    file.write_text(file.read_text().replace("alpha.daily", "alpha.other"))
    assert f".aerodrome/plans/local/{found}/plan.json: the plan was edited" in refused(good, found)


@pytest.mark.parametrize("wanted", ["c0ffeec0ffee", "no/such/plan.json"])
def test_a_plan_that_nobody_made_is_refused(good: Any, wanted: str) -> None:
    """With how to make one."""
    assert "make plan ENV=local makes a new one" in refused(good, wanted)


def test_an_interrupted_destroy_is_not_finished_by_a_plan(good: Any) -> None:
    """It says nothing of that."""
    found = planned(good)
    (good.root.parent / "state").mkdir()
    (good.root.parent / "state" / "made-by-aerodrome").write_text("being destroyed\n")
    done = good.run("deploy", "--plan", found)
    assert done.returncode == 2 and "is what a destroy has left that was interrupted" in done.stderr
