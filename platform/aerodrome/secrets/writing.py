"""What `make secret` does: find the place, ask, write once, tell who may use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.errors import UserError, did_you_mean
from aerodrome.manifest.folder import tenant_folders
from aerodrome.secrets import connection_roles, layout
from aerodrome.secrets.entry import Entry, Request, entry, who_may_use
from aerodrome.secrets.values import FOLDERS, PATHS, Value, Values, stored


@dataclass(frozen=True)
class Desk:
    """Where secrets of one environment are written; *vault* is None where another store decides who reads."""

    root: Path
    environment: Environment
    values: Values
    vault: Vault | None = None

    def write(self, request: Request, ask: Callable[[Entry], Value]) -> tuple[str, ...]:
        """Store what *ask* returns and return what there is to say: who may use it, and what is missing.

        Nothing is written before all of it is known and valid.
        """
        found = entry(self.root, self.environment, request)
        new = self.values.read(found.path) is None
        value = ask(found)
        connection_roles.require_usable(found, value)
        self.values.write(found.path, value)
        type_ = f" ({found.type})" if found.type else ""
        return (f"{'stored' if new else 'replaced'} {found.title}{type_}", *self._told(found, new))

    def delete(self, request: Request) -> str:
        """Remove a secret with its history; one that no file names any more is removed as well."""
        self._require_known(request)
        self.values.delete(PATHS[request.kind](self.environment.name, request.tenant, request.name))
        return f"deleted {request.kind} {request.tenant}{names.SEPARATOR}{request.name}"

    def _told(self, found: Entry, new: bool) -> list[str]:
        told = [who_may_use(found)]
        if not new:
            seconds = self.environment.secrets.fresh_seconds
            told.append(f"workers use the new value within {seconds} s; nothing needs to be restarted")
        if missing := self._not_deployed(found):
            zones = ", ".join(missing)
            told.append(
                f"not readable yet in: {zones}; `make deploy ENV={self.environment.name}` lets it be read"
            )
        return told

    def _not_deployed(self, found: Entry) -> list[str]:
        if self.vault is None:
            return []
        path = f"{names.SECRETS_MOUNT}/data/{found.path}"
        return [
            zone
            for zone, policy in found.policies().items()
            if path not in layout.paths_in(self.vault.policy(policy) or "")
        ]

    def _require_known(self, request: Request) -> None:
        if request.tenant != names.GLOBAL and request.tenant not in (known := tenant_folders(self.root)):
            remedy = f"{did_you_mean(request.tenant, known)}   what a removed tenant left: make remove-tenant"
            raise UserError(f"no tenant is named '{request.tenant}'", remedy)
        held = stored(self.values, self.environment.name, request.tenant)
        folder = FOLDERS[request.kind]
        there = [path.removeprefix(f"{folder}/") for path in held if path.startswith(f"{folder}/")]
        if request.name not in there:
            hint = did_you_mean(request.name, there) if there else "it holds none"
            raise UserError(f"the store holds no {request.kind} '{request.name}' of {request.tenant}", hint)
