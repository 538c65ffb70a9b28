"""Which version the database's tables are of."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime.worker_packages import worker_lock
from aerodrome.targets.database_version import DatabaseVersion, migration, of_lock, of_values

ONE, TWO = DatabaseVersion("3.3.1", "3.9.0"), DatabaseVersion("3.3.2", "3.10.2")


def test_a_commit_says_it_by_its_lock(repository: Path) -> None:
    """That of the images, as the chart says it of Airflow."""
    found = of_lock(worker_lock(repository))
    assert f'appVersion: "{found.airflow}"\n' in (repository / "helm/airflow/Chart.yaml").read_text()
    assert found.fab and found == of_lock(repository / "requirements.lock")


def test_a_lock_without_airflow_is_told(tmp_path: Path) -> None:
    """A longer name is another package."""
    (tmp_path / "worker.lock").write_text(
        "apache-airflow-core-extra==1\napache-airflow-providers-fab==3.10.2 \\\n"
    )
    with pytest.raises(AerodromeError, match=r"worker\.lock pins no apache-airflow-core"):
        of_lock(tmp_path / "worker.lock")


def test_a_revision_says_it_by_its_mark() -> None:
    """One without a mark says as much as its values and the chart do."""
    assert of_values({"global": {"aerodrome": {"database": TWO.mark}}}, "3.0.0") == TWO
    assert of_values({"global": {"aerodrome": {"chartDigest": "x"}}}, "3.3.2") == DatabaseVersion("3.3.2")
    assert of_values({"airflowVersion": "3.3.1"}, "3.3.2") == DatabaseVersion("3.3.1")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ((ONE,), "Airflow 3.3.1 → 3.3.2, FAB 3.9.0 → 3.10.2"),
        ((DatabaseVersion("3.3.1", "3.10.2"),), "Airflow 3.3.1 → 3.3.2"),
        ((DatabaseVersion("3.3.2"),), "Airflow 3.3.2 → 3.3.2, FAB unknown → 3.10.2"),
        ((ONE, TWO), "Airflow 3.3.1 or 3.3.2 → 3.3.2, FAB 3.10.2 or 3.9.0 → 3.10.2"),
    ],
)
def test_a_migration_names_both_sides(before: tuple[DatabaseVersion, ...], said: str) -> None:
    """Also where one of them is not known."""
    assert str(migration(before, TWO)) == said


def test_the_same_tables_are_no_migration() -> None:
    """Nor is a first install."""
    assert migration((TWO, TWO), TWO) is None and migration((), TWO) is None
