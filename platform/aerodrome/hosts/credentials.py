"""What a host is given to reach the platform, and who gives and takes it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

LOGIN_SECONDS = 600
BROKER = "login to the broker"
STORE = "login to the secrets store"
BUNDLE = "login to the rendered DAGs"
LOGS = "login to the store of logs"
OUT = "it was shut out"
WAITS = "shut until the host has what its tasks run in"
_SHOWN = 16


@dataclass(frozen=True)
class HostCredentials:
    """One host's own; *wrapped_login* gives its first secret id out once, and is empty where it keeps what it has."""

    host: str
    broker_url: str = field(repr=False)
    role_id: str
    wrapped_login: str = field(repr=False)
    bundle_user: str
    bundle_password: str = field(repr=False)
    authority: str


@dataclass(frozen=True)
class Standing:
    """How a host's logins stand now.

    *marks*: login → what tells it from an earlier one of this host to who has the platform's key, and nothing to
    others. *refused*: login → why it would not be accepted. *other_zone* is what keeps all rights from the host: it was
    let in for another zone.
    """

    marks: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    other_zone: str = ""


def marked(key: str, text: str) -> str:
    """Return what tells *text* from another one; without the *key* nobody can try which text it is of."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:_SHOWN]


def out_of_its_zone(environment: str, host: str) -> str:
    """Return how *host* comes out of the zone that it was let in for, as a remedy."""
    return f"make remove ENV={environment} LIMIT={host}, then make workers"


class HostAccess(Protocol):
    """Lets hosts in at broker, secrets store and bundle, and shuts them out."""

    def authority(self) -> str:
        """Return the certificate of the authority that hosts trust, as PEM."""

    def standing(self, hosts: Sequence[str]) -> Mapping[str, Standing]:
        """Return host → how its logins stand; changes nothing."""

    def mark(self, text: str) -> str:
        """Return what tells *text*, a secret, from another one to who has the platform's key, and nothing to others."""

    def credentials(
        self,
        hosts: Sequence[str],
        new_logins: Collection[str] = (),
        seconds: int = LOGIN_SECONDS,
        *,
        only_look: bool = False,
    ) -> Mapping[str, HostCredentials]:
        """Let *hosts*, whose workers rest or keep their queues, in for the queues of now; return what each is given.

        Those of *new_logins* lose every secret id that they had and get another one, to be unwrapped within *seconds*.
        With *only_look* nobody is let in, and what is returned is of no use.
        """

    def step_back(self, hosts: Sequence[str]) -> None:
        """Give *hosts*, which could not be set up, also the rights that they had before their last credentials."""

    def restore(self, hosts: Sequence[str]) -> tuple[str, ...]:
        """Give *hosts* back what they were let in for and lost; return those who had, a sentence each."""

    def revoke(self, host: str) -> tuple[str, ...]:
        """Shut *host* out at once, and return what was done, a sentence each; nothing where it was not in."""
