"""`sql.load`: files of the tenant into a real PostgreSQL, read through a real launcher."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROWS = b'n,name\n1,one\n2,"two, too"\n3,NA\n'
CREATE = {"n": "integer", "name": "text"}


@pytest.fixture
def load(run: Any, warehouse: Any, data: Path) -> Any:
    """Load *content* into table t."""

    def one(content: bytes = ROWS, name: str = "x.csv", **parameters: Any) -> Any:
        (data / name).write_bytes(content)
        (data / name).chmod(0o644)
        return run(
            "sql.load", connection="warehouse", table="t", file=name, **{"create": CREATE, **parameters}
        )

    return one


def test_rows_are_loaded_and_counted(load: Any, warehouse: Any) -> None:
    """The header names the columns, `null` names what is no value."""
    assert load(null="NA") == 3
    assert warehouse("SELECT n, name FROM t ORDER BY n") == [(1, "one"), (2, "two, too"), (3, None)]


def test_columns_of_the_file_may_stand_in_any_order(load: Any, warehouse: Any) -> None:
    """They are matched by name; a byte order mark and Windows line ends do not matter."""
    load(b"\xef\xbb\xbfname,n\r\nx,1\r\n")
    assert warehouse("SELECT n, name FROM t") == [(1, "x")]


def test_file_without_header_takes_the_columns_of_the_task(load: Any, warehouse: Any) -> None:
    """`columns`, or else those of `create`."""
    load(b"x;1\n", header=False, columns=["name", "n"], delimiter=";")
    load(b"2,y\n", header=False, mode="append")
    assert warehouse("SELECT n, name FROM t ORDER BY n") == [(1, "x"), (2, "y")]


def test_packed_files_are_unpacked(load: Any, warehouse: Any, data: Path) -> None:
    """.csv.gz and .zip with one member."""
    assert load(gzip.compress(ROWS), "x.csv.gz") == 3
    with zipfile.ZipFile(data / "source.zip", "w") as archive:
        archive.writestr("x.csv", ROWS)
    assert load((data / "source.zip").read_bytes(), "x.zip") == 3


def test_second_run_replaces(load: Any, warehouse: Any) -> None:
    """The same task run twice leaves the rows once."""
    load()
    load()
    assert warehouse("SELECT count(*) FROM t") == [(3,)]


def test_append_adds_and_replaces_what_the_task_names(load: Any, warehouse: Any) -> None:
    """A day that is loaded again takes the place of that day only."""
    load(b"n,name\n1,2024-01-30\n2,2024-01-31\n")
    load(b"n,name\n3,2024-01-31\n", mode="append", replace_where={"name": "{{ ds }}"})
    assert warehouse("SELECT n FROM t ORDER BY n") == [(1,), (3,)]


def test_bad_row_changes_nothing(load: Any, warehouse: Any) -> None:
    """The table is as it was before the task."""
    load()
    with pytest.raises(Exception, match="invalid input syntax for type integer"):
        load(b"n,name\n9,x\nnonsense,y\n")
    assert warehouse("SELECT count(*) FROM t") == [(3,)]


def test_archive_cut_short_changes_nothing(load: Any, warehouse: Any) -> None:
    """A part of a file is not taken for the file."""
    load()
    rows = b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(200_000))
    with pytest.raises(Exception, match=r"x\.csv\.gz"):
        load(gzip.compress(b"n,name\n" + rows)[:-2000], "x.csv.gz")
    assert warehouse("SELECT count(*) FROM t") == [(3,)]


def test_large_file_is_streamed(load: Any, warehouse: Any) -> None:
    """Half a million rows pass without being held."""
    rows = b"".join(b"%d,x\n" % n for n in range(500_000))
    assert load(gzip.compress(b"n,name\n" + rows, 1), "x.csv.gz") == 500_000


def test_hostile_column_name_is_a_name(load: Any, warehouse: Any) -> None:
    """What stands in a header is never SQL."""
    with pytest.raises(Exception, match=r'column "n\); DROP TABLE t; --" of relation "t" does not exist'):
        load(b'"n); DROP TABLE t; --",name\n1,x\n')


def test_file_of_a_package_is_loaded(run: Any, warehouse: Any, launcher: Any) -> None:
    """Data that an installed package ships needs no copy."""
    package = next((launcher.folder / "alpha/runtimes/0123456789abcdef").glob("lib/python3.*/site-packages"))
    (package / "demo/rows.csv").write_bytes(ROWS)
    parameters = {"package_file": "demo/rows.csv", "create": CREATE, "runtime": "0123456789abcdef"}
    assert run("sql.load", connection="warehouse", table="public.t", **parameters) == 3


@pytest.mark.parametrize(
    ("name", "told"), [("nothing.csv", "nothing.csv: No such file"), ("../x.csv", "paths start below")]
)
def test_unreadable_file_is_told(run: Any, warehouse: Any, launcher: Any, name: str, told: str) -> None:
    """The error is the launcher's, not the database's."""
    with pytest.raises(Exception, match=told):
        run("sql.load", connection="warehouse", table="t", file=name, create=CREATE)
