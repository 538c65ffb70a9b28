"""An earlier publish can be published again."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.bundle import history, publish, published_paths, published_text, rollback, runtimes_of
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


def test_limits_stay_those_of_today(bundle: Path) -> None:
    """Only DAGs go back: what a tenant may do now is no matter of an earlier publish."""
    publish(bundle, {"flights/a.py": "one", "flights/policy.json": "generous"}, source="111111")
    publish(bundle, {"flights/a.py": "two", "flights/policy.json": "strict"}, source="222222")
    rollback(bundle, history(bundle)[1].commit)
    assert published_text(bundle, "flights/a.py") == "one"
    assert published_text(bundle, "flights/policy.json") == "strict"


def test_other_limits_alone_are_nothing_to_go_back_to(bundle: Path) -> None:
    """No publish is made."""
    publish(bundle, {"flights/a.py": "one", "flights/policy.json": "generous"}, source="111111")
    publish(bundle, {"flights/a.py": "one", "flights/policy.json": "strict"}, source="222222")
    assert "nothing to change" in rollback(bundle, history(bundle)[1].commit)
    assert len(history(bundle)) == 2


def test_a_tenant_that_is_gone_stays_away(bundle: Path) -> None:
    """Neither its DAGs nor its limits come back, and its virtual environments are not needed."""
    gone = "PythonCallOperator(runtime='0123456789abcdef')"
    publish(bundle, {"flights/a.py": "one", "old/b.py": gone, "old/policy.json": "{}"}, source="111111")
    publish(bundle, {"flights/a.py": "two"}, source="222222")
    first = history(bundle)[1].commit
    assert runtimes_of(bundle, first) == {}
    assert rollback(bundle, first).endswith(": flights")
    assert published_paths(bundle) == ("flights/a.py",)


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
