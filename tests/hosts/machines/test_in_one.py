"""A scenario in one start of Ansible proves what four starts would; on this machine instead of a host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fleet import in_one
from fleet.scenarios import Scenario, scenarios

PROGRAM = Path(sys.executable).with_name("ansible-playbook")
KNOWS = "noted is defined or said is defined or ansible_facts | length > 0"


def _book(path: Path, *tasks: dict[str, object], facts: bool = False) -> Path:
    about = {"hosts": "all", "connection": "local", "gather_facts": facts, "gather_subset": ["min"]}
    path.write_text(yaml.safe_dump([{**about, "tasks": list(tasks)}]))
    return path


def _run(folder: Path, *tasks: dict[str, object]) -> subprocess.CompletedProcess[str]:
    """Run a scenario whose converge is *tasks*, and whose verify fails where it knows what those have found."""
    forgotten = {"ansible.builtin.assert": {"that": f"not ({KNOWS})"}}
    books = {"converge": _book(folder / "converge.yml", *tasks, facts=True)}
    books["verify"] = _book(folder / "verify.yml", forgotten)
    own = in_one.written(folder, books)
    (folder / "hosts").write_text(f"host ansible_python_interpreter={sys.executable}")
    command = [PROGRAM, "-i", folder / "hosts", own["AERODROME_IN_ONE"]]
    return subprocess.run(
        command, env={**os.environ, **own}, cwd=folder, capture_output=True, text=True, check=False
    )


def _writes(text: str, folder: Path) -> dict[str, object]:
    asked = {"content": text, "dest": str(folder / "written"), "mode": "0600"}
    return {"name": "Write it", "ansible.builtin.copy": asked, "register": "said"}


def test_a_second_run_that_changes_nothing_passes(tmp_path: Path) -> None:
    """And neither it nor what verifies it knows what the first has registered, set and gathered."""
    first = {"ansible.builtin.assert": {"that": "noted is not defined and said is not defined"}}
    note = {"ansible.builtin.set_fact": {"noted": "yes"}}
    done = _run(tmp_path, first, _writes("same", tmp_path), note)
    assert done.returncode == 0 and "PART [verify]" in done.stdout, done.stdout


def test_a_second_run_that_changes_something_fails_and_is_not_verified(tmp_path: Path) -> None:
    """By the name of the task."""
    done = _run(tmp_path, _writes("{{ lookup('pipe', 'date +%N') }}", tmp_path))
    assert done.returncode and "The second run has changed something: Write it" in done.stdout, done.stdout
    assert "PART [idempotence]" in done.stdout and "PART [verify]" not in done.stdout


def test_a_change_that_a_failure_hides_counts(tmp_path: Path) -> None:
    """As it does for molecule."""
    hidden = {"name": "Fail", "ansible.builtin.command": "false", "ignore_errors": True}
    done = _run(tmp_path, hidden)
    assert done.returncode and "has changed something: Fail" in done.stdout, done.stdout


@pytest.mark.parametrize("scenario", scenarios([]), ids=str)
def test_each_scenario_names_its_playbooks(scenario: Scenario) -> None:
    """Those that molecule would run one by one."""
    books = scenario.books
    assert all(path.is_file() for path in books.values()) and {"converge", "verify"} <= set(books)
