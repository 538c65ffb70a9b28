"""Who of the hosts outside was let in, and for what: two Secrets beside the release, with a key for each host.

One holds passwords, and no pod mounts it. The other holds the broker's users as Redis reads them when it starts, with
digests. A key is written whole, so that two commands on different hosts never undo one another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_urlsafe

from aerodrome import names
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_secret import OwnSecret
from aerodrome.hosts.grant import Grant
from aerodrome.render import broker_users
from aerodrome.render.chart_values import HOST_USERS

SECRET = "aerodrome-hosts"  # noqa: S105 - a name
_HOST, _REMOVED, _MARKS = "host.", "removed.", "marks"
_FILE = ".conf"


@dataclass(frozen=True)
class LetIn:
    """What one host was let in for, and its password at the broker."""

    grant: Grant
    password: str = field(repr=False)

    def rights(self, host: str) -> str:
        """Return what the broker's user of *host* may do."""
        return broker_users.of_worker(self.password, self.grant.queues, host)


@dataclass(frozen=True)
class Kept:
    """The record at one moment; *marks* is the key of what tells one login from another, empty before the first."""

    hosts: Mapping[str, LetIn]
    removals: Mapping[str, str]
    marks: str = field(repr=False)

    @property
    def zones(self) -> dict[str, str]:
        """Return host → the zone that it was let in for."""
        return {name: found.grant.zone for name, found in self.hosts.items()}

    @property
    def at_broker(self) -> dict[str, LetIn]:
        """Return those that the broker may let in."""
        return {name: found for name, found in self.hosts.items() if not found.grant.shut}


@dataclass(frozen=True)
class HostRecord:
    """The record of one environment."""

    cluster: Cluster
    namespace: str

    def read(self) -> Kept:
        """Return what is kept now."""
        found = self._passwords.read() or {}
        hosts = {name: _let_in(text) for name, text in _named(found, _HOST).items()}
        return Kept(hosts, _named(found, _REMOVED), found.get(_MARKS, ""))

    def marks(self) -> str:
        """Return the key of marks, made where there is none."""
        known = self.read().marks
        if not known:
            known = token_urlsafe(32)
            self._passwords.write({_MARKS: known})
        return known

    def keep(self, host: str, grant: Grant, password: str = "") -> LetIn:
        """Note what *host* is let in for, with *password* or a new one, and return it; Redis will know it."""
        made = LetIn(grant, password or token_urlsafe(32))
        text = json.dumps({"grant": grant.text(), "password": made.password})
        self._passwords.write({_HOST + host: text})
        line = f"user {names.host_user(host)} {made.rights(host)}\n"
        self._users.write({host + _FILE: None if grant.shut else line})
        return made

    def shut(self, host: str) -> None:
        """Note that *host* is kept away from the broker; nothing where it was not let in."""
        if known := self.read().hosts.get(host):
            self.keep(host, replace(known.grant, shut=True), known.password)

    def forget(self, host: str) -> None:
        """Forget *host*, and note that it was removed: who began to let it in before shall not go on."""
        self._passwords.write({_HOST + host: None, _REMOVED + host: token_urlsafe(16)})
        self._users.write({host + _FILE: None})

    @property
    def _passwords(self) -> OwnSecret:
        return OwnSecret(self.cluster, self.namespace, SECRET, "what hosts were let in with")

    @property
    def _users(self) -> OwnSecret:
        return OwnSecret(self.cluster, self.namespace, HOST_USERS, "the broker's users of hosts")


def _named(found: Mapping[str, str], start: str) -> dict[str, str]:
    return {key.removeprefix(start): text for key, text in sorted(found.items()) if key.startswith(start)}


def _let_in(text: str) -> LetIn:
    found = json.loads(text)
    return LetIn(Grant.of_text(found["grant"]), found["password"])
