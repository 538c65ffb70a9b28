"""The policies and roles of one environment in Vault or OpenBao, as they are, and changing one of them."""

from __future__ import annotations

from dataclasses import dataclass

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.secrets.layout import POLICY, TEXT, Key, Layout, Settings, places


@dataclass(frozen=True)
class LiveLayout:
    """One environment's share of a server. What has another name belongs to somebody else and is never seen."""

    vault: Vault
    environment: Environment

    def read(self) -> Layout:
        """Return the policies and roles that bear this environment's names."""
        found = {Key(POLICY, name): self._policy(name) for name in self._own(self.vault.policies())}
        for kind, place in places(self.environment).items():
            for name in self._own(self.vault.roles(place)):
                found[Key(kind, name)] = self.vault.role(place, name) or {}
        return Layout(found)

    def put(self, key: Key, settings: Settings) -> None:
        """Create the object *key*, or give it these *settings*."""
        if key.kind == POLICY:
            self.vault.put_policy(key.name, str(settings[TEXT]))
        else:
            self.vault.put_role(places(self.environment)[key.kind], key.name, settings)

    def delete(self, key: Key) -> None:
        """Remove the object *key*."""
        if key.kind == POLICY:
            self.vault.delete_policy(key.name)
        else:
            self.vault.delete_role(places(self.environment)[key.kind], key.name)

    def _own(self, found: frozenset[str]) -> list[str]:
        return sorted(name for name in found if name.startswith(names.secrets_prefix(self.environment.name)))

    def _policy(self, name: str) -> Settings:
        return {TEXT: self.vault.policy(name) or ""}
