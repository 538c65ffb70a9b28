"""`hdfs.put`, `hdfs.get`, `hdfs.wait` through a real launcher; HDFS's client is a program that knows a folder.

With a real HDFS: tests/hosts/hadoop.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
)

from common_plugins.hooks.hdfs_errors import reason
from common_plugins.hooks.launched_hdfs import folder_of, hdfs_path, named

# Answers as Hadoop's own client: the same words, exit codes and refusals.
CLIENT = """#!/bin/sh
echo "$@" >> "$HADOOP_HOME/calls"
test "$1" = dfs; shift
if [ -e "$HADOOP_HOME/fails" ]; then cat "$HADOOP_HOME/fails" >&2; exit 1; fi
root="$HADOOP_HOME/root"
case "$1" in
  -mkdir) mkdir -p "$root$4" ;;
  -put) [ "$2" = -f ] || ! [ -e "$root$4$3" ] || { echo "put: \\`$4': File exists" >&2; exit 1; }
        for last; do :; done; cp -r "$HADOOP_DATA" "$root$last" ;;
  -get) cp -r "$root$3" "$4" ;;
  -getmerge) cat "$root$3"/* > "$4"; touch "$(dirname "$4")/.file.crc" ;;
  -test) [ -e "$root$3" ] ;;
esac
"""


@pytest.fixture
def hadoop(launcher: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The client's folder: `root` is what HDFS holds, `calls` what was asked."""
    monkeypatch.setenv("AIRFLOW__AERODROME__DATA_FOLDER", str(data.parents[1] / "{tenant}/data"))
    home = Path(launcher.folder) / "hadoop"
    for folder in (home, home / "bin", home / "root"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
    (home / "bin/hdfs").write_text(CLIENT)
    (home / "bin/hdfs").chmod(0o755)
    (home / "fails").unlink(missing_ok=True)
    (home / "calls").write_text("")
    (home / "calls").chmod(0o666)
    told = {"HADOOP_HOME": str(home), "HADOOP_DATA": str(data / "a.csv")}
    launcher.configure(alpha={"environment": {**told, "KRB5CCNAME": f"FILE:{home}/ticket"}})
    yield home
    launcher.configure()


def calls(hadoop: Path) -> list[str]:
    """Return what the client was asked."""
    return (hadoop / "calls").read_text().splitlines()


def test_a_file_is_put(run: Any, hadoop: Path, data: Path) -> None:
    """Under the name that is written, in folders that are made; later tasks get its path."""
    (data / "a.csv").write_text("1")
    assert run("hdfs.put", file="a.csv", path="/in/{{ ds }}/b.csv") == "/in/2024-01-31/b.csv"
    assert (hadoop / "root/in/2024-01-31/b.csv").read_text() == "1"
    assert calls(hadoop)[-1].startswith("dfs -put -f -- ")


def test_a_folder_keeps_the_files_name(run: Any, hadoop: Path, data: Path) -> None:
    """Written with a slash at its end."""
    (data / "a.csv").write_text("1")
    assert run("hdfs.put", file="a.csv", path="/in/", overwrite=False) == "/in/a.csv"
    assert calls(hadoop)[-1].startswith("dfs -put -- ")


def test_what_is_not_in_the_data_folder_is_not_put(run: Any, hadoop: Path, data: Path) -> None:
    """Neither what is missing nor what lies elsewhere."""
    (data / "a.csv").unlink(missing_ok=True)
    with pytest.raises(AirflowException, match=r"a\.csv is not in the data folder"):
        run("hdfs.put", file="a.csv", path="/in/a.csv")
    with pytest.raises(AirflowFailException, match="paths start below"):
        run("hdfs.put", file="{{ '..' }}/beta/data/x", path="/in/a.csv")
    assert calls(hadoop) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_comes_as_one_file(run: Any, hadoop: Path, data: Path, there: bool) -> None:
    """As Spark wrote it; nothing else is left beside it."""
    out, target = hadoop / "root/out", data / "from/hdfs/all.csv"
    out.mkdir(exist_ok=True)
    for name, text in (("part-0", "1"), ("part-1", "2")):
        (out / name).write_text(text)
    if not there:
        target.unlink(missing_ok=True)
    got = run("hdfs.get", path="/out", file="from/hdfs/all.csv", merge=True, overwrite=there)
    assert (got, target.read_text()) == ("from/hdfs/all.csv", "12")
    assert [path.name for path in target.parent.iterdir()] == ["all.csv"]


def test_what_is_there_stays_without_overwrite(run: Any, hadoop: Path, data: Path) -> None:
    """And HDFS is not even asked."""
    (data / "a.csv").write_text("old")
    with pytest.raises(AirflowException, match="is in the data folder already"):
        run("hdfs.get", path="/x", file="a.csv", overwrite=False)
    assert calls(hadoop) == [] and (data / "a.csv").read_text() == "old"


def test_a_wait_ends_when_the_file_is_there(run: Any, hadoop: Path) -> None:
    """And looks again later where it is not."""
    with pytest.raises(AirflowRescheduleException):
        run("hdfs.wait", path="/in/x")
    with pytest.raises(AirflowSensorTimeout):
        run("hdfs.wait", path="/in/x", mode="poke", poke_interval=0.1, timeout=0.1)
    (hadoop / "root/x").touch()
    run("hdfs.wait", path="/x")


def test_a_cluster_that_is_away_is_no_missing_file(run: Any, hadoop: Path) -> None:
    """The client's exit code is the same."""
    (hadoop / "fails").write_text("test: Call From a to b:8020 failed: Connection refused\n")
    with pytest.raises(AirflowException, match=r"HDFS cannot be used now: Call From a to b:8020"):
        run("hdfs.wait", path="/x")


def test_why_there_is_no_ticket_is_told(run: Any, hadoop: Path, data: Path) -> None:
    """In the words of whatever fetches tickets on that host."""
    (data / "a.csv").write_text("1")
    (hadoop / "fails").write_text("put: DestHost:destPort b:8020 , LocalHost: GSS initiate failed\n")
    (hadoop / "ticket.problem").write_text("a@X: the keytab has expired: make a new one\n")
    with pytest.raises(AirflowException, match=r"a Kerberos ticket.*: a@X: the keytab has expired"):
        run("hdfs.put", file="a.csv", path="/in/a.csv")


def test_a_worker_without_a_client_is_told(run: Any, hadoop: Path, data: Path) -> None:
    """No retry would change it."""
    (hadoop / "bin/hdfs").unlink()
    (data / "a.csv").write_text("1")
    with pytest.raises(AirflowFailException, match="this worker has no Hadoop client"):
        run("hdfs.put", file="a.csv", path="/a")


def test_text_is_never_a_command(run: Any, hadoop: Path, data: Path) -> None:
    """However it is written."""
    (data / "a.csv").write_text("1")
    path = "/in/$(touch /tmp/owned)`id`;'\" -f.csv"
    assert run("hdfs.put", file="a.csv", path=path) == path
    assert (hadoop / f"root{path}").exists()


@pytest.mark.parametrize("path", ["", " ", "a\nb", "a\0b", None, 3, "/a/*", "/a/{b,c}", "/a/[b]"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    """A pattern would name files that nobody wrote down."""
    with pytest.raises(AirflowFailException, match=r"is not a path|for a pattern"):
        hdfs_path(path)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/a/b/c", "/a/b"),
        ("/a", ""),
        ("a", ""),
        ("a/b", "a"),
        ("hdfs://c/a", ""),
        ("hdfs://c:8020/a/b", "hdfs://c:8020/a"),
    ],
)
def test_the_folder_of_a_path(path: str, folder: str) -> None:
    """None where it is the root or the user's home, which are there."""
    assert folder_of(path) == folder


def test_names_of_files() -> None:
    """A slash at the end asks for one."""
    assert (named("/a/", "b"), named("/a", "b")) == ("/a/b", "/a")


def test_other_failures_are_in_the_clients_words() -> None:
    """Or in the log."""
    denied = "put: Permission denied: user=_alpha, access=WRITE"
    assert reason(1, ["noise", denied]) == "HDFS refuses: Permission denied: user=_alpha, access=WRITE"
    assert "exit code 7" in reason(7, ["Exception in thread"])
