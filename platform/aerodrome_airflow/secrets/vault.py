"""Vault or OpenBao: the zone's login mints a token for each tenant, and each value is read with its tenant's token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aerodrome import names

from aerodrome_airflow.secrets import pod_token
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.http import BadRequestError, Http
from aerodrome_airflow.secrets.protocol import CONNECTION, Lookup
from aerodrome_airflow.secrets.store import (
    Attempt,
    LoginRefusedError,
    RefusedError,
    UnusableError,
    Value,
)

SPARE_SHARE = 0.2
LONGEST_SPARE = 30.0
"""Seconds before its end at which a token is no longer used; a fifth of a short life."""


@dataclass(frozen=True)
class Login:
    """Where the store is, and the zone's AppRole there, which reads no secret."""

    url: str
    role_id: str = field(repr=False)
    secret_id: str = field(repr=False)
    ca_file: str | None = None


@dataclass(frozen=True)
class PodLogin:
    """Where the store is, and the token by which a pod says who it is; the cluster renews its file.

    *mount* is where the store lets pods of this cluster log in. A pod of one tenant logs in as that tenant, by the
    role of its tasks where no other *role* is named. One that *mints* is a worker of its zone: like the zone's AppRole
    its login reads no secret.
    """

    url: str
    mount: str
    token_file: Path
    ca_file: str | None = None
    role: str | None = None
    mints: bool = False


@dataclass(frozen=True)
class _Token:
    text: str = field(repr=False)
    ends: float


class Vault:
    """The store of one environment as one zone may read it."""

    def __init__(self, login: Login | PodLogin, environment: str, zone: str, clock: Clock) -> None:
        self._login, self._environment, self._zone, self._clock = login, environment, zone, clock
        self._http = Http(login.url, login.ca_file)
        self._own: _Token | None = None
        self._tokens: dict[str, _Token] = {}
        self._minting = asyncio.Lock()

    async def read(self, lookup: Lookup, attempt: Attempt) -> Value:
        """Return the entry: one call where the tenant's token is at hand."""
        token, is_new = await self._token(lookup.tenant, attempt)
        path = f"{names.SECRETS_MOUNT}/data/{self._path(lookup)}"
        try:
            return _value(await attempt(lambda: self._http.get(path, token.text)))
        except RefusedError:
            if is_new:
                raise
        # The store does not tell a token that it no longer knows from what may not be read.
        self._forget(lookup.tenant, token)
        token, _ = await self._token(lookup.tenant, attempt)
        return _value(await attempt(lambda: self._http.get(path, token.text)))

    async def close(self) -> None:
        """Give connections back."""
        await self._http.close()

    def _path(self, lookup: Lookup) -> str:
        build = names.connection_path if lookup.kind == CONNECTION else names.variable_path
        return build(self._environment, lookup.owner, lookup.name)

    async def _token(self, tenant: str, attempt: Attempt) -> tuple[_Token, bool]:
        if found := self._at_hand(self._tokens.get(tenant)):
            return found, False
        async with self._minting:
            # Whoever had the lock before may have minted for the same tenant.
            if found := self._at_hand(self._tokens.get(tenant)):
                return found, False
            self._tokens = {name: token for name, token in self._tokens.items() if self._at_hand(token)}
            self._tokens[tenant] = await self._mint(tenant, attempt)
            return self._tokens[tenant], True

    async def _mint(self, tenant: str, attempt: Attempt) -> _Token:
        if isinstance(self._login, PodLogin) and not self._login.mints:
            return await self._as_pod(self._login, tenant, attempt)
        own, is_new = await self._logged_in(attempt)
        try:
            return await self._create(tenant, own, attempt)
        except RefusedError:
            if is_new:
                raise
        self._own = None
        own, _ = await self._logged_in(attempt)
        return await self._create(tenant, own, attempt)

    async def _create(self, tenant: str, own: _Token, attempt: Attempt) -> _Token:
        role = names.tenant_policy(self._environment, self._zone, tenant)
        return await self._granted(lambda: self._ask_token(f"auth/token/create/{role}", own.text), attempt)

    async def _ask_token(self, path: str, own: str) -> dict[str, Any]:
        try:
            return await self._http.post(path, own, {"ttl": names.TOKEN_TTL})
        except BadRequestError:
            # The zone may ask for this role, which is not there.
            raise RefusedError from None

    async def _logged_in(self, attempt: Attempt) -> tuple[_Token, bool]:
        if found := self._at_hand(self._own):
            return found, False
        mount, ids = self._zones_ids()
        whose = f"zone '{self._zone}'"
        self._own = await self._granted(lambda: self._ask_login(mount, ids, whose), attempt)
        return self._own, True

    def _zones_ids(self) -> tuple[str, dict[str, str]]:
        login = self._login
        if isinstance(login, PodLogin):
            role = names.zone_role(self._environment, self._zone)
            return login.mount, {"role": role, "jwt": pod_token.read(login.token_file)}
        return "approle", {"role_id": login.role_id, "secret_id": login.secret_id}

    async def _as_pod(self, login: PodLogin, tenant: str, attempt: Attempt) -> _Token:
        role = login.role or names.tenant_policy(self._environment, self._zone, tenant)
        ids = {"role": role, "jwt": pod_token.read(login.token_file)}
        whose = f"the pods of tenant '{tenant}' in zone '{self._zone}'"
        return await self._granted(lambda: self._ask_login(login.mount, ids, whose), attempt)

    async def _ask_login(self, mount: str, ids: dict[str, str], whose: str) -> dict[str, Any]:
        try:
            return await self._http.post(f"auth/{mount}/login", None, ids)
        except (RefusedError, BadRequestError):
            raise LoginRefusedError(
                f"the secrets store at {self._login.url} does not accept the login of {whose}"
            ) from None

    async def _granted(self, call: Callable[[], Any], attempt: Attempt) -> _Token:
        asked = self._clock()
        auth = (await attempt(call)).get("auth") or {}
        seconds = float(auth.get("lease_duration") or 0)
        return _Token(
            str(auth.get("client_token", "")), asked + seconds - min(LONGEST_SPARE, SPARE_SHARE * seconds)
        )

    def _at_hand(self, token: _Token | None) -> _Token | None:
        return token if token is not None and self._clock() < token.ends else None

    def _forget(self, tenant: str, token: _Token) -> None:
        if self._tokens.get(tenant) is token:
            del self._tokens[tenant]


def _value(answer: dict[str, Any]) -> Value:
    try:
        return dict(answer["data"]["data"])
    except (KeyError, TypeError, ValueError):
        raise UnusableError("the secrets store answers something else than a value") from None
