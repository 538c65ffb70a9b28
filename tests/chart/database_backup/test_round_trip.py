"""What the job's containers run, on a real PostgreSQL: a backup from which everything comes back."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

PASSWORD = r"a:b\c @/%2B' "
GUIDE = Path(__file__).resolve().parents[3] / "docs/how-to/rollback.md"
EMPTIED = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
OPTIONS = ("--no-owner", "--single-transaction", "--exit-on-error")
CONTAINERS = ("connection", "dump", "database-backup")


@pytest.fixture
def metadata(postgres: Any) -> Iterator[str]:
    """The address of a database with one table, whose owner has a password of odd characters."""
    with psycopg.connect(postgres.uri, autocommit=True) as root:
        root.execute(f"CREATE ROLE keeper LOGIN PASSWORD {psycopg.sql.Literal(PASSWORD).as_string(root)}")
        root.execute("CREATE DATABASE metadata OWNER keeper")
        address = f"keeper:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres.port}"
        with psycopg.connect(f"postgresql://{address}/metadata") as own:
            own.execute("CREATE TABLE run (id int PRIMARY KEY, state text)")
            own.execute("INSERT INTO run SELECT n, 'success' FROM generate_series(1, 1000) n")
        yield f"postgresql+psycopg2://{address}/metadata?sslmode=prefer&prepared_statement_cache_size=0"
        for text in ("DATABASE metadata", "ROLE keeper"):
            root.execute(f"DROP {text}")


def go_back(job: Any, server: Any) -> None:
    """Bring the backup back as docs/how-to/rollback.md says, as the user of the database."""
    page = " ".join(GUIDE.read_text(encoding="utf-8").replace("\\\n", " ").split())
    assert f"--command '{EMPTIED}'" in page and f"pg_restore {' '.join(OPTIONS)} --host" in page
    place = ["--host", "127.0.0.1", "--username", "keeper", "--dbname", "metadata"]
    file = job.folder / "backups/before.dump"
    for command in (["psql", *place, "--command", EMPTIED], ["pg_restore", *OPTIONS, *place, file]):
        env = {"PGPASSWORD": PASSWORD, "PGPORT": str(server.port)}
        subprocess.run([job.programs / command[0], *command[1:]], env=env, check=True)


def test_what_was_backed_up_comes_back(job: Any, metadata: str, postgres: Any) -> None:
    """All rows, whatever characters the password has; what came to the tables afterwards is gone."""
    job.give(metadata)
    ended = [job.run(name) for name in CONTAINERS]
    assert [one.code for one in ended] == [0, 0, 0], ended
    with psycopg.connect(metadata.replace("+psycopg2", "").partition("?")[0], autocommit=True) as own:
        own.execute("ALTER TABLE run ADD COLUMN newer int")
        own.execute("CREATE TABLE newest (id int)")
        own.execute("DELETE FROM run WHERE id > 10")
        go_back(job, postgres)
        assert own.execute("SELECT count(*), max(state) FROM run").fetchone() == (1000, "success")
        assert own.execute("SELECT to_regclass('newest')").fetchone() == (None,)


def test_the_last_container_tells_size_and_digest(job: Any, metadata: str) -> None:
    """Of the file that bears the name then, and no other is left."""
    job.give(metadata)
    told = [job.run(name) for name in CONTAINERS][-1].out
    (file,) = (job.folder / "backups").iterdir()
    content = file.read_bytes()
    found = {"file": "before.dump", "bytes": len(content), "sha256": sha256(content).hexdigest()}
    assert json.loads(told) == found and file.name == "before.dump"


def test_the_password_is_in_one_file_that_its_user_alone_reads(job: Any, metadata: str) -> None:
    """And in no command, variable or log."""
    job.give(metadata)
    said = [job.run(name) for name in CONTAINERS]
    folder = job.folder / "run/aerodrome/service"
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "pgpass": 0o600, "pg_service.conf": 0o600,
    }  # fmt: skip
    assert "keeper" in (folder / "pg_service.conf").read_text()
    assert not any("a:b" in text for one in said for text in (one.out, one.err))


def test_a_password_that_is_wrong_leaves_nothing(job: Any, metadata: str) -> None:
    """PostgreSQL's own message is the last that is said."""
    job.give(metadata.replace("a%3Ab", "x"))
    assert job.run("connection").code == 0
    ended = job.run("dump")
    assert ended.code == 1 and "password authentication failed" in ended.err
    assert list((job.folder / "backups").iterdir()) == []


def test_a_server_that_does_not_answer_is_waited_for(job: Any, metadata: str) -> None:
    """For a while; so is a table that somebody holds."""
    script = job.container("dump")["command"][-1]
    assert "--lock-wait-timeout=60s" in script and "until pg_isready" in script
    job.give(metadata.replace("127.0.0.1", "127.0.0.2"))
    assert job.run("connection").code == 0
    began = time.monotonic()
    ended = job.run("dump")
    assert ended.code == 1 and "onnection refused" in ended.err
    assert 15 < time.monotonic() - began < 60


def test_a_backup_is_never_written_over(job: Any, metadata: str) -> None:
    """One of the same name stays as it is."""
    job.give(metadata)
    (job.folder / "backups/before.dump").write_text("the first one")
    ended = [job.run(name) for name in CONTAINERS][-1]
    assert ended.code == 1 and "before.dump: File exists" in ended.err
    assert (job.folder / "backups/before.dump").read_text() == "the first one"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mysql://u:hidden@h/db", "the metadata database is no PostgreSQL"),
        ("postgresql://u:hid#den@h:5432/db", "the address of the metadata database cannot be read"),
        ("postgresql://u:hidden@h:5432/db%0A", "begins or ends with a blank"),
        ("postgresql://u:hid%0Aden@h:5432/db", "the password of the metadata database has a line's end"),
    ],
)
def test_an_address_that_serves_nobody_is_told_without_its_password(job: Any, uri: str, said: str) -> None:
    """Before anything is dumped."""
    job.give(uri)
    ended = job.run("connection")
    assert ended.code == 1 and said in ended.err
    assert "hid" not in ended.err and "Traceback" not in ended.err
