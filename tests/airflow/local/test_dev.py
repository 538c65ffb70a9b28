"""A tenant's own loop on the running platform, and what is left when a tenant goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from aerodrome import bundle, names
from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine import accounts
from aerodrome.local.machine.credentials import POSTGRES_AIRFLOW, tenant_database
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import ensure_folder
from aerodrome.local.machine.platform import Platform
from aerodrome.local.release import removed_tenants
from aerodrome.local.release.first_runs import wait_visible
from aerodrome.local.stores import postgres, secrets_store
from aerodrome.targets.orphans import look

PROGRAM = Path(sys.executable).parent / "aerodrome"
MANIFEST = """\
dag_id: fresh
description: {text}
schedule: null
tasks: [{{id: go, uses: {uses}}}]
"""


@dataclass
class Loop:
    """`aerodrome dev` at work, and what it says."""

    platform: Platform
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def manifest(self) -> Path:
        return self.platform.layout.repository / "tenants/alpha/dags/fresh.yaml"

    @property
    def published(self) -> str:
        return bundle.published_text(self.platform.layout.bundle, "alpha/fresh.py")

    def listen(self) -> None:
        assert self.process.stdout
        self.said.extend(line.rstrip() for line in self.process.stdout)

    def save(self, text: str, uses: str = "flow.empty") -> None:
        self.said.clear()
        self.manifest.write_text(MANIFEST.format(text=text, uses=uses))

    def hears(self, what: str, seconds: float = 60) -> None:
        """Return when a line with *what* was said."""
        assert wait_until(lambda: any(what in line for line in self.said), seconds, 0.05), (what, self.said)


def description(airflow: Airflow) -> Callable[[], str | None]:
    """Return what tells the description of the DAG as Airflow shows it now."""
    return lambda: next(
        (row["description"] for row in airflow.dags() if row["dag_id"] == "alpha.fresh"), None
    )


@pytest.fixture
def loop(platform: Platform, airflow: Airflow) -> Iterator[Loop]:
    """The loop in the clone of the running platform; afterwards everything is published as before."""
    layout = platform.layout
    before = {
        path: bundle.published_text(layout.bundle, path) for path in bundle.published_paths(layout.bundle)
    }
    environment = {
        **os.environ,
        "AERODROME_REPOSITORY": str(layout.repository),
        "AERODROME_STATE": str(layout.state),
    }
    made = Loop(platform, subprocess.Popen([PROGRAM, "dev"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                           text=True, env=environment, cwd="/"))  # fmt: skip
    listener = threading.Thread(target=made.listen)
    listener.start()
    made.hears("watching tenants/")
    # The kernel is asked to watch just after that was said.
    time.sleep(1)
    yield made
    made.process.kill()
    made.process.wait()
    listener.join()
    made.manifest.unlink(missing_ok=True)
    bundle.publish(layout.bundle, before, source="tests")
    wait_visible(airflow, ["platform.probe"], print)
    assert wait_until(lambda: description(airflow)() is None, 60)


def test_every_save_is_published_or_its_mistake_shown(loop: Loop, airflow: Airflow) -> None:
    """A save is in Airflow after seconds; a mistake is told, and the last good version stays until it is mended."""
    loop.save("The first")
    loop.hears("published ")
    assert "changed: alpha/dags/fresh.yaml" in loop.said
    assert wait_until(lambda: description(airflow)() == "The first", 60)
    good = loop.published
    loop.save("The second", uses="flow.empyt")
    loop.hears("did you mean 'flow.empty'?")
    assert any(line.startswith("tenants/alpha/dags/fresh.yaml:4:24: ") for line in loop.said), loop.said
    assert loop.published == good and description(airflow)() == "The first"
    loop.save("The third")
    loop.hears("published ")
    assert wait_until(lambda: description(airflow)() == "The third", 60)
    loop.process.send_signal(signal.SIGINT)
    assert loop.process.wait(30) == 0 and not any("Traceback" in line for line in loop.said)
    assert loop.published != good


ROW = "jsonb_populate_record(dag, jsonb_build_object('dag_id', 'delta.old', 'is_stale', true))"
HISTORY = (
    f"INSERT INTO dag SELECT ({ROW}).* FROM dag WHERE dag_id LIKE 'alpha.%' LIMIT 1",
    "INSERT INTO dag_tag (dag_id, name) VALUES ('delta.old', 'tenant:delta')",
)


@pytest.fixture
def history(platform: Platform, airflow: Airflow) -> None:
    """What Airflow keeps of a DAG whose tenant is gone, and a large result of it."""
    password = platform.credentials.get(POSTGRES_AIRFLOW)
    address = f"postgresql://airflow:{password}@127.0.0.1:{platform.ports.postgres}/airflow"
    with psycopg.connect(address) as connection:
        for statement in HISTORY:
            connection.execute(statement)  # type: ignore[arg-type]
    assert "delta.old" in {row["dag_id"] for row in airflow.dags(exclude_stale="false")}
    ensure_folder(platform.layout.results / "local/delta/old", 0o700)


def orphans_of(platform: Platform) -> dict[str, set[str]]:
    """Return tenant → kinds of all that is found of tenants that are none of the platform's."""
    found, notes = look(removed_tenants.looks(platform, platform.tenants))
    assert notes == []
    owners = {each.owner for each in found}
    return {owner: {each.kind for each in found if each.owner == owner} for owner in owners}


@pytest.mark.usefixtures("history")
def test_what_a_removed_tenant_has_left_is_deleted(platform: Platform) -> None:
    """History, results, database, secrets, password, files and user; told before, and the others' are untouched."""
    user, server = platform.os_user("delta"), postgres.server(platform)
    users = accounts.ensure([], [user], platform.layout.name) if user else ()
    server.ensure_database("tenant_delta", "tenant_delta", platform.credentials.get(tenant_database("delta")))
    secrets = secrets_store.values(platform)
    secrets.write(names.variable_path("local", "delta", "token"), {"value": "of-delta"})
    secrets.write(names.connection_path("local", "delta", "api"), {"conn_type": "http"})
    ensure_folder(platform.layout.homes / "delta" / "data", 0o700, platform.accounts.owner(user))
    told = [line for line in removed_tenants.told(platform, platform.tenants) if "tenants/delta" in line]
    kept = [
        "database tenant_delta",
        "secrets local/tenants/delta",
        *(f"operating system user {name}" for name in users),
    ]
    assert len(told) == 1 and ", ".join(kept) in told[0] and user in (None, *users)
    kinds = {"files", "database", "secrets", "DAG", "large results"}
    assert (
        orphans_of(platform)["delta"] >= kinds and not orphans_of(platform).keys() & platform.tenants.keys()
    )
    removed_tenants.delete(platform, "delta", print)
    assert "delta" not in orphans_of(platform)
    assert (
        not {"tenant_delta"} & (server.databases() | server.roles()) and "tenant_alpha" in server.databases()
    )
    assert secrets_store.stored(platform, "delta") == () != secrets_store.stored(platform, "alpha")
    assert platform.credentials.find(tenant_database("delta")) is None
    assert not user or accounts.missing([user]) == (user,)
