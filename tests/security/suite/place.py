"""Where attacks happen: two tenants, of whom alpha attacks and beta is attacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from suite.hosts import Host
from suite.live import VICTIM, Code, Live

__all__ = ["ATTACKER", "MARK", "VICTIM", "Api", "Place"]

ATTACKER = "alpha"
# Stands in whatever the victim keeps: who finds it has got through.
MARK = "beta-keeps-this-to-itself"


@dataclass(frozen=True)
class Api:
    """An API server as one of its users sees it; *server* is `served.Server`."""

    server: Any
    user: str = ATTACKER

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Return the answer to the user's request."""
        return self.server.ask(self.user, method, path, **request)

    def task(self, token: str, method: str, path: str, **request: Any) -> Any:
        """Return what the execution API answers to a task's token."""
        return self.server.task(token, method, path, **request)


@dataclass(frozen=True)
class Place:
    """What an attack may use; each part is started when the first attack asks for it.

    *find* returns a session's fixture by name. *open_api*, *open_code* and *open_pods* stand for the defended ones
    where a defence is switched off.
    """

    find: Callable[[str], Any]
    open_api: Api | None = None
    open_code: Code | None = None
    open_pods: Any = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def served(self) -> Any:
        """Both API servers and the ids of each tenant's things (`served.Place`)."""
        return self.find("served_place")

    def task(self, tenant: str) -> str:
        """Return the id of *tenant*'s task; an attack that clears the task gives it a new one."""
        which = f"dag_id = '{tenant}.daily' AND task_id = 'load' AND run_id = 'run_{tenant}'"
        return str(self.served.query(f"SELECT id FROM task_instance WHERE {which}")[0][0])

    @property
    def api(self) -> Api:
        """The API server, asked by the attacker."""
        return self.open_api or Api(self.served.defended)

    @property
    def live(self) -> Live:
        """The deployed platform."""
        found: Live = self.find("live")
        return found

    @property
    def host(self) -> Host:
        """Another machine, which reaches this one by a network."""
        found: Host = self.find("other_host")
        return found

    @property
    def company(self) -> Any:
        """The login of a company (`company.Company`)."""
        return self.find("followed_company")

    @property
    def code(self) -> Code:
        """Programs of the attacker, run as a task's code is."""
        return self.open_code or self.live.code(ATTACKER)

    @property
    def pods(self) -> Any:
        """Tenants' pods on a cluster (`attacked_pods.Pods`)."""
        return self.open_pods or self.find("pods")

    @cached_property
    def folder(self) -> Path:
        """A folder for what the attack writes."""
        made: Path = self.find("tmp_path_factory").mktemp("attack")
        return made
