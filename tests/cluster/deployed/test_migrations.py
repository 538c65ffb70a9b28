"""A deploy to a real cluster that migrates the metadata database, as far as its record says that it must.

An older version is what Helm's record of the newest revision is made to say: the tables are those of now, so that the
migration itself finds nothing to do, and all around it is as with one that does.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client
from pods import Space
from sandbox import NAMESPACE, VALUES, Sandbox
from testbed import bases

ENVIRONMENT = "environments/sandbox/environment.yaml"
VERSIONS = "FAB 3.9.0 → "
CLAIM = "airflow-backups"
BROKEN = "  args: [python, -c, 'exit(\"no such day\")']\n"
pytestmark = pytest.mark.usefixtures("first")


@pytest.fixture
def older(deployed: Sandbox, api: client.ApiClient) -> Sandbox:
    """The sandbox, whose newest revision says that it is of an older version of FAB; another value is asked for."""
    core = client.CoreV1Api(api)
    found = core.list_namespaced_secret(NAMESPACE, label_selector="owner=helm,name=airflow").items
    newest = max(found, key=lambda one: int(one.metadata.labels["version"]))
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(newest.data["release"]))))
    release["config"]["global"]["aerodrome"]["database"]["fab"] = "3.9.0"
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    core.patch_namespaced_secret(newest.metadata.name, NAMESPACE, {"data": {"release": packed}})
    deployed.change_release()
    return deployed


@pytest.fixture
def edited(deployed: Sandbox) -> Iterator[Callable[[str, str, str], None]]:
    """A call puts one text of a file in place of another; in the end both files are as they were."""
    before = {path: (deployed.root / path).read_text() for path in (ENVIRONMENT, VALUES)}

    def edit(path: str, old: str, new: str) -> None:
        deployed.edit(path, lambda text: text.replace(old, new, 1))

    yield edit
    for path, text in before.items():
        (deployed.root / path).write_text(text)
    deployed.commit()


def revisions(api: client.ApiClient) -> list[int]:
    """Return the numbers of Helm's revisions."""
    found = client.CoreV1Api(api).list_namespaced_secret(NAMESPACE, label_selector="owner=helm,name=airflow")
    return sorted(int(one.metadata.labels["version"]) for one in found.items)


def in_the_volume(api: client.ApiClient, *command: str) -> str:
    """Return what a command says that sees the backups."""
    space = Space(api, NAMESPACE)
    volume = {"name": "backups", "persistentVolumeClaim": {"claimName": CLAIM}}
    security = {"runAsUser": 50000, "runAsGroup": 50000, "fsGroup": 50000}
    mounts = [{"name": "backups", "mountPath": "/backups"}]
    image: dict[str, Any] = {
        "image": bases.STORES.reference, "imagePullPolicy": "IfNotPresent", "volumeMounts": mounts,
    }  # fmt: skip
    space.start("looks", *command, container=image, volumes=[volume], securityContext=security)
    try:
        return space.output("looks")
    finally:
        space.core.delete_namespaced_pod("looks", NAMESPACE, grace_period_seconds=0)


def test_a_migration_is_planned_with_both_versions(older: Sandbox) -> None:
    """It cannot be undone, and who deploys must name the release; nothing is done without that."""
    done = older.run("plan", "--json")
    (change,) = (one for one in json.loads(done.stdout)["changes"] if one["kind"] == "Migration")
    assert VERSIONS in change["why"] and f"after a dump into the volume claim {CLAIM}" in change["why"]
    assert (change["risk"], change["reversible"]) == ("data", False)
    refused = older.run("deploy", "--yes")
    assert refused.returncode == 2 and "nobody has confirmed" in refused.stderr


def test_without_a_backup_it_is_not_planned(older: Sandbox, edited: Callable[[str, str, str], None]) -> None:
    """The error names file, key and versions."""
    text = (older.root / ENVIRONMENT).read_text()
    start = text.index("\nbackup:\n")
    edited(ENVIRONMENT, text[start : text.index("}\n", start) + 2], "")
    done = older.run("plan")
    assert done.returncode == 2 and f"{ENVIRONMENT}: backup: is missing" in done.stderr
    assert VERSIONS in done.stderr


def test_a_backup_that_fails_changes_nothing(
    older: Sandbox, edited: Callable[[str, str, str], None], api: client.ApiClient
) -> None:
    """The pod's events tell why."""
    before = revisions(api)
    edited(ENVIRONMENT, f"{bases.STORES.reference}", f"{bases.STORES.repository}:nothing")
    done = older.run("deploy", "--yes", "--confirm", "airflow")
    told = done.stdout + done.stderr
    assert done.returncode == 1 and "the database was not backed up, so nothing was changed" in told
    assert "container dump: " in told and "events:" in told
    assert revisions(api) == before


def test_a_migration_begins_with_a_dump_that_is_whole(older: Sandbox, api: client.ApiClient) -> None:
    """Before anything else is done; what is read back of it has Airflow's tables. What waits is gone afterwards."""
    told = older.deploy("--confirm", "airflow")
    lines = told.splitlines()
    kept = next(place for place, line in enumerate(lines) if "backup" in line and "SHA-256" in line)
    assert kept < next(place for place, line in enumerate(lines) if "helm applies" in line)
    (file,) = (word for word in lines[kept].split() if word.endswith(".dump"))
    listed = in_the_volume(api, "pg_restore", "--list", f"/backups/{file}")
    assert " TABLE DATA public dag_run " in listed and " TABLE DATA public ab_user " in listed
    core = client.CoreV1Api(api)
    assert "airflow-database-backup" not in {
        one.metadata.name for one in core.list_namespaced_service_account(NAMESPACE).items
    }
    assert older.planned() == set()


def test_a_rollback_across_it_is_refused(deployed: Sandbox, api: client.ApiClient) -> None:
    """With the place of the backup, and what to do; nothing is changed."""
    before = revisions(api)
    done = deployed.run("rollback")
    assert done.returncode == 2 and VERSIONS in done.stderr
    assert "backup: file " in done.stderr and "restore the backup of before" in done.stderr
    assert revisions(api) == before and deployed.planned() == set()


def test_a_migration_that_fails_stops_where_it_is(older: Sandbox, api: client.ApiClient) -> None:
    """No revision comes after its own; mended, the next deploy brings it to its end."""
    before = revisions(api)
    older.edit(VALUES, lambda text: text.replace("\nscheduler:\n", f"\nscheduler:\n{BROKEN}"))
    done = older.run("deploy", "--yes", "--confirm", "airflow")
    told = done.stdout + done.stderr
    assert done.returncode == 1 and "no such day" in told and "nothing goes back by itself" in told
    assert "not done: release, smoke test" in told and "backup: file " in told
    assert revisions(api)[-1] == before[-1] + 1
    older.edit(VALUES, lambda text: text.replace(BROKEN, ""))
    assert "smoke test" in older.deploy("--confirm", "airflow")
    assert older.planned() == set()
