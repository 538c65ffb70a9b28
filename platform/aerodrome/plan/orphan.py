"""What earlier deploys made for a tenant or a host that the repository has no more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aerodrome.plan.change import Change


@dataclass(frozen=True, order=True)
class Orphan:
    """One such thing: whose it was, what it is and where it is kept, and the command that removes it.

    *since* is the day on which its owner was removed; empty where the repository's history does not tell it.
    """

    owner: str
    kind: str
    name: str
    where: str
    since: str = ""
    remove: str = ""


def taken_away(changes: Iterable[Change], environment: str) -> Iterator[Orphan]:
    """Yield what a deploy takes away, once somebody names its owner: rights that nobody is to have any more."""
    for change in changes:
        if change.action == "delete" and change.owner:
            command = f"make deploy ENV={environment} CONFIRM={change.owner}"
            yield Orphan(change.owner, change.kind, change.name, change.target, remove=command)
