"""What a publish changes is stored, and what it leaves alone is not parsed again."""

from __future__ import annotations

from typing import Any

import pytest

NAMES = ("steady", "changing", "leaving", "mended")
SECOND = 'FlowEmptyOperator(task_id="second")'


@pytest.fixture(scope="module")
def published(processor: Any) -> Any:
    """The processor after two publishes, when it parsed the steady DAG before the second, and the second's commit."""
    texts = {name: processor.text("alpha", name) for name in NAMES}
    processor.publish(alpha={**texts, "mended": f"raise ValueError\n{texts['mended']}"})
    processor.wait(lambda: "alpha/mended.py" in processor.errors() and len(processor.dags()) == 3)
    before = processor.parsed("alpha.steady")
    changes = {**texts, "changing": f"{texts['changing']}    {SECOND}\n", "leaving": None}
    commit = processor.publish(alpha=changes)
    processor.wait(lambda: processor.dags() == {"alpha.steady", "alpha.changing", "alpha.mended"})
    processor.wait(lambda: len(tasks(processor)) == 2)
    yield processor, before, commit
    processor.publish(alpha=dict.fromkeys(("steady", "changing", "mended")))
    processor.wait(lambda: not processor.dags())


def tasks(processor: Any) -> list[str]:
    """Return the tasks of the DAG that changes, as they were stored last."""
    newest = (
        "SELECT data FROM serialized_dag WHERE dag_id = 'alpha.changing' ORDER BY last_updated DESC LIMIT 1"
    )
    ((data,),) = processor.query(newest)
    return [task["__var"]["task_id"] for task in data["dag"]["tasks"]]


def test_a_changed_file_is_stored_changed(published: Any) -> None:
    """With the version of the bundle that brought the change."""
    processor, _, commit = published
    assert tasks(processor) == ["nothing", "second"]
    version = "SELECT bundle_version FROM dag WHERE dag_id = 'alpha.changing'"
    assert processor.query(version) == [(commit,)]


def test_an_unchanged_file_is_left_alone(published: Any) -> None:
    """Parsing it would bring nothing."""
    processor, before, _ = published
    assert processor.parsed("alpha.steady") == before


def test_the_dag_of_a_removed_file_goes(published: Any) -> None:
    """It cannot be run any more; its history stays."""
    processor, _, _ = published
    assert processor.query("SELECT is_stale FROM dag WHERE dag_id = 'alpha.leaving'") == [(True,)]


def test_a_mended_file_loses_its_error(published: Any) -> None:
    """And its DAG can be run."""
    processor, _, _ = published
    assert processor.errors() == {}
    assert "alpha.mended" in processor.dags()
