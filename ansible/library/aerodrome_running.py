"""Ansible module: which worker units and tasks a host runs now."""

from __future__ import annotations

import time

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.aerodrome_tasks import busy, tasks, worker_units

DOCUMENTATION = r"""
module: aerodrome_running
short_description: Tell which worker units and tasks of Airflow run on a host
description:
  - Changes nothing.
author: Aerodrome
options:
  wait: {description: Seconds to wait for at most until no worker runs., type: float, default: 0}
"""
RETURN = r"""
units: {description: Worker unit and its state., type: dict, returned: always}
busy: {description: Units that are not at rest., type: list, returned: always}
tasks: {description: Name and age in seconds of each running task., type: list, returned: always}
"""


PAUSE = 0.25


def main() -> None:
    """Tell what runs."""
    specification = {"wait": {"type": "float", "default": 0.0}}
    module = AnsibleModule(argument_spec=specification, supports_check_mode=True)
    end = time.monotonic() + module.params["wait"]
    while busy(units := worker_units()) and time.monotonic() < end:
        time.sleep(PAUSE)
    module.exit_json(changed=False, units=units, busy=busy(units), tasks=tasks())


if __name__ == "__main__":
    main()
