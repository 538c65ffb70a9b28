"""Values files as they are written for the official chart: combinations of keys that deployments in use have.

Each is the chart's own writing after what documentation, guides and public repositories combine; see its first line.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from chart_relations import CHECKS, Release
from chart_releases import CHART, NAMESPACE, RELEASE, arguments, objects, task_pods
from helm_process import run_helm
from kubernetes_schemas import VERSIONS, faults

FILES = {path.stem: path for path in sorted((Path(__file__).parent / "in_use").glob("*.yaml"))}
REFUSED = {
    "messages-by-rabbitmq": ("data.brokerUrl", "set data.resultBackendSecretName"),
    "volumes-owned-by-root": ("workers.persistence.fixPermissions", "leave it false"),
    "sets-without-a-queue": ("workers.celery.sets[cheap].queue", "name its own queue"),
    "celery-on-a-shared-file-system": ("images.airflow: image ", "name its registry there"),
    "proxy-of-google-cloud-sql": (
        "scheduler.extraInitContainers[sql-proxy]: image ",
        "name its registry there",
    ),
    "workers-that-breathe": ("workers.extraContainers[log-shipper]: image ", "name its registry there"),
}
"""What the company's policy refuses → the key and the remedy that it names."""
EXCUSED = {
    r"^StatefulSet \S+-worker: selects the pods of \S+ \S+-worker-\S+ too$": (
        "the labels are the official chart's and cannot change; a pod names who made it, so that nobody takes another's"
    ),
    r"^RoleBinding \S+-scc-rolebinding: leads to ServiceAccount \S+-webserver": (
        "the accounts are those that the official chart lists; one that is not there harms nobody"
    ),
}
"""Pattern of a line of tests/shared/chart_relations.py → why it may stay."""
RENDERED = [(name, "official") for name in FILES] + [
    (name, "company") for name in FILES if name not in REFUSED
]


@pytest.mark.parametrize(("name", "profile"), RENDERED)
def test_it_renders_objects_that_kubernetes_knows(helm: dict[str, Path], name: str, profile: str) -> None:
    """By the strict schemas of all versions, task pods included, and they fit each other."""
    release = objects(helm["helm3"], profile, FILES[name])
    parts = [*release, *(task for one in release for _, task in task_pods(one))]
    assert {fault for version in VERSIONS for one in parts for fault in faults(one, version)} == set()
    told = [line for check in CHECKS for line in check(Release(release))]
    assert [line for line in told if not any(re.search(pattern, line) for pattern in EXCUSED)] == []


@pytest.mark.parametrize("name", FILES)
def test_helm_lint_finds_nothing(helm: dict[str, Path], name: str) -> None:
    """With the profile of the official chart."""
    done = run_helm([helm["helm3"], "lint", "--strict", CHART, *arguments("official", FILES[name])])
    assert done.returncode == 0 and "[WARNING]" not in done.stdout, done.stdout


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_policy_refuses_is_told_with_key_and_remedy(helm: dict[str, Path], name: str) -> None:
    """Whoever comes from the official chart sees what to change."""
    given = [RELEASE, CHART, "--namespace", NAMESPACE, *arguments("company", FILES[name])]
    done = run_helm([helm["helm3"], "template", *given])
    key, remedy = REFUSED[name]
    assert done.returncode != 0
    assert key in done.stderr and remedy in done.stderr


def test_each_file_says_what_kind_of_deployment_it_is() -> None:
    """In its first line."""
    assert len(FILES) >= 12
    assert [name for name, path in FILES.items() if not path.read_text().startswith("# ")] == []
