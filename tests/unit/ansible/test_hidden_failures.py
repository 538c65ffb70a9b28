"""Tasks that hide what they do, for it may hold secrets: why one fails is told all the same."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest
from ansible_runs import PLAYBOOK, Runs

SECRET = "Zq7-secret-of-a-test-Zq7"
BEGINS = {"airflow_worker": "- name: Write what is secret\n", "worker_logs": "- name: Write the login, "}


@pytest.mark.parametrize("role", BEGINS)
def test_why_a_secret_cannot_be_written_is_told_without_it(
    role: str, tmp_path: Path, repository: Path
) -> None:
    """The place and what the host says of it, and what to do."""
    runs, place = Runs(tmp_path), tmp_path / "away/login"
    for name in ("library", "module_utils"):
        shutil.copytree(repository / "ansible" / name, runs.content / name)
    text = (repository / f"ansible/roles/{role}/tasks/configure.yml").read_text()
    tasks = textwrap.indent(text[text.index(BEGINS[role]) :], "    ")
    (runs.content / "playbooks/test.yml").write_text(PLAYBOOK % tasks)
    files = [{"path": str(place), "mode": "0600", "content": SECRET}]
    logs = {"__worker_logs_login": str(place), "worker_logs_login": SECRET}
    failure = runs.run("one", __airflow_worker_secret_files=files, **logs).failures["one"]
    assert failure.message == f"{place.parent}/.login.draft: No such file or directory"
    assert failure.remedy == "Mend that on the host and run this again"
    assert SECRET not in f"{failure}{runs.said}"
