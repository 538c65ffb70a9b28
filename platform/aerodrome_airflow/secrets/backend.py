"""Airflow's secrets backend: the running task's tenant reads its own connections and variables, through the agent."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.sdk.bases.secrets_backend import BaseSecretsBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied

from aerodrome_airflow.secrets import keys, scrub, whose
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import CONNECTION, VARIABLE, Answer, Kind, Lookup

_FIELDS = ("conn_type", "host", "port", "login", "password", "schema", "extra", "description")
_ENVIRONMENT = {CONNECTION: "AIRFLOW_CONN_", VARIABLE: "AIRFLOW_VAR_"}

log = logging.getLogger(__name__)


class TenantSecretsBackend(BaseSecretsBackend):
    """Looks up `<tenant>.<name>` for tasks of that tenant, and `global.<name>` for all of them.

    Whatever else is asked for, or by anybody else, ends the lookup by an error: Airflow would else go on to its
    own database. *socket* is the zone's agent's.
    """

    def __init__(self, socket: str) -> None:
        super().__init__()
        self._agent = AgentClient(Path(socket))
        scrub.install()

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Return the connection as JSON, or None where nothing is stored."""
        found = self._look_up(CONNECTION, conn_id)
        return None if found is None else json.dumps(_connection(found))

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Return the variable's text, or None where nothing is stored."""
        found = self._look_up(VARIABLE, key)
        return None if found is None else _text(found)

    async def aget_connection(self, conn_id: str) -> Any:
        """Return the connection for a trigger, or None where nothing is stored."""
        found = await self._alook_up(CONNECTION, conn_id)
        if found is None:
            return None
        return self.deserialize_connection(conn_id, json.dumps(_connection(found)))

    async def aget_variable(self, key: str) -> str | None:
        """Return the variable's text for a trigger, or None where nothing is stored."""
        found = await self._alook_up(VARIABLE, key)
        return None if found is None else _text(found)

    def get_config(self, key: str) -> str | None:
        """Return None: Airflow's configuration never comes from the tenants' store."""
        return None

    def _look_up(self, kind: Kind, key: str) -> Mapping[str, Any] | None:
        lookup = _lookup(kind, key)
        if lookup is None:
            return None
        found = _found(lookup, self._agent.ask(lookup))
        if found is not None:
            scrub.register(scrub.secrets_in(kind, found))
        return found

    async def _alook_up(self, kind: Kind, key: str) -> Mapping[str, Any] | None:
        lookup = _lookup(kind, key)
        if lookup is None:
            return None
        found = _found(lookup, await self._agent.aask(lookup))
        if found is not None:
            await scrub.aregister(scrub.secrets_in(kind, found))
        return found


def _lookup(kind: Kind, key: str) -> Lookup | None:
    if keys.is_plain(key) and f"{_ENVIRONMENT[kind]}{key.upper()}" in os.environ:
        # The platform's own setting for this process, which Airflow looks at next.
        return None
    try:
        return keys.lookup(whose.asking_tenant(), kind, key)
    except (keys.KeyRefused, whose.NobodyError) as problem:
        raise AirflowSecretsBackendAccessDenied(f"{kind} {keys.shown(key)}: {problem}") from None


def _found(lookup: Lookup, answer: Answer) -> Mapping[str, Any] | None:
    if answer.outcome == "missing":
        return None
    if answer.outcome != "value":
        raise AirflowSecretsBackendAccessDenied(answer.reason)
    if answer.age:
        log.warning(
            "The secrets store does not answer: %s '%s' is as it was %d s ago",
            lookup.kind,
            lookup.key,
            answer.age,
        )
    return answer.value


def _connection(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {field: stored[field] for field in _FIELDS if stored.get(field) is not None}


def _text(stored: Mapping[str, Any]) -> str:
    return str(stored.get("value", ""))
