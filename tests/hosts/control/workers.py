"""The hosts of the lab as workers of a platform."""

from __future__ import annotations

import re
from dataclasses import dataclass

from control.plane import Control
from fleet.host import Host

ONPREM, PERSONAL = ("hadoop1", "hadoop2"), "personal1"
UNIT = "aerodrome-worker@onprem.service"


@dataclass(frozen=True)
class Workers:
    """The platform and its hosts, which a deploy has made workers."""

    control: Control
    hosts: dict[str, Host]

    def of(self, run: str, dag: str = "grind") -> Host:
        """Return the host that the task of *run* runs on, once it does."""
        row = self.control.running(dag, run)
        return self.hosts[str(row["hostname"]).partition(".")[0]]

    @property
    def onprem(self) -> list[Host]:
        """The hosts of the queue onprem."""
        return [self.hosts[name] for name in ONPREM]

    @property
    def personal(self) -> Host:
        """The host of the queue for personal data."""
        return self.hosts[PERSONAL]


def results(said: str) -> dict[str, tuple[str, int]]:
    """Return host → result and number of changed tasks, from the table that `make workers` ends with."""
    rows = re.findall(r"^(\w+) +(?:onprem|pii) +(.+?) +(\d+)(?: .*)?$", said, re.MULTILINE)
    return {name: (result, int(changed)) for name, result, changed in rows}
