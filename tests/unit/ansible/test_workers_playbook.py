"""The playbook that sets hosts up, by the real Ansible on a stand-in, with roles that do nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ansible_runs import Runs

WRITES = "- {name: Write, ansible.builtin.copy: {content: x, dest: '%s', mode: '0644'}, notify: Bring it into force}\n"
FORCES = "- {name: Bring it into force, ansible.builtin.copy: {content: x, dest: '%s', mode: '0644'}}\n"
FAILS = "- {name: Install, ansible.builtin.fail: {msg: No space left on device}}\n"


def test_what_a_failed_run_has_written_is_brought_into_force(tmp_path: Path, repository: Path) -> None:
    """The next run writes it no second time, and would leave the old settings running for ever."""
    runs = Runs(tmp_path)
    text = (repository / "ansible/playbooks/workers.yml").read_text()
    # The mark is this machine's here.
    (runs.content / "playbooks/test.yml").write_text(text.replace("/etc/aerodrome/", f"{tmp_path}/"))
    shutil.copytree(repository / "ansible/library", runs.content / "library")
    shutil.copytree(repository / "ansible/module_utils", runs.content / "module_utils")
    for role in re.findall(r"role: (\w+)", text):
        (runs.content / "roles" / role / "tasks").mkdir(parents=True)
    base, python = runs.content / "roles/node_base", runs.content / "roles/python_runtime"
    (base / "handlers").mkdir()
    (base / "tasks/main.yml").write_text(WRITES % (tmp_path / "written"))
    (base / "handlers/main.yml").write_text(FORCES % (tmp_path / "in_force"))
    (python / "tasks/main.yml").write_text(FAILS)
    outcome = runs.run("one", aerodrome_roles=["node_base", "python_runtime"])
    assert outcome.failures["one"].message == "its disk is full"
    assert (tmp_path / "in_force").exists()
