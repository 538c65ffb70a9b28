"""An earlier publish can be published again."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.bundle import history, publish, published_text, rollback
from aerodrome.errors import UserError


@pytest.fixture
def twice(bundle: Path) -> Path:
    """A bundle with two publishes."""
    publish(bundle, {"flights/a.py": "one"}, source="111111")
    publish(bundle, {"flights/a.py": "two", "health/b.py": "b"}, source="222222")
    return bundle


def test_a_rollback_is_a_new_publish_of_the_old_files(twice: Path) -> None:
    """Nothing of the history is lost."""
    older = history(twice)[1].commit
    assert rollback(twice, older[:12]).endswith(": flights, health")
    newest = history(twice)[0]
    assert published_text(twice, "flights/a.py") == "one"
    assert (len(history(twice)), newest.source, newest.tenants) == (3, "111111", ("flights", "health"))
    assert newest.summary == f"Roll back to {older[:12]}"


def test_a_rollback_can_be_rolled_back(twice: Path) -> None:
    """The files of the publish before it come back."""
    newest, older = history(twice)
    rollback(twice, older.commit)
    rollback(twice, newest.commit)
    assert published_text(twice, "flights/a.py") == "two"


def test_a_rollback_to_what_is_published_does_nothing(twice: Path) -> None:
    """And says so."""
    assert "nothing to change" in rollback(twice, history(twice)[0].commit)
    assert len(history(twice)) == 2


@pytest.mark.parametrize("name", ["deadbeef", "--all", "", "main:flights", "a b"])
def test_an_unknown_commit_is_the_users_mistake(twice: Path, name: str) -> None:
    """The error names the command that lists the known ones."""
    with pytest.raises(UserError, match="make bundle-history"):
        rollback(twice, name)


def test_history_is_newest_first_and_limited(twice: Path) -> None:
    """Without a publish it is empty."""
    assert [entry.source for entry in history(twice)] == ["222222", "111111"]
    assert [entry.source for entry in history(twice, 1)] == ["222222"]
