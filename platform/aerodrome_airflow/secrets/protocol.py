"""What tasks and the secrets agent say to each other: one line of JSON each way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from aerodrome import names

Kind = Literal["connection", "variable", "results", "logs"]
Outcome = Literal["value", "missing", "refused", "unavailable"]

CONNECTION: Final = "connection"
VARIABLE: Final = "variable"
RESULTS: Final = "results"
"""Not an entry of a store: credentials that reach a tenant's large results, or with *shared* what collects them."""
LOGS: Final = "logs"
"""Not an entry of a store: credentials that write the zone's task logs, and of nobody's tenant."""
LONGEST_REQUEST = 512
"""Bytes: two names and a few words."""
LONGEST_ANSWER = 1024 * 1024
"""Bytes of a connection or variable as JSON."""


class ProtocolError(Exception):
    """The other side said something that is no request or no answer."""


@dataclass(frozen=True)
class Lookup:
    """What a task of *tenant* asks for: an entry of its own, or one that all tenants share.

    *role*: the keys of that role of AWS, which the entry names; no request can ask for them.
    """

    tenant: str
    kind: Kind
    name: str
    shared: bool = False
    role: str = ""

    @property
    def owner(self) -> str:
        """Return in whose folder of the store the entry is."""
        return names.GLOBAL if self.shared else self.tenant

    @property
    def key(self) -> str:
        """Return the entry's id or key as Airflow knows it."""
        return names.connection_id(self.owner, self.name)

    @property
    def shown(self) -> str:
        """Return what is asked for, for a message."""
        if self.kind == RESULTS:
            return "results of all tenants" if self.shared else f"results of '{self.tenant}'"
        if self.kind == LOGS:
            return "place of the zone's task logs"
        role = f" with the role {self.role}" if self.role else ""
        return f"{self.kind} '{self.key}'{role}"


@dataclass(frozen=True)
class Answer:
    """What came of a lookup; *age*: seconds since the store said so, where it does not answer now."""

    outcome: Outcome
    value: Mapping[str, Any] | None = None
    reason: str = ""
    age: int = 0

    def __repr__(self) -> str:
        return f"Answer({self.outcome!r}, {self.reason!r})"


def request(lookup: Lookup) -> bytes:
    """Return *lookup* as one line."""
    shared = {"shared": True} if lookup.shared else {}
    return _line({"tenant": lookup.tenant, "kind": lookup.kind, "name": lookup.name, **shared})


def read_request(line: bytes) -> Lookup:
    """Return the lookup in *line*; ProtocolError where it is none, or names what no tenant can have."""
    said = _object(line)
    tenant, kind, name = said.get("tenant"), said.get("kind"), said.get("name")
    if not isinstance(tenant, str) or not names.is_tenant(tenant) or tenant == names.GLOBAL:
        raise ProtocolError("the request names no tenant")
    if kind not in (CONNECTION, VARIABLE, RESULTS, LOGS):
        raise ProtocolError("the request names neither a connection nor a variable nor results nor logs")
    if not isinstance(name, str) or not names.is_name(name):
        raise ProtocolError("the request names nothing that a tenant can have")
    return Lookup(tenant, cast(Kind, kind), name, said.get("shared") is True)


def reply(answer: Answer) -> bytes:
    """Return *answer* as one line."""
    if answer.outcome == "value":
        return _line({"value": dict(answer.value or {}), "age": answer.age})
    return _line({answer.outcome: answer.reason})


def read_reply(line: bytes) -> Answer:
    """Return the answer in *line*."""
    said = _object(line)
    if isinstance(said.get("value"), dict):
        return Answer("value", said["value"], age=int(said.get("age", 0)))
    for outcome in ("missing", "refused", "unavailable"):
        if outcome in said:
            return Answer(cast(Outcome, outcome), reason=str(said[outcome]))
    raise ProtocolError("the agent answered nothing that this side knows")


def _line(document: Mapping[str, Any]) -> bytes:
    # Not longer than what the store said; a lone surrogate is as it was, too.
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass") + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError("this is no JSON") from None
    if not isinstance(said, dict):
        raise ProtocolError("this is no JSON object")
    return said
