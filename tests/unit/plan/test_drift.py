"""Where a difference between live and declared state may come from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from aerodrome.clients.git import described
from aerodrome.plan import Change, Drift, LastDeploy, Plan, Planned
from aerodrome.plan.drift import CHANGED

CHANGE = Change("bundle", "update", "DAG a.daily", "daily.yaml")


def drift(here: str, deployed: str | None, *changes: Change) -> Drift:
    """Return what is found in a work tree of the commit *here* when *deployed* was deployed last."""
    last = None if deployed is None else LastDeploy(deployed, "2026-11-23T08:00:00+00:00", "ada@desk", 7)
    return Drift(Planned(Plan("dev", changes, here), ()), last)


@pytest.mark.parametrize(
    ("here", "deployed", "by_hand", "verdict"),
    [
        ("aa", "aa", True, "this commit was deployed last: what differs was changed beside the deploys"),
        ("bb", "aa", None, "another commit was deployed last: a clean work tree of aa shows what is somebody's hand"),
        ("aa-changed", "aa", None, "another commit was deployed last: a clean work tree of aa shows"),
        ("bb", "aa-changed", None, "another commit was deployed last: a clean work tree of aa shows"),
        ("aa-changed", "aa-changed", None, "files here are in no commit, as they were then"),
        ("unknown", "unknown", None, "this folder is no clone with a commit"),
        ("aa", None, None, "no deploy is on record: what differs may not be deployed yet"),
    ],
)  # fmt: skip
def test_a_difference_is_a_hand_where_nothing_else_can_be_it(
    here: str, deployed: str | None, by_hand: bool | None, verdict: str
) -> None:
    """The same commit, with no file beside it, was deployed last."""
    found = drift(here, deployed, CHANGE)
    assert (found.differs, found.by_hand) == (True, by_hand) and found.verdict.startswith(verdict)


def test_nothing_is_said_where_nothing_differs() -> None:
    """Whatever was deployed last."""
    for deployed in ("aa", "bb", None):
        found = drift("aa", deployed)
        assert (found.differs, found.by_hand, found.verdict) == (False, False, "")


def test_a_deploy_is_told_by_number_time_and_person() -> None:
    """As far as they are known."""
    assert str(drift("", "aa").deployed) == "aa (deploy 7, 2026-11-23T08:00:00+00:00, ada@desk)"
    assert str(LastDeploy("aa", "2026-11-23T08:00:00+00:00")) == "aa (2026-11-23T08:00:00+00:00)"


def test_a_changed_work_tree_is_known_by_its_commit(tmp_path: Path) -> None:
    """Also where a file is new, which git's own description leaves out; what is ignored is no change."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    (tmp_path / "file").write_text("1")
    for command in (("init", "-q"), ("add", "file"), (*who, "commit", "-q", "-m", "x")):
        subprocess.run(("git", *command), cwd=tmp_path, check=True)
    assert not (described(tmp_path) or "").endswith(CHANGED)
    (tmp_path / "new").write_text("1")
    assert (described(tmp_path) or "").endswith(CHANGED)
    (tmp_path / ".git/info/exclude").write_text("new\n")
    assert not (described(tmp_path) or "").endswith(CHANGED)
    (tmp_path / "file").write_text("2")
    assert (described(tmp_path) or "").endswith(CHANGED)
