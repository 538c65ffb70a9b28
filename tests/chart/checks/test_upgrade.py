"""A release of an earlier version of the chart, or with other values, can be upgraded: nothing changes that cannot.

The recordings are those of the version before; AERODROME_UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart_releases import CHART, DEFAULTS, EXAMPLES, PROFILES, objects
from immutable_fields import Recording, broken, difference, recording, restored

Release = Callable[..., tuple[Any, ...]]
RECORDED = Path(__file__).parent / "immutable"
RELEASES = [*((example, "company") for example in EXAMPLES), (DEFAULTS, "official")]
BASE = f"{DEFAULTS}.company"
HOW = "AERODROME_UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/chart/checks/test_upgrade.py"
CHANGES: dict[str, dict[str, Any]] = {
    "more of everything": {
        "scheduler": {"replicas": 2},
        "apiServer": {"replicas": 3},
        "triggerer": {"replicas": 2},
        "dagProcessor": {"replicas": 2},
        "workers": {"celery": {"replicas": 5}},
    },
    "another image": {"defaultAirflowDigest": "sha256:" + "4" * 64},
    "another version of Airflow": {"airflowVersion": "3.3.3", "defaultAirflowTag": "3.3.3"},
    "resources": {
        name: {"resources": {"requests": {"cpu": 2}}}
        for name in ("scheduler", "workers", "redis", "triggerer")
    },
    "environment and configuration": {
        "env": [{"name": "A", "value": "b"}],
        "config": {"core": {"parallelism": "64"}},
        "airflowPodAnnotations": {"example.org/a": "b"},
    },
    "labels": {"labels": {"team": "data"}, "workers": {"labels": {"tier2": "gold"}}},
    "places": {
        "nodeSelector": {"pool": "airflow"},
        "tolerations": [{"key": "airflow", "operator": "Exists"}],
        "priorityClasses": [{"name": "high", "value": 1000}],
    },
    "more components": {
        "flower": {"enabled": True},
        "pgbouncer": {"enabled": True},
        "cleanup": {"enabled": True},
        "databaseCleanup": {"enabled": True},
        "networkPolicies": {"enabled": True},
        "ingress": {"apiServer": {"enabled": True}},
    },
    "fewer components": {"statsd": {"enabled": False}, "createUserJob": {"enabled": False}},
    "autoscaling": {"workers": {"keda": {"enabled": True}}, "apiServer": {"hpa": {"enabled": True}}},
    "DAG files from git": {
        "dags": {"gitSync": {"enabled": True, "repo": "https://git.example.org/dags.git"}}
    },
    "another executor besides": {"executor": "CeleryExecutor,KubernetesExecutor"},
    "long running tasks": {"workers": {"terminationGracePeriodSeconds": 3600}},
    "accounts": {
        "workers": {
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}}
        }
    },
    "a set of workers": {
        "workers": {"celery": {"sets": [{"name": "heavy", "queue": "heavy", "replicas": 1}]}}
    },
}
UNAVOIDABLE: dict[str, tuple[dict[str, Any], str]] = {
    "size of the volumes of workers": (
        {"workers": {"celery": {"persistence": {"size": "200Gi"}}}},
        "it stands in the claims' template; grow the claims themselves, then delete the set with --cascade=orphan",
    ),
    "storage class": (
        {"workers": {"celery": {"persistence": {"storageClassName": "fast"}}}},
        "no claim changes its class: workers without volumes in between",
    ),
}
"""Changes that Kubernetes cannot make → why, and what people do instead."""


def upgraded(helm: Path, profile: str, values: dict[str, Any], chart: Path = CHART) -> Recording:
    """Return what cannot change of the defaults with *values*."""
    return recording(objects(helm, profile, values=json.dumps(values), chart=chart))


@pytest.mark.parametrize(("example", "profile"), RELEASES, ids=".".join)
def test_a_release_of_the_version_before_can_be_upgraded(
    release: Release, example: str, profile: str
) -> None:
    """What was recorded of it is what is rendered now."""
    now = recording(release(example, profile))
    if os.environ.get("AERODROME_UPDATE_GOLDEN"):
        record(f"{example}.{profile}", now, recording(release(DEFAULTS)))
    before = recorded(f"{example}.{profile}")
    assert broken(before, now) == []
    assert now.keys() == before.keys(), f"other objects than recorded of {example}: {HOW}"


def record(name: str, now: Recording, defaults: Recording) -> None:
    """Write a recording, as its difference to that of the defaults."""
    base = {} if name == BASE else defaults
    (RECORDED / f"{name}.json").write_text(json.dumps(difference(now, base), indent=1, sort_keys=True) + "\n")


def recorded(name: str) -> Recording:
    """Return the recording of that name."""
    file = RECORDED / f"{name}.json"
    assert file.is_file(), f"nothing is recorded of {name}: {HOW}"
    return restored(json.loads(file.read_text()), {} if name == BASE else recorded(BASE))


def test_no_recording_is_left_of_an_example_that_is_gone() -> None:
    """Each file is compared with something."""
    assert {path.stem for path in RECORDED.glob("*.json")} <= set(map(".".join, RELEASES))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_new_version_of_the_chart_changes_nothing_that_cannot_change(
    helm: dict[str, Path], tmp_path: Path, profile: str
) -> None:
    """Its number stands in labels of objects, and in no selector and no template of a claim."""
    newer = tmp_path / "airflow"
    shutil.copytree(CHART, newer)
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    (newer / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": "9.8.7", "appVersion": "3.9.9"}))
    now = upgraded(helm["helm3"], profile, {}, newer)
    assert broken(upgraded(helm["helm3"], profile, {}), now) == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_who_comes_from_the_official_profile_can_go_on_to_the_company_s(
    release: Release, example: str
) -> None:
    """And back, where a team cannot live with the policy yet."""
    official, company = (recording(release(example, profile)) for profile in ("official", "company"))
    assert broken(official, company) == []
    assert broken(company, official) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("change", CHANGES)
def test_other_values_change_nothing_that_cannot_change(
    helm: dict[str, Path], profile: str, change: str
) -> None:
    """There and back again."""
    before, after = (upgraded(helm["helm3"], profile, values) for values in ({}, CHANGES[change]))
    assert [line for line in broken(before, after) if " is gone" not in line] == []
    assert [line for line in broken(after, before) if " is gone" not in line] == []


@pytest.mark.parametrize("change", UNAVOIDABLE)
def test_a_change_that_kubernetes_cannot_make_is_told(helm: dict[str, Path], change: str) -> None:
    """With object, field and remedy; which also shows that such changes are seen."""
    before, after = (upgraded(helm["helm3"], "company", values) for values in ({}, UNAVOIDABLE[change][0]))
    (line,) = broken(before, after)
    assert line.startswith("StatefulSet airflow/rel-worker: spec.volumeClaimTemplates: ")
    assert "AERODROME_UPDATE_GOLDEN=1" in line


def test_an_object_that_keeps_data_does_not_vanish() -> None:
    """A renamed set of workers would leave its volumes behind."""
    before: Recording = {"StatefulSet airflow/a": {}, "Deployment airflow/b": {}}
    (line,) = broken(before, {})
    assert line.startswith("StatefulSet airflow/a: is gone")
