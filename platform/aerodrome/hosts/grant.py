"""What a host was let in for: its rights follow its workers, and the inventory only once these have ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from aerodrome.hosts.inventory import Host


@dataclass(frozen=True)
class Grant:
    """What a host was let in for; *issue* tells its login to the secrets store from earlier ones.

    A host that is *shut* has no user of the broker until it is set up: its tasks would not find what they run in.
    """

    zone: str
    queues: tuple[str, ...]
    issue: str = ""
    shut: bool = False

    @classmethod
    def of_text(cls, text: str) -> Grant:
        """Return what :meth:`text` wrote."""
        found = json.loads(text)
        return cls(**{**found, "queues": tuple(found["queues"])})

    def text(self) -> str:
        """Return it as it is kept."""
        return json.dumps(asdict(self))

    def applied_to(self, host: Host) -> Host:
        """Return *host* with the zone and the queues that it was let in for."""
        return replace(host, zone=self.zone, queues=self.queues)

    def other_zone(self, host: Host) -> str:
        """Return that *host* was let in for another zone than the inventory says; empty where it was not.

        Its users, files and logins there are of that zone, and whoever holds them shall not come by another one's.
        """
        if self.zone == host.zone:
            return ""
        return f"it was let in for the zone '{self.zone}', and the inventory says '{host.zone}' now"
