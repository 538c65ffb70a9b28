"""A deploy to a real cluster that does not come to its end, and what the next one makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from line import line
from sandbox import HELD, VALUES, Sandbox

pytestmark = pytest.mark.usefixtures("first")
MOMENTS = {
    "before anything": "fit to publish",
    "helm at work": "helm applies",
    "a rollout": "airflow-scheduler 1/1 ready, starts",
    "published": "bundle       published",
    "the canary": "smoke test   run",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_deploy_is_brought_to_its_end_by_the_next(deployed: Sandbox, moment: str) -> None:
    """Wherever it was: nothing is left to do afterwards, and the canary has run on what there is."""
    deployed.change_release()
    deployed.change_dag()
    with deployed.begun("deploy", "--yes") as killed:
        killed.wait_for(MOMENTS[moment])
        killed.kill()
    told = deployed.deploy_after_a_kill()
    assert "smoke test" in told and deployed.planned() == set()
    assert "sandbox: nothing to change" in deployed.deploy()


def test_of_two_deploys_at_once_one_is_refused(deployed: Sandbox) -> None:
    """With who has the lock; the other comes to its end."""
    deployed.change_release()
    with deployed.begun("deploy", "--yes") as going:
        going.wait_for("helm applies")
        second = deployed.run("deploy", "--yes")
        assert second.returncode == 1 and HELD in second.stderr
        assert going.end() == 0, going.said()
    assert deployed.planned() == set()


def test_a_deploy_that_loses_the_cluster_says_so(deployed: Sandbox, tmp_path: Path) -> None:
    """It changes nothing more; the next one goes on when the cluster is back."""
    deployed.change_release()
    with (
        line(tmp_path) as (wire, kubeconfig),
        deployed.begun("deploy", "--yes", kubeconfig=kubeconfig) as going,
    ):
        going.wait_for("airflow-scheduler 1/1 ready, starts")
        wire.cut()
        assert going.end() == 1
        # Whichever is noticed first: a question that is not answered, or a lock that is not renewed.
        told = ("does not answer", "look whether the cluster answers")
        assert any(text in going.said() for text in told) and "Traceback" not in going.said()
    deployed.deploy_after_a_kill()
    assert deployed.planned() == set()


def test_an_image_that_does_not_start_is_told_with_its_log(deployed: Sandbox) -> None:
    """What worked before runs again; the values still ask for the other."""
    deployed.change_release()
    broken = "  args: [python, -c, 'exit(\"no such day\")']\n"
    deployed.edit(VALUES, lambda text: text.replace("\nscheduler:\n", f"\nscheduler:\n{broken}"))
    done = deployed.run("deploy", "--yes")
    told = done.stdout + done.stderr
    assert done.returncode == 1 and "no such day" in told and "which works" in told
    assert ("release", "update", "Deployment airflow-scheduler") in deployed.planned()
    deployed.edit(VALUES, lambda text: text.replace(broken, ""))
    deployed.deploy()
