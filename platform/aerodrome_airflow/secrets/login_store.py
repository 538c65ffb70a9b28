"""What a host asks of the store about its own login: unwrap it, try it, make another one, destroy the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aerodrome_airflow.secrets.http import BadRequestError, Http
from aerodrome_airflow.secrets.store import MissingError, RefusedError, UnavailableError, UnusableError


class LoginError(Exception):
    """It could not be done; the text says what and how to mend it."""


class NotAcceptedError(LoginError):
    """The store does not let in who knows this secret id."""


class SpentError(LoginError):
    """A wrapped secret id cannot be unwrapped any more."""


class LoginStore:
    """The store at *url* as the host whose AppRole is *role_id* may use it; the role is named as its id is."""

    def __init__(self, url: str, ca_file: str | None, role_id: str) -> None:
        self.url, self._ca_file, self._role = url, ca_file, role_id

    def unwrap(self, token: str) -> str:
        """Return the secret id that *token* stands for, once; SpentError where it was unwrapped before."""
        try:
            found = self._post("sys/wrapping/unwrap", token, {})
            return str(found["data"]["secret_id"])
        except (BadRequestError, RefusedError):
            raise SpentError(
                f"the wrapped login for {self._role} was used before, or is older than its few minutes: where the host "
                "did not use it itself, somebody else may have read it and be able to log in as this host. "
                "`make workers` with LIMIT= this host makes a new one and destroys every earlier one at once"
            ) from None
        except (KeyError, TypeError):
            raise LoginError(
                "what was delivered as the wrapped login wraps something else: deploy again"
            ) from None

    def log_in(self, secret_id: str) -> str:
        """Return a token; NotAcceptedError where the store does not know *secret_id*."""
        try:
            ids = {"role_id": self._role, "secret_id": secret_id}
            return str(self._post("auth/approle/login", None, ids)["auth"]["client_token"])
        except (BadRequestError, RefusedError):
            raise NotAcceptedError(
                f"the secrets store at {self.url} does not accept the login of this host, {self._role}: it has ended "
                "or was taken away. `make workers` with LIMIT= this host gives it another one"
            ) from None

    def make(self, token: str) -> str:
        """Return a new secret id of the host's own role."""
        found = self._own(token, "secret-id", {}, "make a new login")
        return str(found["data"]["secret_id"])

    def destroy(self, token: str, secret_id: str) -> None:
        """Have the store forget *secret_id*, whether it knows it or not."""
        self._own(token, "secret-id/destroy", {"secret_id": secret_id}, "destroy its last login")

    def _own(self, token: str, path: str, body: Mapping[str, Any], doing: str) -> dict[str, Any]:
        try:
            return self._post(f"auth/approle/role/{self._role}/{path}", token, body)
        except (BadRequestError, RefusedError):
            raise LoginError(
                f"the secrets store at {self.url} does not let {self._role} {doing}: "
                "a deploy puts its policy right"
            ) from None

    def _post(self, path: str, token: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return asyncio.run(self._asked(path, token, body))
        except BadRequestError:
            raise
        except MissingError:
            raise LoginError(f"what answers at {self.url} is no secrets store, or not this host's") from None
        except (UnavailableError, UnusableError) as problem:
            raise LoginError(f"{problem}: see whether it runs and whether this host may reach it") from None

    async def _asked(self, path: str, token: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        http = Http(self.url, self._ca_file)
        try:
            return await http.post(path, token, body)
        finally:
            await http.close()
