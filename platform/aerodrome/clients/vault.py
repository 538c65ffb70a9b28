"""OpenBao or Vault: initialisation, KV version 2, policies and AppRoles (hvac)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import hvac
import requests

from aerodrome.errors import AerodromeError

TIMEOUT = 10
INITIALISE_TIMEOUT = 120


@dataclass(frozen=True)
class Vault:
    """One token's access to one server."""

    url: str
    token: str | None = field(default=None, repr=False)

    def state(self) -> str:
        """Return 'absent', 'uninitialised', 'sealed', 'starting' (nothing can be written yet) or 'ready'."""
        try:
            seal = self._client().sys.read_seal_status()
            if not seal["initialized"]:
                return "uninitialised"
            if seal["sealed"]:
                return "sealed"
            # Raft elects a leader first, if only among one.
            return "ready" if self._client().sys.read_leader_status()["is_self"] else "starting"
        except (requests.RequestException, hvac.exceptions.VaultError):
            return "absent"

    def initialise(self) -> str:
        """Initialise a server that unseals itself, and return its root token."""
        with self._told():
            made = self._client(INITIALISE_TIMEOUT).sys.initialize(
                recovery_shares=1, recovery_threshold=1, secret_shares=None, secret_threshold=None
            )
        return str(made["root_token"])

    def mounts(self) -> frozenset[str]:
        """Return the paths of the secrets engines, without the slash."""
        with self._told():
            return frozenset(
                path.rstrip("/") for path in self._client().sys.list_mounted_secrets_engines()["data"]
            )

    def enable_kv(self, mount: str) -> None:
        """Mount a KV store of version 2 that keeps three versions of each secret."""
        with self._told():
            client = self._client()
            client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})

    def auth_methods(self) -> frozenset[str]:
        """Return the paths of the login methods, without the slash."""
        with self._told():
            return frozenset(path.rstrip("/") for path in self._client().sys.list_auth_methods()["data"])

    def enable_approle(self) -> None:
        """Let programs log in with a role id and a secret id."""
        with self._told():
            self._client().sys.enable_auth_method("approle")

    def policy(self, name: str) -> str | None:
        """Return the text of a policy."""
        try:
            with self._told():
                return str(self._client().sys.read_policy(name)["data"]["rules"])
        except NotThereError:
            return None

    def policies(self) -> frozenset[str]:
        """Return the names of all policies."""
        with self._told():
            return frozenset(self._client().sys.list_policies()["data"]["policies"])

    def put_policy(self, name: str, text: str) -> None:
        """Create or replace a policy."""
        with self._told():
            self._client().sys.create_or_update_policy(name, text)

    def delete_policy(self, name: str) -> None:
        """Remove a policy."""
        with self._told():
            self._client().sys.delete_policy(name)

    def approles(self) -> frozenset[str]:
        """Return the names of all AppRoles."""
        try:
            with self._told():
                return frozenset(self._client().auth.approle.list_roles()["data"]["keys"])
        except NotThereError:
            return frozenset()

    def put_approle(self, name: str, policy: str, role_id: str, secret_id: str) -> None:
        """Create or update an AppRole whose tokens carry *policy* alone and whose ids are the given ones."""
        with self._told():
            approle = self._client().auth.approle
            approle.create_or_update_approle(
                name,
                token_policies=[policy],
                token_no_default_policy=True,
                token_type="batch",  # noqa: S106  (a kind of token, not one)
                token_ttl="20m",  # noqa: S106
                token_max_ttl="20m",  # noqa: S106
                bind_secret_id=True,
            )
            approle.update_role_id(name, role_id)
            if not self._knows_secret_id(name, secret_id):
                approle.create_custom_secret_id(name, secret_id)

    def accepts(self, role_id: str, secret_id: str) -> bool:
        """Return whether a program can log in with these ids."""
        try:
            with self._told():
                self._client().auth.approle.login(role_id, secret_id, use_token=False)
        except AerodromeError:
            return False
        return True

    def delete_approle(self, name: str) -> None:
        """Remove an AppRole and its secret ids."""
        with self._told():
            self._client().auth.approle.delete_role(name)

    def read(self, mount: str, path: str) -> dict[str, Any] | None:
        """Return the newest version of a secret."""
        try:
            with self._told():
                found = self._client().secrets.kv.v2.read_secret_version(
                    path, mount_point=mount, raise_on_deleted_version=True
                )
                return dict(found["data"]["data"])
        except NotThereError:
            return None

    def write(self, mount: str, path: str, value: Mapping[str, Any]) -> None:
        """Write a new version of a secret."""
        with self._told():
            self._client().secrets.kv.v2.create_or_update_secret(path, secret=dict(value), mount_point=mount)

    def delete(self, mount: str, path: str) -> None:
        """Remove a secret with all its versions."""
        with self._told():
            self._client().secrets.kv.v2.delete_metadata_and_all_versions(path, mount_point=mount)

    def names(self, mount: str, folder: str) -> tuple[str, ...]:
        """Return the names in a folder of secrets, sorted; folders end in a slash."""
        try:
            with self._told():
                return tuple(
                    sorted(
                        self._client().secrets.kv.v2.list_secrets(folder, mount_point=mount)["data"]["keys"]
                    )
                )
        except NotThereError:
            return ()

    def _knows_secret_id(self, name: str, secret_id: str) -> bool:
        try:
            with self._told():
                found = self._client().auth.approle.read_secret_id(name, secret_id)
        except NotThereError:
            return False
        # An unknown id is answered with an empty success, not with an error.
        return isinstance(found, dict) and bool(found.get("data"))

    def _client(self, timeout: float = TIMEOUT) -> hvac.Client:
        session = requests.Session()
        # Loopback here, a private network elsewhere: a proxy of the environment has no part in it.
        session.trust_env = False
        return hvac.Client(url=self.url, token=self.token, timeout=timeout, session=session)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except hvac.exceptions.InvalidPath:
            raise NotThereError(f"OpenBao at {self.url}: nothing there") from None
        except hvac.exceptions.VaultError as problem:
            raise AerodromeError(
                f"OpenBao at {self.url}: {'; '.join(problem.errors or ()) or problem}"
            ) from None
        except requests.RequestException as problem:
            raise AerodromeError(f"OpenBao at {self.url} does not answer: {type(problem).__name__}") from None


class NotThereError(AerodromeError):
    """The path, policy or role does not exist."""
