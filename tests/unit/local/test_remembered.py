"""What was deployed last is looked at and ended, whatever the repository says now."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import ProblemsFound, UserError
from aerodrome.local.machine import state
from aerodrome.local.machine.ownership import ensure_folder
from aerodrome.local.release.deploy import destroy_local, down_local, is_deployed, logs_local, status_local
from aerodrome.local.release.preparation import deployed_platform, local_environment, prepare

BROKEN = "kind: local\nqueues: [nonsense\n"
FULL = """\
kind: local
zones: {default: {triggerer: true}, pii: {}}
queues: {default: {zone: default, slots: 3}, pii: {zone: pii, personal_data: true, shared: false}}
limits: {cpu: 1.5, memory: 512Mi, execution_timeout: 90m}
operators: {forbidden: [bash.run]}
alert_channels: {central: {type: file, target: a/b.jsonl}}
local: {ports: {postgres: 5000}, connections: {api: {type: http, url: 'http://x/y'}}, variables: [key]}
"""


def quiet(target: str, text: str) -> None:
    """Show no progress."""


@pytest.fixture
def deployed(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository whose environment was deployed, as far as anybody can tell from its state."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    place.write("environments/local/environment.yaml", FULL)
    place.tenant("alpha")
    prepared = prepare(place.root, "local", lambda _: None)
    ensure_folder(prepared.platform.layout.config, 0o711)
    (prepared.platform.layout.state / state.MARK).touch()
    prepared.remember()
    return place


def test_an_environment_is_remembered_as_it_was(deployed: Any) -> None:
    """Every key of it, and the tenants with it."""
    said = load_environment(deployed.root, "local")
    deployed.write("environments/local/environment.yaml", FULL.replace("slots: 3", "slots: 4"))
    found = deployed_platform(deployed.root, "local")
    assert found.environment == said and list(found.tenants) == ["alpha"]
    assert isinstance(found.environment, Environment) and found.looked_at


def test_a_mistake_in_environment_yaml_keeps_nobody_from_looking_and_stopping(deployed: Any) -> None:
    """All that these commands need was remembered."""
    deployed.write("environments/local/environment.yaml", BROKEN)
    with pytest.raises(ProblemsFound):
        local_environment(deployed.root, "local")
    assert status_local(deployed.root, "local").addresses
    assert list(logs_local(deployed.root, "local", None, 1)) == []
    down_local(deployed.root, "local", quiet)
    destroy_local(deployed.root, "local", quiet)
    assert not is_deployed(deployed.root, "local")


def test_what_was_never_deployed_to_its_end_can_be_destroyed_all_the_same(deployed: Any) -> None:
    """Nothing is remembered of it."""
    (deployed.root.parent / "state/config/environment.json").unlink()
    deployed.write("environments/local/environment.yaml", BROKEN)
    with pytest.raises(ProblemsFound):
        status_local(deployed.root, "local")
    down_local(deployed.root, "local", quiet)
    assert deployed.run("destroy", "--yes").returncode == 0 and not is_deployed(deployed.root, "local")


def test_an_environment_that_is_not_there_is_told(deployed: Any) -> None:
    """A misspelt name stops nothing."""
    with pytest.raises(UserError, match="did you mean 'local'"):
        down_local(deployed.root, "locl", quiet)
