"""A Secret that is this program's own: read, written and removed, and nobody else's ever touched (kubernetes)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aerodrome.clients.cluster import MERGE_PATCH, Cluster
from aerodrome.errors import UserError

MADE_BY = {"app.kubernetes.io/managed-by": "aerodrome"}


@dataclass(frozen=True)
class OwnSecret:
    """The Secret *name*, which holds *what*."""

    cluster: Cluster
    namespace: str
    name: str
    what: str

    def read(self) -> dict[str, str] | None:
        """Return key → text; None where there is no such Secret, UserError where somebody else made it."""
        found = self.cluster.find(self._place)
        if found is None:
            return None
        if not MADE_BY.items() <= (found["metadata"].get("labels") or {}).items():
            remedy = f"look what it is; a deploy keeps {self.what} in a Secret called {self.name}"
            raise UserError(f"Secret {self.name} was made by nobody who deploys", remedy)
        return {key: _text(data) for key, data in (found.get("data") or {}).items()}

    def write(self, texts: Mapping[str, str | None]) -> None:
        """Bring these keys to these texts, None: away with it; keys that are not named stay."""
        there = self.read() is not None
        data = {key: None if text is None else _data(text) for key, text in texts.items()}
        if there:
            self.cluster.request("PATCH", self._place, body={"data": data}, headers=MERGE_PATCH)
        else:
            known = {key: text for key, text in data.items() if text is not None}
            self.cluster.request("POST", self._all, body=_secret(self.name, known))

    def remove(self) -> None:
        """Delete it, unless it is gone."""
        if self.read() is not None:
            self.cluster.request("DELETE", self._place)

    @property
    def _all(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets"

    @property
    def _place(self) -> str:
        return f"{self._all}/{self.name}"


def _secret(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "Opaque", "metadata": {"name": name, "labels": MADE_BY}, "data": dict(data)}


def _data(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _text(data: str) -> str:
    # What somebody wrote over it by hand differs, and need be no text.
    return base64.b64decode(data).decode(errors="replace")
