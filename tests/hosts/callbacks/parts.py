"""Keeps the parts of a playbook apart that was put together of several, as if each had been a run of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: parts
type: aggregate
short_description: Forgets what one part has found out before the next, and notes what changes in one of them
description:
  - A play belongs to the part that its variable aerodrome_part names.
  - Each task that changes something in the part idempotence is a line of the file that AERODROME_CHANGED_AGAIN names.
"""
NOTED = "idempotence"


class CallbackModule(CallbackBase):
    """Forgets and notes."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "parts"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.part = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Begin the play's part, where it is another one."""
        part = play.get_vars()["aerodrome_part"]
        if part == self.part:
            return
        self.part = part
        _forget(play.get_variable_manager())
        self._display.banner(f"PART [{part}]")
        if part == NOTED:
            self._note("")

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note the task if it changed something in the part of which that is noted."""
        if self.part == NOTED and result.is_changed():
            self._note(f"{result._task.get_name()}\n")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Note it as well: a failure may be ignored or mended."""
        self.v2_runner_on_ok(result)

    def _note(self, text: str) -> None:
        with Path(os.environ["AERODROME_CHANGED_AGAIN"]).open("a", encoding="utf-8") as file:
            file.write(text)


def _forget(variables: Any) -> None:
    """Forget facts and whatever tasks have registered or set."""
    for host in variables._inventory.get_hosts():
        variables.clear_facts(host.name)
    variables._nonpersistent_fact_cache.clear()
    variables._vars_cache.clear()
