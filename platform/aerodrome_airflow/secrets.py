"""Connections and variables of tenants from OpenBao or Vault, read with the worker's zone's credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import hvac
import requests
from aerodrome import names
from airflow.sdk.bases.secrets_backend import BaseSecretsBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied

# A task waits this long for one answer before it fails with a clear error; its retry may be luckier.
TIMEOUT = 5
_FIELDS = ("conn_type", "host", "port", "login", "password", "schema", "extra", "description")


class TenantSecretsBackend(BaseSecretsBackend):
    """Looks up `<tenant>.<name>` below tenants/<tenant>/connections/ and tenants/<tenant>/variables/.

    A key that does not name a tenant's object is never sent to the server: it reaches no other path. What
    the zone may read is the server's decision. A refusal and a server that does not answer end the lookup by
    an error: Airflow would else go on to its own database and report that the connection is not there.
    """

    def __init__(
        self, url: str, role_id_path: str, secret_id_path: str, mount_point: str = names.SECRETS_MOUNT
    ) -> None:
        super().__init__()
        self._url = url
        self._role_id_path = Path(role_id_path)
        self._secret_id_path = Path(secret_id_path)
        self._mount_point = mount_point

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Return the connection as JSON, or None where the id is no tenant's or nothing is stored."""
        if not _is_scoped(conn_id):
            return None
        found = self._read(names.connection_path(names.tenant_of(conn_id), names.name_of(conn_id)), conn_id)
        return None if found is None else json.dumps(_connection(found))

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Return the variable's text, or None where the key is no tenant's or nothing is stored."""
        if not _is_scoped(key):
            return None
        found = self._read(names.variable_path(names.tenant_of(key), names.name_of(key)), key)
        return None if found is None else str(found.get("value", ""))

    def get_config(self, key: str) -> str | None:
        """Return None: Airflow's configuration never comes from the tenants' store."""
        return None

    def _read(self, path: str, key: str) -> Mapping[str, Any] | None:
        try:
            answer = self._ask(path)
        except hvac.exceptions.InvalidPath:
            return None
        except hvac.exceptions.Forbidden:
            raise AirflowSecretsBackendAccessDenied(
                f"'{key}' may not be read on this queue: tenant.yaml names who may use a connection and where"
            ) from None
        except (requests.RequestException, hvac.exceptions.VaultError) as problem:
            raise AirflowSecretsBackendAccessDenied(_unreachable(self._url, problem)) from None
        found: Mapping[str, Any] = answer["data"]["data"]
        return found

    def _ask(self, path: str) -> Mapping[str, Any]:
        had_login = "_client" in vars(self)
        try:
            return self._ask_once(path)
        except hvac.exceptions.Forbidden:
            if not had_login:
                raise
        # A login ends after some minutes, and the store does not tell that from what may not be read.
        del self._client
        return self._ask_once(path)

    def _ask_once(self, path: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._client.secrets.kv.v2.read_secret_version(
            path, mount_point=self._mount_point, raise_on_deleted_version=True
        )
        return answer

    @cached_property
    def _client(self) -> hvac.Client:
        session = requests.Session()
        # The store is in the platform's own network: a proxy of the environment has no part in it.
        session.trust_env = False
        client = hvac.Client(url=self._url, timeout=TIMEOUT, session=session)
        try:
            client.auth.approle.login(_text(self._role_id_path), _text(self._secret_id_path))
        except (requests.RequestException, hvac.exceptions.VaultError, OSError) as problem:
            raise AirflowSecretsBackendAccessDenied(_unreachable(self._url, problem)) from None
        return client


def _is_scoped(key: str) -> bool:
    try:
        names.tenant_of(key)
    except ValueError:
        return False
    return True


def _connection(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {field: stored[field] for field in _FIELDS if stored.get(field) is not None}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _unreachable(url: str, problem: Exception) -> str:
    # The library's own text may quote the request; the kind of the problem is enough to act on.
    return f"the secrets store at {url} does not serve this worker ({type(problem).__name__})"
