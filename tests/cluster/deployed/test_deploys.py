"""Deploys to a real cluster: what a plan names, and that a deploy does just that."""

from __future__ import annotations

import pytest
from sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("first")


def test_a_first_deploy_ends_with_a_task_on_every_queue(first: str) -> None:
    """Of each zone's own workers."""
    for queue in ("default", "pii", "onprem", "maintenance"):
        assert f"queue {queue}: airflow-worker-" in first


def test_a_second_deploy_changes_nothing(deployed: Sandbox) -> None:
    """The canary is not run again either."""
    told = deployed.deploy()
    assert "sandbox: nothing to change" in told and "smoke test" not in told


def test_a_changed_manifest_is_one_change(deployed: Sandbox) -> None:
    """Nothing of the release is touched, and Airflow has the new form of the DAG."""
    deployed.change_dag()
    assert deployed.planned() == {("bundle", "update", "DAG flights.weather")}
    assert "sandbox: 1 change made" in deployed.deploy()
    assert deployed.planned() == set()


def test_a_changed_value_is_what_follows_from_it(deployed: Sandbox) -> None:
    """The Deployment whose pods it is for."""
    deployed.change_release()
    assert deployed.planned() == {("release", "update", "Deployment airflow-scheduler")}
    deployed.deploy()
    assert deployed.planned() == set()


def test_a_rollback_goes_back_to_the_deploy_before(deployed: Sandbox) -> None:
    """With a canary at its end; what the repository says is then another thing again."""
    done = deployed.run("rollback")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sandbox: went back to deploy " in done.stdout
    assert ("release", "update", "Deployment airflow-scheduler") in deployed.planned()
    deployed.deploy()


def test_what_works_goes_on_to_the_next_environment(deployed: Sandbox) -> None:
    """Its images with their digests; what is deployed then is planned first, and this cluster is another's."""
    text = (deployed.root / "environments/sandbox/environment.yaml").read_text()
    after = text.replace("/airflow\n", "/after\n") + "promoted_from: sandbox\ncluster: {namespace: after}\n"
    deployed.edit("environments/after/environment.yaml", lambda _: after)
    deployed.deploy()
    done = deployed.repository.run("promote", "--from", "sandbox", "--to", "after")
    assert "after: gets commit " in done.stdout
    assert done.returncode == 2 and "is in the cluster and not of this release" in done.stderr
    ours, theirs = (deployed.repository.digests(name) for name in ("sandbox", "after"))
    assert ours == theirs and len(ours) > 1
