"""How people log in and what their groups give them, as the deploy wrote it down: login.json and its secrets.

Both lie in the folder of the process that reads them: its AIRFLOW_HOME, or in a pod what is mounted for them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE_NAME = "login.json"
SECRETS_FILE_NAME = "login-secrets.json"
FOLDER = "AERODROME_LOGIN_FOLDER"
"""Variable with the folder, where it is another one than AIRFLOW_HOME."""
NO_PASSWORD = "!directory"  # noqa: S105
"""Stands in FAB's table in the place of a password: the directory's people have none there.

No password has this hash. What becomes of users without it, which somebody made by hand, is not the directory's
business, unless it knows a person of the same name.
"""


class SettingsError(Exception):
    """The files of the login cannot be used."""


@dataclass(frozen=True)
class People:
    """Where people are, and the attributes that tell who they are."""

    base: str
    filter: str = "(objectClass=person)"
    name: str = "uid"
    first_name: str = "givenName"
    last_name: str = "sn"
    email: str = "mail"


@dataclass(frozen=True)
class Groups:
    """Where groups are, and the attribute that holds a group's name."""

    base: str
    filter: str = (
        "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
        "(objectClass=posixGroup)(objectClass=group))"
    )
    name: str = "cn"


@dataclass(frozen=True)
class DirectorySettings:
    """A directory; *member_of*: the attribute that names a person's groups, None: the groups name their people."""

    url: str
    people: People
    groups: Groups
    start_tls: bool = False
    ca_file: str | None = None
    bind_dn: str = ""
    member_of: str | None = "memberOf"


@dataclass(frozen=True)
class LoginSettings:
    """The whole of login.json; names of users and groups are lower case, as :func:`plain` makes them."""

    kind: str
    directory: DirectorySettings | None = None
    oidc: Mapping[str, Any] | None = None
    roles_of_group: Mapping[str, frozenset[str]] = field(default_factory=dict)
    break_glass: str | None = None
    removal_brake: float = 0.2
    session_minutes: int = 480
    protected: frozenset[str] = frozenset()

    def roles_of(self, groups: Iterable[str]) -> frozenset[str]:
        """Return the roles of somebody who is in *groups*."""
        return frozenset().union(*(self.roles_of_group.get(plain(group), frozenset()) for group in groups))


@dataclass(frozen=True, repr=False)
class Secrets:
    """What of the login nobody else may read."""

    bind_password: str = ""
    client_secret: str = ""


def plain(name: str) -> str:
    """Return *name* as it is compared: without regard to case and to the number of blanks."""
    return " ".join(name.lower().split())


def home() -> Path:
    """Return the folder in which this process finds its login."""
    return Path(os.environ.get(FOLDER) or os.environ["AIRFLOW_HOME"])


def load(folder: Path) -> LoginSettings:
    """Return the settings in *folder*, or SettingsError."""
    try:
        return parsed(json.loads((folder / FILE_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise SettingsError(f"{folder / FILE_NAME}: {type(problem).__name__}: {problem}") from None


def load_secrets(folder: Path) -> Secrets:
    """Return the secrets in *folder*: none where there is no such file, SettingsError where it is unusable."""
    path = folder / SECRETS_FILE_NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return Secrets(str(raw.get("bind_password") or ""), str(raw.get("client_secret") or ""))
    except (OSError, ValueError, AttributeError) as problem:
        # The problem's text may quote the file.
        raise SettingsError(f"{path}: {type(problem).__name__}") from None


def parsed(raw: Mapping[str, Any]) -> LoginSettings:
    """Return the settings that a document holds; KeyError, TypeError or ValueError where it is none."""
    usual = LoginSettings(str(raw["kind"]))
    break_glass, directory = raw.get("break_glass"), raw.get("directory")
    return LoginSettings(
        kind=usual.kind,
        directory=_directory(directory) if directory else None,
        oidc=raw.get("oidc"),
        roles_of_group=_roles_of_group(raw.get("roles_of_group") or {}),
        break_glass=plain(str(break_glass)) if break_glass else None,
        removal_brake=float(raw.get("removal_brake", usual.removal_brake)),
        session_minutes=int(raw.get("session_minutes", usual.session_minutes)),
        protected=frozenset(plain(str(name)) for name in raw.get("protected", ())),
    )


def _directory(raw: Mapping[str, Any]) -> DirectorySettings:
    return DirectorySettings(
        str(raw["url"]),
        People(**_given(raw["people"])),
        Groups(**_given(raw["groups"])),
        start_tls=bool(raw.get("start_tls", False)),
        ca_file=raw.get("ca_file"),
        bind_dn=str(raw.get("bind_dn") or ""),
        member_of=raw.get("member_of", DirectorySettings.member_of),
    )


def _given(raw: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in raw.items() if value is not None}


def _roles_of_group(raw: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for group, roles in raw.items():
        # Two spellings of a group's name are one group.
        found[plain(group)] = found.get(plain(group), frozenset()) | frozenset(roles)
    return found
