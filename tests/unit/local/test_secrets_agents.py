"""Who holds the logins of the secrets store: the agents of the zones, and nobody else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.local.machine.interpreter import SECRETS_AGENT
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import folders, topology
from aerodrome.local.processes.topology import Process


def processes(platform: Platform) -> dict[str, Process]:
    """Return the processes by name."""
    return {found.name: found for found in topology.desired(platform)}


def settings(platform: Platform, zone: str) -> dict[str, Any]:
    """Return what the agent of *zone* is told."""
    found: dict[str, Any] = json.loads(processes(platform)[f"secrets-{zone}"].files["agent.json"])
    return found


def as_root(platform: Platform) -> Platform:
    """Return *platform* as root makes it, with the clone's programs in the place of its own."""
    platform.layout.state.mkdir(exist_ok=True)
    if not (platform.layout.state / "venv").exists():
        (platform.layout.state / "venv").symlink_to(platform.layout.venv)
    return replace(platform, layout=replace(platform.layout, root=True))


def test_an_agent_is_restarted_for_whatever_it_runs(repository: Path) -> None:
    """Each module of ours that it loads is part of its digest; the packages' own files are empty."""
    program = (
        "import sys, aerodrome_airflow.secrets.agent\n"
        "for name, module in sorted(sys.modules.items()):\n"
        "    if name.startswith('aerodrome') and module.__file__: print(module.__file__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {str(Path(line).relative_to(repository)) for line in done.stdout.splitlines()}
    left = {name for name in loaded if not name.startswith(SECRETS_AGENT)}
    assert {name for name in left if not name.endswith("/__init__.py")} == set()
    assert "platform/aerodrome_airflow/launcher/listening.py" in loaded


def test_a_login_is_with_one_process(platform: Platform) -> None:
    """A worker knows the agent's socket and no more."""
    for name, process in processes(platform).items():
        held = "openbao-secret-id" in process.files
        assert held == name.startswith("secrets-"), name
    text = processes(platform)["worker-pii"].files["airflow.cfg"]
    assert str(platform.layout.secrets_socket("pii")) in text and platform.openbao_url not in text


def test_an_agent_starts_before_the_workers(platform: Platform) -> None:
    """Nobody waits for it at a start."""
    found = processes(platform)
    names = list(found)
    assert names.index("secrets-pii") < names.index("worker-pii")
    assert found["secrets-pii"].priority < found["worker-pii"].priority


def test_an_agent_becomes_its_zones_user(platform: Platform) -> None:
    """It is asked by that user, and in the zone with the triggerer by the triggerer's."""
    pii, default = settings(as_root(platform), "pii"), settings(as_root(platform), "default")
    assert (pii["user"], pii["allowed_users"], pii["socket_group"]) == (
        "aerodrome-pii",
        ["aerodrome-pii"],
        None,
    )
    assert default["allowed_users"] == ["aerodrome-default", "aerodrome"]
    assert default["socket_group"] == "aerodrome-default"


def test_without_root_there_is_one_user(platform: Platform) -> None:
    """Who is the agent's own."""
    found = settings(platform, "default")
    assert (found["user"], found["allowed_users"], found["socket_group"]) == (None, None, None)


@pytest.mark.parametrize("zone", ["default", "pii", "platform"])
def test_an_agent_can_use_its_settings(platform: Platform, zone: str) -> None:
    """They are what the agent reads."""
    from aerodrome_airflow.secrets import config

    process = processes(platform)[f"secrets-{zone}"]
    folders.write_configuration(platform, (process,))
    found = config.load(platform.layout.process_config(process.name) / "agent.json")
    assert (found.zone, found.environment, found.ages.stale) == (zone, "local", 900)


def test_a_login_that_an_earlier_version_left_is_removed(platform: Platform) -> None:
    """It is still valid."""
    process = processes(platform)["worker-pii"]
    old = platform.layout.process_config(process.name) / "openbao-secret-id"
    old.parent.mkdir(parents=True)
    old.write_text("still valid")
    folders.write_configuration(platform, (process,))
    assert not old.exists() and (old.parent / "airflow.cfg").exists()


def test_a_tenant_more_restarts_no_agent(platform: Platform) -> None:
    """The store says which tenants a zone has."""
    fewer = processes(replace(platform, tenants={}))
    assert fewer["secrets-default"].fingerprint == processes(platform)["secrets-default"].fingerprint
