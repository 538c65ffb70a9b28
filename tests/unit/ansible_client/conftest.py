"""Playbooks of a test's own, run by the real Ansible on stand-ins for hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_runs import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Playbooks of this test."""
    return Runs(tmp_path)
