"""What Airflow stores and gets back."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas
import pyarrow
import pytest
from aerodrome_airflow.xcom import codec
from aerodrome_airflow.xcom.backend import TenantXCom
from aerodrome_airflow.xcom.errors import DamagedError, RefusedError
from aerodrome_airflow.xcom.reference import MARK
from aerodrome_airflow.xcom.streams import Streamed

WHERE = {"key": "return_value", "task_id": "load", "run_id": "manual/1"}
TABLE = pandas.DataFrame(
    {
        "name": ["a", "ü", None] * 100,
        "amount": [1.5, float("nan"), 3.0] * 100,
        "kind": pandas.Categorical(["x", "y", "x"] * 100),
        "at": pandas.to_datetime(["2024-01-01", "2024-02-01", None] * 100, utc=True),
    },
    index=pandas.Index(range(10, 310), name="number"),
)
VALUES = {
    "a list": [{"id": number, "text": "€"} for number in range(5000)],
    "a mapping": {f"key {number}": [number, None, 1.5] for number in range(3000)},
    "a long text": "x" * 100_000,
    "bytes": os.urandom(5000),
}


def stored(value: Any, dag_id: str = "alpha.daily") -> Any:
    """Return what the database keeps of *value*."""
    return TenantXCom.serialize_value(value, dag_id=dag_id, **WHERE)  # type: ignore[arg-type]


def loaded(row: Any) -> Any:
    """Return the value of a row."""
    return TenantXCom.deserialize_value(SimpleNamespace(value=row))


@pytest.mark.parametrize("value", [None, 1, "text", [1, {"a": None}], {"b": "x" * 900}])
def test_a_small_value_is_in_the_database_itself(value: Any, configured: Path) -> None:
    """As Airflow's own backend stores it; whoever asks, it is no object's."""
    assert stored(value) == value == loaded(stored(value))
    assert list(configured.iterdir()) == []


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
def test_a_large_value_comes_back_from_the_store(value: Any, configured: Path, running: Any) -> None:
    """The database keeps a short reference."""
    row = stored(value)
    assert set(row) == {MARK} and len(str(row)) < 500
    with running("alpha.other"):
        assert loaded(row) == value


def test_a_table_comes_back_as_the_same_table(
    configured: Path, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With index, categories, time zones and what is missing, large or small, in one batch or several."""
    monkeypatch.setattr(codec, "BATCH", 10_000)
    with running("alpha.daily"):
        for table in (TABLE, TABLE.head(2), TABLE.head(0), pandas.concat([TABLE] * 50)):
            pandas.testing.assert_frame_equal(loaded(stored(table)), table)
        arrow = pyarrow.table({"a": [1, 2, 3] * 1000, "b": [["x"], [], None] * 1000})
        assert loaded(stored(arrow)) == arrow
        assert loaded(stored(arrow.to_batches()[0])) == arrow


def test_a_column_without_a_type_is_refused(configured: Path) -> None:
    """Nobody falls back to a format that runs code where it is read; nothing is left in the store."""
    with pytest.raises(RefusedError, match="no one type"):
        stored(pandas.DataFrame({"mixed": [1, "two", object()] * 1000}))
    assert not any(path.is_file() for path in configured.rglob("*"))


def test_a_stream_comes_back_as_a_stream(configured: Path, running: Any, tmp_path: Path) -> None:
    """It can be read as often as one likes, saved, and handed on."""
    pieces = [os.urandom(1000) for _ in range(100)]
    with running("alpha.daily"):
        stream = loaded(stored(Streamed(pieces, "csv")))
        stream.save(tmp_path / "copy")
        again = loaded(stored(stream))
    assert (tmp_path / "copy").read_bytes() == b"".join(pieces)
    with running("alpha.daily"):
        assert b"".join(again.pieces()) == b"".join(pieces)
    assert (again.size, again.form, repr(stream)) == (100_000, "csv", "StoredStream(100,000 bytes of csv)")


def test_a_stream_that_breaks_off_stores_nothing(configured: Path) -> None:
    """The error is the task's, and no part of the result is left."""

    def pieces() -> Any:
        yield os.urandom(5_000_000)
        raise ConnectionError("the process ended")

    with pytest.raises(ConnectionError):
        stored(Streamed(pieces()))
    assert not any(path.is_file() for path in configured.rglob("*"))


def test_more_than_the_limit_is_refused(configured: Path) -> None:
    """As soon as it is reached, by a stream without an end too."""
    with pytest.raises(RefusedError, match="more than 90,000,000 bytes"):
        stored(Streamed(bytes(1_000_000) for _ in iter(int, 1)))
    assert not any(path.is_file() for path in configured.rglob("*"))


def test_a_result_cannot_pretend_to_be_a_reference(configured: Path) -> None:
    """Who returns the platform's mark gets an error where it is returned."""
    with pytest.raises(RefusedError, match="marks"):
        stored({MARK: {"kind": "json"}})


def test_another_tenants_task_reads_nothing(configured: Path, running: Any) -> None:
    """Nor does who runs no task; the store is not even asked: it is gone."""
    row = stored(VALUES["bytes"])
    (configured / "test").rename(configured / "moved")
    for dag_id in ("beta.daily", "alphabet.daily", "daily"):
        with running(dag_id), pytest.raises(RefusedError, match=r"may not read|only a running task"):
            loaded(row)
    with pytest.raises(RefusedError, match="only a running task"):
        loaded(row)


Forge = Callable[[dict[str, Any]], Any]
FORGERIES: dict[str, Forge] = {
    "another's prefix": lambda said: said | {"key": said["key"].replace("/alpha/", "/beta/")},
    "another environment": lambda said: said | {"key": said["key"].replace("test/", "live/")},
    "a step up": lambda said: said | {"key": said["key"].replace("/daily/", "/../")},
    "steps up": lambda said: said | {"key": "test/alpha/../beta/daily/r/t/-1/" + said["key"][-45:]},
    "a quoted step": lambda said: (
        said | {"key": said["key"].replace("alpha/daily", "alpha%2F..%2Fbeta/daily")}
    ),
    "an absolute path": lambda said: said | {"key": "/" + said["key"]},
    "another bucket": lambda said: said | {"key": "s3://other/" + said["key"]},
    "a look-alike": lambda said: said | {"key": said["key"].replace("alpha", "alph\u0430")},
    "upper case": lambda said: said | {"key": said["key"].replace("alpha", "ALPHA")},
    "no text": lambda said: said | {"key": ["test/alpha"]},
    "more": lambda said: said | {"bucket": "other"},
    "less": lambda said: {"kind": said["kind"], "key": said["key"]},
    "another kind": lambda said: said | {"kind": "pickle"},
    "a negative size": lambda said: said | {"size": -1},
    "a size of true": lambda said: said | {"size": True},
    "no mapping": lambda said: "test/alpha",
    "broken base64": lambda said: {"kind": "bytes", "inline": "#", "form": ""},
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=list(FORGERIES))
def test_a_forged_reference_is_refused(forge: Forge, configured: Path, running: Any) -> None:
    """Before the store is asked, without repeating what it says."""
    row = {MARK: forge(stored(VALUES["bytes"])[MARK])}
    (configured / "test").rename(configured / "moved")
    with running("alpha.daily"), pytest.raises(RefusedError) as refusal:
        loaded(row)
    assert "test/" not in str(refusal.value) and "other" not in str(refusal.value)


@pytest.mark.parametrize("size", [4999, 5001, 10**12])
def test_a_wrong_size_is_noticed(size: int, configured: Path, running: Any) -> None:
    """A small object cannot unpack to more than its reference says, nor to less."""
    row = stored(VALUES["bytes"])
    row[MARK]["size"] = size
    with running("alpha.daily"), pytest.raises(DamagedError, match="not as long"):
        loaded(row)


def test_bytes_that_are_no_table_are_an_error(configured: Path, running: Any) -> None:
    """Also where somebody says that they are one."""
    for value in (b"no table", os.urandom(5000)):
        row = stored(value)
        row[MARK]["kind"] = "pandas"
        with running("alpha.daily"), pytest.raises(DamagedError, match="no table"):
            loaded(row)


def test_a_sealed_tenants_results_open_with_its_key(
    configured: Path, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an earlier key too, while the variable holds it; without it, nothing opens."""
    first, second = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    monkeypatch.setenv("AIRFLOW_VAR_HEALTH.XCOM_KEY", first)
    row = stored(VALUES["a list"], "health.daily")
    with running("health.daily"):
        monkeypatch.setenv("AIRFLOW_VAR_HEALTH.XCOM_KEY", f"{second}\n{first}")
        assert loaded(row) == VALUES["a list"]
        monkeypatch.setenv("AIRFLOW_VAR_HEALTH.XCOM_KEY", second)
        with pytest.raises(RefusedError, match="no longer holds the key"):
            loaded(row)
    monkeypatch.setenv("AIRFLOW_VAR_HEALTH.XCOM_KEY", "short")
    with pytest.raises(RefusedError, match="32 random bytes"):
        stored(VALUES["a list"], "health.daily")
