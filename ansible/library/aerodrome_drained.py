#!/usr/bin/python
"""Ansible module: mark a host as drained, so that no worker starts there until it is set up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.aerodrome_stamp import PLACE, UnfitError, read, require_ours
from ansible.module_utils.aerodrome_tasks import DRAINED, worker_units

DOCUMENTATION = r"""
module: aerodrome_drained
short_description: Mark a host as drained
description:
  - Workers start only without the mark, also after a reboot. What runs goes on.
  - A machine that was never set up, or whose stamp names another environment or host, is left alone.
author: Aerodrome
options:
  environment: {description: The environment that the host is of., type: str, required: true}
  host: {description: The host's name in the inventory., type: str, required: true}
  path: {description: Where the stamp is., type: path, default: /etc/aerodrome/state.json}
  mark: {description: Where the mark is., type: path, default: /etc/aerodrome/drained}
"""
RETURN = r"""
changed: {description: Whether it was not marked before., type: bool, returned: always}
"""
TEXT = "by the command that drains; the one that sets hosts up takes this mark away\n"


def main() -> None:
    """Mark the host."""
    text = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "environment": text,
            "host": text,
            "path": {"type": "path", "default": PLACE},
            "mark": {"type": "path", "default": str(DRAINED)},
        },
        supports_check_mode=True,
    )
    mark = Path(module.params["mark"])
    try:
        require_set_up(module.params)
        changed = not mark.exists()
        if changed and not module.check_mode:
            mark.write_text(TEXT, encoding="utf-8")
            mark.chmod(0o644)
    except UnfitError as problem:
        module.fail_json(msg=str(problem), remedy=problem.remedy)
    except OSError as problem:
        module.fail_json(msg=f"{problem.filename}: {problem.strerror}")
    module.exit_json(changed=changed)


def require_set_up(wanted: dict[str, Any]) -> None:
    """Raise UnfitError where this machine is no worker, or another environment's or host's."""
    environment, host, stamp = wanted["environment"], wanted["host"], read(Path(wanted["path"]))
    require_ours(stamp, environment, host)
    # A stamp that cannot be read keeps nobody from draining.
    if not stamp and not worker_units():
        raise UnfitError(
            "it was never set up: there is nothing to drain",
            f"make workers ENV={environment} LIMIT={host} sets it up",
        )


if __name__ == "__main__":
    main()
