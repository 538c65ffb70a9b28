"""The end of the attacked platform: the last file of this folder, for it takes the platform from all others."""

from __future__ import annotations

import pytest
from suite.deployment import Deployment, remains

pytestmark = pytest.mark.all_attacks


def test_destroy_leaves_nothing_of_it(deployment: Deployment) -> None:
    """No folder, no operating system user, no process, nobody at the directory's port."""
    deployment.destroy()
    assert tuple(remains(deployment.platform)) == ()
