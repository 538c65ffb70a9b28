"""Every role of Ansible: its defaults are those that its arguments tell, and it is laid out as all are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "ansible/roles"
NAMES = sorted(path.parents[1].name for path in ROLES.glob("*/meta/main.yml"))
SCENARIOS = {"default", "alternative"}


def _read(*parts: str) -> Any:
    path = ROLES.joinpath(*parts)
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def _options(role: str) -> dict[str, dict[str, Any]]:
    return dict(_read(role, "meta", "argument_specs.yml")["argument_specs"]["main"].get("options") or {})


@pytest.mark.parametrize("role", NAMES)
def test_defaults_are_those_of_the_arguments(role: str) -> None:
    """Whoever reads the one has read the other."""
    told = {name: option["default"] for name, option in _options(role).items() if "default" in option}
    assert told == (_read(role, "defaults", "main.yml") or {})


@pytest.mark.parametrize("role", NAMES)
def test_an_argument_is_required_or_has_a_default(role: str) -> None:
    """And says what it is, under a name that begins with the role's."""
    for name, option in _options(role).items():
        assert name.startswith(f"{role}_"), name
        assert bool(option.get("required")) != ("default" in option), name
        assert option.get("description") and option.get("type"), name


@pytest.mark.parametrize("role", NAMES)
def test_private_variables_are_marked(role: str) -> None:
    """What a role keeps to itself begins with two underscores and its name."""
    for name in _read(role, "vars", "main.yml") or {}:
        assert name.startswith(f"__{role}_"), name


@pytest.mark.parametrize("role", NAMES)
def test_the_main_file_only_includes(role: str) -> None:
    """Steps lie in files of their own: preflight, install, configure, service."""
    includes = {"ansible.builtin.import_tasks", "ansible.builtin.include_tasks"}
    for task in _read(role, "tasks", "main.yml"):
        assert includes & task.keys(), task


@pytest.mark.parametrize("role", NAMES)
def test_the_alternative_scenario_sets_every_argument(role: str) -> None:
    """And both scenarios check what came of it."""
    for scenario in SCENARIOS:
        assert (ROLES / role / "molecule" / scenario / "verify.yml").exists()
    said = (ROLES / role / "molecule/alternative/molecule.yml").read_text(encoding="utf-8")
    assert [name for name in _options(role) if f"{name}:" not in said] == []
