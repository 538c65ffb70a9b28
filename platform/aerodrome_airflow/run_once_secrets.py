"""Secrets of a run without a scheduler: it has the tenant.yaml of now, and the rights that the last deploy gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from aerodrome_airflow.secrets import TenantSecretsBackend
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Answer, Lookup

# The store's own refusal; other refusals are about who asks, and no deploy changes them.
_BY_THE_STORE = "may not be read on this queue"


class RunSecretsBackend(TenantSecretsBackend):
    """Tells of a refused entry in *named*, which the manifests of now allow, that *deploy* must be run first."""

    def __init__(self, socket: str, named: Iterable[str], deploy: str) -> None:
        super().__init__(socket)
        self._agent = _Client(Path(socket), frozenset(named), deploy)


class _Client(AgentClient):
    def __init__(self, path: Path, named: frozenset[str], deploy: str) -> None:
        super().__init__(path)
        self._named, self._deploy = named, deploy

    def ask(self, lookup: Lookup) -> Answer:
        return self._told(lookup, super().ask(lookup))

    async def aask(self, lookup: Lookup) -> Answer:
        return self._told(lookup, await super().aask(lookup))

    def _told(self, lookup: Lookup, answer: Answer) -> Answer:
        entry = f"{lookup.kind} {lookup.key}"
        if answer.outcome != "refused" or _BY_THE_STORE not in answer.reason or entry not in self._named:
            return answer
        reason = f"{lookup.kind} '{lookup.key}' was named after the last deploy: {self._deploy} first"
        return replace(answer, reason=reason)
