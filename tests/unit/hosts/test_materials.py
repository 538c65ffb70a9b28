"""What hosts are told to be made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.targets.host_materials import platform_digest

BUILDER = "platform/aerodrome/runtime/on_host.py"
LOCKS = ("ansible/worker.lock", "bootstrap.lock", "requirements.lock")


@pytest.mark.parametrize(
    "edited", [*LOCKS, "platform/aerodrome_airflow/x.py", "platform/aerodrome/runtime/x.py"]
)
def test_an_edit_of_code_that_hosts_run_is_another_digest(tmp_path: Path, edited: str) -> None:
    """Of what their workers import, and of what builds tenants' environments there; of nothing else."""
    for name in (*LOCKS, edited, BUILDER, "platform/aerodrome/cli/x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'aerodrome'\n")
    (tmp_path / BUILDER).write_text("from aerodrome.runtime import x\n")
    before = platform_digest(tmp_path)
    (tmp_path / "platform/aerodrome/cli/x.py").write_text("two")
    assert platform_digest(tmp_path) == before
    (tmp_path / edited).write_text("two")
    assert platform_digest(tmp_path) != before
