"""Lets runs of Ansible share the modules that they have packed for hosts: each takes a third of a second to pack."""

from __future__ import annotations

import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

from ansible import constants

DOCUMENTATION = """
name: packed_modules
type: aggregate
short_description: Keeps packed modules between runs
description:
  - Ansible keeps a packed module, without anything that a task says, until the run ends.
  - With this it is kept in the folder that AERODROME_PACKED_MODULES names, for runs that have the same modules.
"""


class CallbackModule(CallbackBase):
    """Leads Ansible to the common folder before its first task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "packed_modules"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(
            os.environ["AERODROME_PACKED_MODULES"]
        )
