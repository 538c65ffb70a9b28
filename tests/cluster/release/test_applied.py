"""A deploy of the release ends with all that runs ready, or with the last revision that was."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from aerodrome.clients.cluster import MERGE_PATCH
from aerodrome.errors import UserError
from aerodrome.local.machine.deadline import wait_until
from release_bench import HELMS, PROGRAMS, Bench

SECRETS = "api/v1/secrets"
DEPLOYMENTS = "apis/apps/v1/deployments"
BROKEN = ["sh", "-c", "echo no $PASSWORD serves; exit 3"]
MIGRATION = {"command": ["sh", "-c", "echo migrated"]}
FAILS = {"command": ["sh", "-c", "echo the column is missing; exit 1"]}


def test_a_deploy_tells_how_far_each_component_is(fresh: Bench) -> None:
    """And a second one finds nothing to do, and the generated secret as it was."""
    fresh.deploy()
    before = fresh.live(SECRETS, "generated")
    assert {"scheduler 1/1 ready", "worker 1/1 ready", "revision 1 works"} <= set(fresh.said)
    fresh.deploy(greeting="moin")
    after = fresh.live(SECRETS, "generated")
    assert before and after and before["data"] == after["data"]
    assert fresh.plan(greeting="moin") == ()


def test_a_release_that_helm_3_installed_is_upgraded_with_helm_4(unreleased: Bench) -> None:
    """What somebody edited by hand meanwhile goes back, what a template states no more goes, a secret stays."""
    unreleased.deploy()
    before = unreleased.live(SECRETS, "generated")
    scheduler = f"/apis/apps/v1/namespaces/{unreleased.namespace}/deployments/scheduler"
    unreleased.cluster.request("PATCH", scheduler, body={"spec": {"replicas": 0}}, headers=MERGE_PATCH)
    unreleased.edit("templates/scheduler.yaml", "terminationGracePeriodSeconds: 0", "")
    newer = replace(unreleased, program=PROGRAMS / HELMS[1])
    newer.deploy(greeting="moin")
    after = newer.live(SECRETS, "generated")
    assert before and after and before["data"] == after["data"]
    assert [one.works for one in newer.target().history()] == [True, True]
    assert newer.plan(greeting="moin") == ()


def test_an_image_that_is_not_there_is_rolled_back(deployed: Bench) -> None:
    """The error names pod and image, and what works again."""
    text = deployed.failure(image="localhost/nothing:1")
    assert 'Container image "localhost/nothing:1" is not present' in text
    assert "events:\n" in text
    assert "which works" in text.splitlines()[-2]
    assert deployed.plan() == ()


def test_a_crash_is_told_with_its_last_lines(released: Bench) -> None:
    """In which no secret of the release is shown."""
    text = released.failure(command=BROKEN)
    assert "exit code 3" in text
    assert "no *** serves" in text
    assert "opened-by-nobody" not in text
    assert released.plan() == ()


def test_a_failed_hook_is_told_by_what_it_wrote(deployed: Bench) -> None:
    """Helm says of it only that it failed."""
    text = deployed.failure(job=FAILS)
    assert "Job migrate does not start" in text
    assert "the column is missing" in text
    assert "which works" in text


def test_a_migrated_database_is_not_rolled_back(unreleased: Bench) -> None:
    """An older Airflow could not work with it; the plan says so before."""
    unreleased.deploy()
    values: dict[str, Any] = {"airflowVersion": "3.4.0", "job": MIGRATION, "command": BROKEN}
    assert any(not one.reversible and "3.3.2 → 3.4.0" in one.why for one in unreleased.plan(**values))
    assert "rolled back" not in unreleased.failure(**values)
    assert [one.works for one in unreleased.target().history()] == [True, False]
    unreleased.deploy(airflowVersion="3.4.0")
    with pytest.raises(
        UserError, match=r"revision 1 is Airflow 3\.3\.2, .* migrated: Airflow 3\.3\.2 → 3\.4\.0"
    ):
        unreleased.target().rollback(1, unreleased.said.append)


def test_a_rollback_brings_an_older_revision_back(released: Bench) -> None:
    """And waits for it; the history tells which revisions worked."""
    first = released.target().history()[-1].number
    released.deploy(replicas=2)
    released.target().rollback(first, released.said.append)
    assert released.plan() == ()
    history = released.target().history()
    assert [one.works for one in history[-3:]] == [True, True, True]
    assert history[-1].description == f"Rollback to {first}"


def test_what_somebody_edited_by_hand_goes_back_too(deployed: Bench) -> None:
    """In an incident, say: to the API server the field is theirs then."""
    first = deployed.target().history()[-1].number
    deployed.deploy(replicas=2)
    path = f"/apis/apps/v1/namespaces/{deployed.namespace}/deployments/scheduler"
    edited, by_hand = {"spec": {"replicas": 3}}, [("fieldManager", "kubectl-edit")]
    deployed.cluster.request("PATCH", path, query=by_hand, body=edited, headers=MERGE_PATCH)
    deployed.target().rollback(first, deployed.said.append)
    assert deployed.plan() == ()


def test_a_release_of_helm_3_goes_on_with_helm_4(unreleased: Bench) -> None:
    """Forth, and back to what Helm 3 has made."""
    unreleased.deploy()
    unreleased.program = unreleased.program.with_name("helm4")
    unreleased.deploy(replicas=2)
    unreleased.target().rollback(1, unreleased.said.append)
    assert unreleased.plan() == ()


def test_a_deploy_that_was_killed_while_it_waited_is_watched_again(released: Bench) -> None:
    """Helm calls a revision deployed as soon as its objects are written."""
    target = released.target(greeting="killed")
    target.changes()
    target.helm.install_or_upgrade(released.chart, target.settings.stamped())
    (told,) = released.told(greeting="killed")
    assert "was not seen to work: watched again" in told
    released.deploy(greeting="killed")
    assert released.plan(greeting="killed") == ()
    released.deploy()


def test_an_upgrade_that_was_killed_goes_back_first(deployed: Bench) -> None:
    """Its hook never ended; the release is pending, and Helm itself would refuse."""
    _kill_helm(deployed, "pending-upgrade")
    (told, *_) = deployed.told()
    assert "left revision" in told and "pending-upgrade: back to revision" in told
    deployed.deploy()
    assert deployed.plan() == ()


def test_an_installation_that_was_killed_is_removed_first(fresh: Bench) -> None:
    """Nothing of it ever worked."""
    fresh.cluster.request("POST", "/api/v1/namespaces", body={"metadata": {"name": fresh.namespace}})
    _kill_helm(fresh, "pending-install")
    assert "pending-install: removed first" in fresh.told()[0]
    fresh.deploy()
    assert fresh.plan() == ()


def _kill_helm(bench: Bench, status: str) -> None:
    """Kill a helm while a hook of its runs."""
    values = json.dumps({"job": {"command": ["sleep", "600"]}})
    target = bench.target()
    arguments = ["upgrade", "--install", target.helm.release, bench.chart, "--namespace", bench.namespace]
    helm = subprocess.Popen([bench.program, *arguments, "--values", "-"], stdin=subprocess.PIPE, text=True)
    assert helm.stdin
    helm.stdin.write(values)
    helm.stdin.close()
    assert wait_until(lambda: [one.status for one in target.history()][-1:] == [status], 60)
    assert wait_until(lambda: bench.live("apis/batch/v1/jobs", "migrate") is not None, 60)
    helm.kill()
    helm.wait()
