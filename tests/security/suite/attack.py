"""What an attack is: one file below attacks/, whose docstring is the sentence of its row on the security page."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).resolve().parents[1] / "attacks"

From = Literal[
    "tenant code in a task",
    "a tenant's manifest",
    "a file that reached the bundle",
    "a tenant's user",
    "a worker of another zone",
    "another host",
    "another pod",
    "nobody in particular",
]
Need = Literal["platform", "api", "directory", "network", "moto", "cluster"]
"""platform: a whole ENV=local, deployed by root; api: API servers and a database; directory: a login by LDAP;
network: another host, in a network namespace of its own; moto: a double of AWS; cluster: a Kubernetes."""
CLUSTER = "pod"
"""The area whose attacks a Kubernetes is needed for."""


@dataclass(frozen=True)
class Must:
    """What has to happen: *outcome* held, or not isolated, for a *reason* that readers of the page are told."""

    outcome: Literal["held", "not isolated"]
    reason: str = ""


HELD = Must("held")


def not_isolated(reason: str) -> Must:
    """Return that the attack succeeds, and why that is so."""
    return Must("not isolated", reason)


@dataclass(frozen=True)
class Attack:
    """One attack.

    *attempt* returns what was got, an empty text where nothing was; *undefended* gives the place without the
    attack's own defence, in which the attempt has to succeed. *harmless* does the same as the attempt without its
    bad part, and has to succeed with all defences: else a typing error would count as a defence. *airflow* are the
    public issues of the gap that it uses in Airflow as it ships.
    """

    name: str
    sentence: str
    origin: From
    against: str
    defence: str
    must: Must
    needs: frozenset[Need]
    attempt: Callable[[Any], str]
    undefended: Callable[[Any], AbstractContextManager[Any]] | None
    harmless: Callable[[Any], str] | None
    airflow: tuple[int, ...] = ()


@cache
def attacks(area: str = "*") -> tuple[Attack, ...]:
    """Return all attacks, by area and name, or those of one area."""
    return tuple(map(_load, _files(area)))


def names() -> frozenset[str]:
    """Return the names of all attacks."""
    return frozenset(map(_name, _files()))


def _files(area: str = "*") -> Iterator[Path]:
    return iter(sorted(FOLDER.glob(f"{area}/*.py")))


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def _load(file: Path) -> Attack:
    name = _name(file)
    spec = importlib.util.spec_from_file_location(f"attack_{file.parent.name}_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return Attack(
        name,
        _sentence(module.__doc__ or ""),
        module.FROM,
        module.AGAINST,
        module.DEFENCE,
        module.MUST,
        frozenset(module.NEEDS),
        module.attack,
        getattr(module, "undefended", None),
        getattr(module, "harmless", None),
        getattr(module, "AIRFLOW", ()),
    )


def _sentence(text: str) -> str:
    return " ".join(text.strip().partition("\n\n")[0].split())
