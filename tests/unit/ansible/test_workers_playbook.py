"""The playbook that sets hosts up, by the real Ansible on a stand-in, with roles that do nothing else."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from ansible_runs import Runs

WRITES = "- {name: Write, ansible.builtin.copy: {content: x, dest: '%s', mode: '0644'}, notify: Bring it into force}\n"
FORCES = "- {name: Bring it into force, ansible.builtin.copy: {content: x, dest: '%s', mode: '0644'}}\n"
FAILS = "- {name: Install, ansible.builtin.fail: {msg: No space left on device}}\n"
BRINGS = """\
- name: Write
  aerodrome_files: {files: [{path: '%s', mode: '0644', content: x}]}
  notify: Bring it into force
"""
CUT_OFF = """\
- name: Lose the network
  ansible.builtin.set_fact: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9}
- name: Install
  ansible.builtin.ping: {}
"""
STAMPED = {"aerodrome_environment": "lab", "aerodrome_host": "one", "aerodrome_zone": "onprem"}
KEEPS = "- {name: Keep who failed, ansible.builtin.set_fact: {__tenant_runtime_failed: '{{ failed }}'}}\n"


@pytest.fixture
def runs(tmp_path: Path, repository: Path) -> Runs:
    """The playbook with the platform's modules; its roles do nothing."""
    made = Runs(tmp_path)
    text = (repository / "ansible/playbooks/workers.yml").read_text()
    (made.content / "playbooks/test.yml").write_text(text)
    for name in ("library", "module_utils"):
        shutil.copytree(repository / "ansible" / name, made.content / name)
    # The marks are this machine's here.
    for path in (*made.content.glob("playbooks/*.yml"), *made.content.glob("module_utils/*.py")):
        path.write_text(re.sub("/etc/aerodrome/|/run/(?=aerodrome-)", f"{tmp_path}/", path.read_text()))
    for role in re.findall(r"role: (\w+)", text):
        does(made, role, "tasks/main.yml", "")
    does(made, "kerberos_client", "tasks/others.yml", "")
    return made


def does(runs: Runs, role: str, name: str, text: str) -> None:
    """Write the file *name* of *role*."""
    file = runs.content / "roles" / role / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_what_a_failed_run_has_written_is_brought_into_force(runs: Runs, tmp_path: Path) -> None:
    """The next run writes it no second time, and would leave the old settings running for ever."""
    does(runs, "node_base", "tasks/main.yml", WRITES % (tmp_path / "written"))
    does(runs, "node_base", "handlers/main.yml", FORCES % (tmp_path / "in_force"))
    does(runs, "python_runtime", "tasks/main.yml", FAILS)
    outcome = runs.run("one", aerodrome_roles=["node_base", "python_runtime"])
    assert outcome.failures["one"].message == "its disk is full"
    assert (tmp_path / "in_force").exists()


def test_what_a_run_has_written_that_was_cut_off_is_brought_into_force(runs: Runs, tmp_path: Path) -> None:
    """By the next one, which finds the file as it should be; the one after that has nothing to bring."""
    in_force = tmp_path / "in_force"
    does(runs, "node_base", "tasks/main.yml", BRINGS % (tmp_path / "written"))
    does(runs, "node_base", "handlers/main.yml", FORCES % in_force)
    does(runs, "python_runtime", "tasks/main.yml", CUT_OFF)
    state = {"aerodrome_state_digest": "1", "aerodrome_parts": {}, "aerodrome_state_path": f"{tmp_path}/s"}
    variables = {"aerodrome_roles": ["node_base", "python_runtime"], **STAMPED, **state}
    assert runs.run("one", **variables).failures["one"].unreachable and not in_force.exists()
    does(runs, "python_runtime", "tasks/main.yml", "")
    assert not runs.run("one", **variables).failures and in_force.exists()
    in_force.unlink()
    assert not runs.run("one", **variables).failures and not in_force.exists()


def test_a_tenant_that_fails_is_all_that_a_stamp_lacks(runs: Runs, tmp_path: Path, repository: Path) -> None:
    """Without a stamp every later run would take the host for one in which anything may differ."""
    role, stamp = repository / "ansible/roles/tenant_runtime", tmp_path / "state.json"
    for name in ("tasks/told.yml", "vars/main.yml"):
        does(runs, "tenant_runtime", name, (role / name).read_text())
    does(runs, "tenant_runtime", "tasks/main.yml", KEEPS)
    parts = {"node_base": "1", "tenant_runtime": "1", "tenant alpha": "1", "tenant beta": "1"}
    wanted = {"aerodrome_state_digest": "1", "aerodrome_parts": parts, "aerodrome_state_path": str(stamp)}
    more = {"aerodrome_roles": ["tenant_runtime"], "tenant_runtime_tenants": [], **STAMPED, **wanted}
    failures = runs.run("one", failed={"beta": "tenants/beta: no"}, **more).failures
    assert failures["one"].message.startswith("tenants/beta: no")
    assert json.loads(stamp.read_text())["parts"] == {"node_base": "1", "tenant alpha": "1"}
    assert not runs.run("one", failed={}, **more).failures
    assert json.loads(stamp.read_text())["parts"] == parts
