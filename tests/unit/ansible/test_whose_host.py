"""What drains a host or takes the platform off it, by the real Ansible on a stand-in: whose host it is comes first."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_runs import Runs

OURS = {"environment": "lab", "host": "one", "zone": "onprem"}


@pytest.fixture
def runs(tmp_path: Path, repository: Path) -> Runs:
    """The platform's modules; a playbook is `test` in its turn."""
    made = Runs(tmp_path)
    for name in ("library", "module_utils"):
        shutil.copytree(repository / "ansible" / name, made.content / name)
    return made


def told(runs: Runs, playbook: Path, stamp: dict[str, str]) -> tuple[str, str]:
    """Return message and remedy of *playbook* on a machine with *stamp* where nothing may be changed."""
    shutil.copy(playbook, runs.content / "playbooks/test.yml")
    place = runs.content / "state.json"
    if stamp:
        place.write_text(json.dumps(stamp))
    common: dict[str, Any] = {"aerodrome_environment": "lab", "aerodrome_drain_mark": True}
    own = {"aerodrome_host": "one", "aerodrome_state_path": str(place)}
    (failure,) = runs.run("one", common=common, check=True, **own).failures.values()
    return failure.message, failure.remedy


@pytest.mark.parametrize("playbook", ["drain", "remove"])
@pytest.mark.parametrize(("key", "other"), [("environment", "prod"), ("host", "h9")])
def test_a_machine_that_is_somebody_elses_is_left_alone(
    runs: Runs, repository: Path, playbook: str, key: str, other: str
) -> None:
    """An address that is wrong by one digit may be that of another environment's host."""
    stamp = {**OURS, key: other}
    message, remedy = told(runs, repository / f"ansible/playbooks/{playbook}.yml", stamp)
    assert message == f"it is '{stamp['host']}' of the environment '{stamp['environment']}' already"
    assert "whether ansible_host is right" in remedy
    assert remedy.endswith(f"make remove ENV={stamp['environment']} LIMIT={stamp['host']}")


def test_a_host_that_was_never_set_up_has_nothing_to_drain(runs: Runs, repository: Path) -> None:
    """It is told what would make it a worker."""
    found = told(runs, repository / "ansible/playbooks/drain.yml", {})
    message = "it was never set up: there is nothing to drain"
    assert found == (message, "make workers ENV=lab LIMIT=one sets it up")


def test_a_host_is_marked_as_drained_once(runs: Runs, tmp_path: Path) -> None:
    """A second time changes nothing; everybody there may see the mark."""
    stamp, mark = tmp_path / "state.json", tmp_path / "drained"
    stamp.write_text(json.dumps(OURS))
    runs.write(
        f"{{name: Mark it, aerodrome_drained: {{environment: lab, host: one, path: {stamp}, mark: {mark}}}}}"
    )
    assert runs.run("one").changed == {"one": 1} and mark.stat().st_mode & 0o777 == 0o644
    assert runs.run("one").changed == {}
