"""What a running process must have been started with: the role's own fingerprints, by the real Ansible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_runs import Runs

SAID = {
    "airflow_worker_version": "1",
    "airflow_worker_open_files": 65536,
    "airflow_worker_writable": ["/srv"],
}
OTHERWISE = {
    "airflow_worker_version": "2",
    "airflow_worker_open_files": 16384,
    "airflow_worker_writable": ["/srv", "/data"],
}


@pytest.fixture
def fingerprint(tmp_path: Path, repository: Path) -> Any:
    """Return the fingerprint of launchers for some variables of their role."""
    role = repository / "ansible/roles/airflow_worker"
    runs = Runs(tmp_path)
    # The unit's text is found by the place of the role, which is known within a role alone.
    text = (role / "vars/main.yml").read_text().replace("role_path", f"'{role}'")
    (runs.content / "vars.yml").write_text(text)
    runs.write(
        f"ansible.builtin.include_vars: {runs.content}/vars.yml",
        'ansible.builtin.fail: {msg: "{{ __airflow_worker_launcher_fingerprint }}"}',
    )
    return lambda **more: runs.run("one", **{**SAID, **more}).failures["one"].message


def test_launchers_start_anew_for_all_that_their_unit_says(fingerprint: Any) -> None:
    """What runs on with other limits than its unit has would be nobody's choice."""
    found = [fingerprint(), *(fingerprint(**{name: value}) for name, value in OTHERWISE.items())]
    assert len(set(found)) == len(found) and {len(each) for each in found} == {16}
    assert fingerprint() == found[0]
