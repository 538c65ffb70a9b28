"""In a cluster without a bucket: results of up to a size are in the database, and there is nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aerodrome_airflow.xcom.backend import TenantXCom
from aerodrome_airflow.xcom.errors import RefusedError
from aerodrome_airflow.xcom.settings import settings

WHERE = {"dag_id": "alpha.daily", "key": "return_value", "task_id": "load", "run_id": "manual"}


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the chart names where `tenancy.results.store` is `database`; nobody makes it."""
    folder = tmp_path / "results"
    for name, value in {"STORE": folder, "INLINE_BYTES": 1000, "LARGEST_BYTES": 1000}.items():
        monkeypatch.setenv(f"AIRFLOW__AERODROME__XCOM_{name}", str(value))
    monkeypatch.setenv("AIRFLOW__AERODROME__ENVIRONMENT", "test")
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def stored(value: Any) -> Any:
    """Return what the database keeps of *value*."""
    return TenantXCom.serialize_value(value, **WHERE)  # type: ignore[arg-type]


def test_a_small_result_is_in_the_database(pod: Path) -> None:
    """As everywhere."""
    row = stored({"rows": [1, 2]})
    assert TenantXCom.deserialize_value(SimpleNamespace(value=row)) == {"rows": [1, 2]}  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["x" * 2000, b"x" * 2000], ids=["JSON", "bytes"])
def test_a_larger_one_fails_its_task_and_leaves_nothing(pod: Path, value: Any) -> None:
    """With the size that it may have; no later task waits for what went with the pod."""
    with pytest.raises(RefusedError, match="more than 1,000 bytes"):
        stored(value)
    assert not pod.exists()
