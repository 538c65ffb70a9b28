"""One thing that an apply does, and what makes such things known: the words that all targets speak."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from aerodrome.progress import Progress

Action = Literal["create", "update", "delete", "restart", "start", "observe"]
Risk = Literal["none", "restarts", "data", "access"]
OBSERVE: Action = "observe"
TENANT = "tenant"
"""The kind of a change that takes a tenant away."""
_NAMED_KINDS = frozenset({TENANT, "namespace", "volume", "database"})


@dataclass(frozen=True, order=True)
class Change:
    """One thing that an apply does: *what* is changed and *why*, never a secret's value.

    *what* and *why* are for people. A target that must know again what it found reads *kind* and *name*.

    *source* is what asks for it: a file of the repository, with ":line" where that is known. *before* and *after* are
    the live and the desired state, as a SHA-256 or a short text. None of them holds a secret, nor the digest of one
    that can be guessed.

    *owner*: the tenant or host that what is deleted belonged to, where the repository has it no more.
    """

    target: str
    action: Action
    what: str
    why: str
    risk: Risk = "none"
    reversible: bool = True
    kind: str = ""
    name: str = ""
    source: str = ""
    before: str = ""
    after: str = ""
    owner: str = ""

    @property
    def destroys(self) -> str:
        """Return the name that somebody must say before this is done; empty where nothing is lost by it."""
        if self.risk == "data" or (self.action == "delete" and self.kind in _NAMED_KINDS):
            return self.name or self.what
        return self.owner if self.action == "delete" else ""


def not_observable(target: str, what: str, why: str, kind: str = "") -> Change:
    """Return that nothing can be known of *what* before an earlier step of the same deploy; *why* says which.

    It stands for any changes of *target*, or for those of one *kind* alone.
    """
    return Change(target, OBSERVE, what, why, kind=kind)


def digest_of(value: object) -> str:
    """Return the SHA-256 of *value* as canonical JSON; of a text that is no document use :func:`digest_of_text`."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def digest_of_text(text: str) -> str:
    """Return the SHA-256 of *text*, as sha256sum tells it of a file that holds it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class Target(Protocol):
    """One kind of thing that a deploy changes."""

    @property
    def name(self) -> str:
        """The word that plans and messages use."""

    def changes(self) -> tuple[Change, ...]:
        """Return what differs between desired and live state; changes nothing."""

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Make the live state the desired one. Safe to repeat after an interruption."""
