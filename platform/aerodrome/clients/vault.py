"""OpenBao or Vault: initialisation, KV version 2, policies and roles of login methods (hvac)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

import hvac
import requests

from aerodrome.errors import AerodromeError

TIMEOUT = 10
INITIALISE_TIMEOUT = 120


@dataclass(frozen=True)
class Vault:
    """One token's access to one server, whose certificate the *authority* signed: a PEM file, None for a public one."""

    url: str
    token: str | None = field(default=None, repr=False)
    authority: str | None = None

    def state(self) -> str:
        """Return 'absent', 'uninitialised', 'sealed', 'starting' (nothing can be written yet) or 'ready'."""
        try:
            return self.answered()
        except AerodromeError:
            return "absent"

    def answered(self) -> str:
        """Return the state that the server tells; AerodromeError says why it tells none."""
        with self._told():
            seal = self._client().sys.read_seal_status()
            if not seal["initialized"]:
                return "uninitialised"
            if seal["sealed"]:
                return "sealed"
            # Raft elects a leader first, if only among one; storage of other kinds has none.
            leader = self._client().sys.read_leader_status()
            return "ready" if leader.get("is_self", not leader["ha_enabled"]) else "starting"

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

    def enable_login(self, method: str) -> None:
        """Let programs log in by *method*: approle, kubernetes."""
        with self._told():
            self._client().sys.enable_auth_method(method)

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

    def roles(self, place: str) -> frozenset[str]:
        """Return the names of the roles below *place*, such as auth/approle/role; none where the method is off."""
        try:
            with self._told():
                found = self._client().list(place)
        except NotThereError:
            return frozenset()
        return frozenset(found["data"]["keys"]) if found else frozenset()

    def role(self, place: str, name: str) -> dict[str, Any] | None:
        """Return the settings of a role."""
        with self._told():
            found = self._client().read(f"{place}/{name}")
        return dict(found["data"]) if found else None

    def put_role(self, place: str, name: str, settings: Mapping[str, Any]) -> None:
        """Create a role, or change the *settings* that it has."""
        with self._told():
            self._client().write_data(f"{place}/{name}", data=dict(settings))

    def delete_role(self, place: str, name: str) -> None:
        """Remove a role, and with it what logs in by it."""
        with self._told():
            self._client().delete(f"{place}/{name}")

    def mint(self, role: str, ttl: str) -> str:
        """Return a token of the token role *role* for the time *ttl*."""
        with self._told():
            made = self._client().write_data(f"auth/token/create/{role}", data={"ttl": ttl})
        return str(made["auth"]["client_token"])

    def login(self, role_id: str, secret_id: str) -> str:
        """Return the token of a program that logs in with these ids."""
        with self._told():
            made = self._client().auth.approle.login(role_id, secret_id, use_token=False)
        return str(made["auth"]["client_token"])

    def role_id(self, name: str) -> str | None:
        """Return the role id of an AppRole."""
        try:
            with self._told():
                return str(self._client().auth.approle.read_role_id(name)["data"]["role_id"])
        except NotThereError:
            return None

    def secret_ids(self, name: str) -> frozenset[str]:
        """Return the accessors of an AppRole's secret ids."""
        return self.roles(f"auth/approle/role/{name}/secret-id")

    def lets_in(self, name: str) -> bool:
        """Return whether anybody can log in by the AppRole *name*: it knows a secret id that has not ended."""
        now = datetime.now(UTC)
        return any(
            end is None or end > now for end in map(partial(self._end_of, name), self.secret_ids(name))
        )

    def _end_of(self, name: str, accessor: str) -> datetime | None:
        """Return when the secret id of *accessor* ends; None where it does not."""
        try:
            with self._told():
                found = self._client().auth.approle.read_secret_id_accessor(name, accessor)
        except NotThereError:
            return datetime.min.replace(tzinfo=UTC)
        # Never is the first year.
        end = datetime.fromisoformat(found["data"]["expiration_time"])
        return end if end.year > 1 else None

    def accessor(self, name: str, secret_id: str) -> str | None:
        """Return the accessor of *secret_id* where the AppRole knows it."""
        try:
            with self._told():
                found = self._client().auth.approle.read_secret_id(name, secret_id)
        except NotThereError:
            return None
        # An unknown id is answered with an empty success, not with an error.
        known = isinstance(found, dict) and found.get("data")
        return str(known["secret_id_accessor"]) if known else None

    def put_login(self, name: str, role_id: str, secret_id: str) -> None:
        """Let the AppRole *name* in with these ids and no others."""
        with self._told():
            approle = self._client().auth.approle
            approle.update_role_id(name, role_id)
            if self.accessor(name, secret_id) is None:
                approle.create_custom_secret_id(name, secret_id)
            for other in self.secret_ids(name) - {self.accessor(name, secret_id)}:
                approle.destroy_secret_id_accessor(name, other)

    def set_role_id(self, name: str, role_id: str) -> None:
        """Let the AppRole *name* be known by *role_id*."""
        with self._told():
            self._client().auth.approle.update_role_id(name, role_id)

    def wrapped_secret_id(self, name: str, seconds: int) -> str:
        """Return a token that gives out a new secret id of the AppRole *name* once, within *seconds*.

        Every secret id that it had before is destroyed.
        """
        with self._told():
            approle = self._client().auth.approle
            for accessor in self.secret_ids(name):
                approle.destroy_secret_id_accessor(name, accessor)
            made = approle.generate_secret_id(name, wrap_ttl=f"{seconds}s")
        return str(made["wrap_info"]["token"])

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

    def write(self, mount: str, path: str, value: Mapping[str, Any], *, only_new: bool = False) -> None:
        """Write a new version of a secret; with *only_new* AerodromeError where there is one already."""
        cas = 0 if only_new else None
        with self._told():
            self._client().secrets.kv.v2.create_or_update_secret(
                path, secret=dict(value), mount_point=mount, cas=cas
            )

    def delete(self, mount: str, path: str) -> None:
        """Remove a secret with all its versions."""
        with self._told():
            self._client().secrets.kv.v2.delete_metadata_and_all_versions(path, mount_point=mount)

    def hide(self, mount: str, path: str) -> None:
        """Take the newest version of a secret away so that who administers the store can bring it back."""
        with self._told():
            self._client().secrets.kv.v2.delete_latest_version_of_secret(path, mount_point=mount)

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

    def _client(self, timeout: float = TIMEOUT) -> hvac.Client:
        return hvac.Client(url=self.url, token=self.token, timeout=timeout, session=self._session)

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        # Loopback here, a private network elsewhere: a proxy of the environment has no part in it.
        session.trust_env = False
        session.verify = self.authority or True
        return session

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
            raise AerodromeError(f"OpenBao at {self.url} does not answer: {_why(problem)}") from None


class NotThereError(AerodromeError):
    """The path, policy or role does not exist."""


def _why(problem: BaseException) -> str:
    """Return what the machine or TLS says below *problem*: refused, a name that nobody knows, a certificate."""
    inner = problem.args[-1] if problem.args else None
    if below := inner if isinstance(inner, BaseException) else problem.__cause__:
        return _why(below)
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {problem.verify_message}"
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
