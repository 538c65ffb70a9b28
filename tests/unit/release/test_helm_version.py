"""Which helm serves, and which one a deploy takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access
from aerodrome.clients.helm import Helm
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.kubernetes.connection import Connection
from placed_helms import place_helms

FORCED = ["--force-conflicts", "--server-side=true"]


def helm(folder: Path, script: str) -> Helm:
    """Return a helm that is this *script*; an empty one: no program."""
    program = folder / "helm"
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
    return Helm(program, Access({}, "kubeconfig"), "airflow", "airflow")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "{}: no such program\n    `make helm` fetches it"),
        (
            "printf v3.13.3",
            "{} is Helm 3.13.3: 3.14.0 is the oldest that serves\n    `make helm` fetches a newer one",
        ),
        ("printf hello", "{} is no helm: hello is not valid SemVer string\n    `make helm` fetches one"),
    ],
)
def test_a_helm_that_does_not_serve_is_told(tmp_path: Path, script: str, said: str) -> None:
    """Before anything is asked of a cluster."""
    found = helm(tmp_path, script)
    with pytest.raises(UserError) as refused:
        found.check()
    assert str(refused.value) == said.format(found.program)


@pytest.mark.parametrize("script", ["printf v3.14.0", "printf v4.3.1"])
def test_a_helm_that_serves_tells_its_version(tmp_path: Path, script: str) -> None:
    """Of both generations."""
    assert f"printf v{helm(tmp_path, script).check()}" == script


@pytest.mark.parametrize(("version", "told"), [("v3.17.3", []), ("v4.0.1", FORCED)])
def test_what_somebody_edited_by_hand_is_taken_back(tmp_path: Path, version: str, told: list[str]) -> None:
    """By an upgrade and by a rollback, also over what the generation before has made, which knows no such options."""
    asked = f'echo "$*" >>{tmp_path}/asked; echo \'{{"version": 2}}\''
    found = helm(tmp_path, f'[ "$1" = version ] && exec printf {version}\n{asked}')
    found.install_or_upgrade(tmp_path, {})
    found.rollback(1)
    upgrade, rollback = (tmp_path / "asked").read_text().splitlines()
    assert upgrade.startswith("upgrade airflow ") and rollback.startswith("rollback airflow 1 ")
    for line in (upgrade, rollback):
        assert sorted(set(line.split()) & {*FORCED}) == told


@pytest.mark.parametrize(("settings", "major"), [({}, 3), ({"helm": 4}, 4)])
def test_an_environment_says_which_generation_it_is_deployed_with(
    settings: dict[str, int], major: int, tmp_path: Path
) -> None:
    """The older one, unless it says otherwise."""
    place_helms(tmp_path / ".venv/helm", 'printf "v${0##*helm}.99.0"')
    shape = {"name": "prod", "kind": "kubernetes", "zones": {}, "queues": {}, "cluster": settings}
    way = Access({"clusters": [{"cluster": {"server": "https://127.0.0.1:1"}}], "users": []}, "kubeconfig")
    connection = Connection(tmp_path, Environment.model_validate(shape), way, Cluster.__new__(Cluster))
    assert connection.release({}).helm.check().major == major
