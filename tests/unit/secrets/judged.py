"""What IAM makes of the documents of a role: as much of its rules as these documents use, and an error beyond."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """Who asks (a kind of principal and its ARN) for what, with which words of the request's context."""

    action: str
    principal: tuple[str, str] = ("", "")
    resource: str = ""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


def allows(document: Document, request: Request) -> bool:
    """Return whether a statement allows *request* and none forbids it."""
    effects = {one["Effect"] for one in document["Statement"] if _applies(one, request)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Document, request: Request) -> bool:
    if not _one_of(statement["Action"], request.action):
        return False
    if "Principal" in statement:
        kind, name = request.principal
        if name not in _list(statement["Principal"].get(kind, ())):
            return False
    elif not _one_of(statement["Resource"], request.resource):
        return False
    return all(
        _holds(operator, request.context.get(key), _list(wanted))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, said: str | tuple[str, ...] | None, wanted: list[str]) -> bool:
    if operator == "ForAllValues:StringEquals":
        return set(_list(said or ())) <= set(wanted)
    if operator == "StringEquals":
        # What is not said equals nothing.
        return said in wanted
    if operator == "StringLike":
        return isinstance(said, str) and _one_of(wanted, said)
    raise NotImplementedError(operator)


def _one_of(patterns: str | Iterable[str], text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in _list(patterns))


def _list(found: str | Iterable[str]) -> list[str]:
    return [found] if isinstance(found, str) else list(found)
