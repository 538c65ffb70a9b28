"""What a host is given to reach the platform, and who gives and takes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

LOGIN_SECONDS = 600


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


class HostAccess(Protocol):
    """Lets hosts in at broker, secrets store and bundle, and shuts them out."""

    def authority(self) -> str:
        """Return the certificate of the authority that hosts trust, as PEM."""

    def credentials(
        self, hosts: Sequence[str], new_logins: Collection[str] = (), seconds: int = LOGIN_SECONDS
    ) -> Mapping[str, HostCredentials]:
        """Let *hosts* in where they are not yet, and return host → what it is given.

        Those of *new_logins* lose every secret id that they had and get another one, to be unwrapped within *seconds*.
        """

    def logins(self, hosts: Sequence[str]) -> frozenset[str]:
        """Return those of *hosts* that the secrets store knows a secret id of."""

    def revoke(self, host: str) -> tuple[str, ...]:
        """Shut *host* out at once, and return what was done, a sentence each; nothing where it was not in."""
