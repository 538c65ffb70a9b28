"""`login:` of environment.yaml: how people prove who they are, and whose groups decide what they may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from aerodrome.modelling import Many, Model, Name

PLATFORM_ROLES = ("platform", "security", "auditor")
OPENID = "openid"
GROUPS = (
    "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=group))"
)
# What the deploy itself logs in as.
DEPLOY_USER = "admin"
_DIRECTORY_URL = re.compile(
    r"(?P<scheme>ldaps?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?"
)
_ISSUER = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/[^\s?#]*)?"
)
_RELATIVE_NAME = r"[A-Za-z][A-Za-z0-9.-]*=(?:[^,+\\\"<>;=\x00]|\\.)+"
_DN = re.compile(rf"{_RELATIVE_NAME}(?:[,+] ?{_RELATIVE_NAME})*")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

Attribute = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]


class PeopleSettings(Model):
    """Where people stand in the directory, and which attributes tell who they are."""

    base: str = Field(description="Entry below which people are, such as ou=people,dc=example,dc=org.")
    filter: str = Field("(objectClass=person)", description="Which entries below it are people.")
    name: Attribute = Field(
        "uid", description="What a person logs in with; Active Directory: sAMAccountName."
    )
    first_name: Attribute = Field("givenName", description="Attribute of the first name.")
    last_name: Attribute = Field("sn", description="Attribute of the last name.")
    email: Attribute = Field("mail", description="Attribute of the mailbox.")


class DirectoryGroups(Model):
    """Where groups stand in the directory."""

    base: str = Field(
        description="Entry below which groups are. Whoever may make a group below it can grant roles here."
    )
    filter: str = Field(GROUPS, description="Which entries below it are groups.")
    name: Attribute = Field("cn", description="Attribute whose value tenant.yaml names.")


class DirectorySettings(Model):
    """The company's directory. It is always spoken to over TLS, and its certificate is always verified."""

    url: str = Field(description="ldaps://host, or ldap://host with start_tls.")
    start_tls: bool = Field(False, description="Needed with ldap://: TLS begins on the same connection.")
    ca_file: str | None = Field(
        None, description="PEM file of the authority, beside environment.yaml. Left out: the machine's own."
    )
    bind_dn: str | None = Field(
        None, description="Who searches. Its password: make login-secret. Left out: searches are anonymous."
    )
    people: PeopleSettings = Field(description="Where people are.")
    groups: DirectoryGroups = Field(description="Where groups are.")
    member_of: Attribute | None = Field(
        "memberOf", description="Attribute of a person with the groups. null: groups are searched instead."
    )


class OidcSettings(Model):
    """A provider of OpenID Connect. The client's secret is kept by make login-secret."""

    issuer: str = Field(description="Its address, https; /.well-known/openid-configuration is below it.")
    client_id: str = Field(min_length=1, description="What the provider knows this platform as.")
    name_claim: str = Field("preferred_username", min_length=1, description="Claim with the user's name.")
    groups_claim: str = Field("groups", min_length=1, description="Claim with the names of the groups.")
    ca_file: str | None = Field(
        None, description="PEM file of the authority, beside environment.yaml. Left out: the usual ones."
    )
    scopes: Many[str] = Field(("openid", "profile", "email"), description="What is asked for.")


class PlatformGroups(Model):
    """Directory groups whose members get a role on the whole platform."""

    platform: Many[str] = Field((), description="Groups that operate the platform and see all tenants.")
    security: Many[str] = Field((), description="Groups that see all tenants and who may do what.")
    auditor: Many[str] = Field((), description="Groups that see everything and change nothing.")


class LoginSettings(Model):
    """How people log in, and what follows from their groups."""

    kind: Literal["database", "directory", "oidc"] = Field(
        "database",
        description="database: users that the deploy makes; directory: LDAP; oidc: OpenID Connect.",
    )
    directory: DirectorySettings | None = Field(
        None,
        description="With kind directory: where it is; left out in ENV=local, which then runs one of its own. "
        "With kind oidc: where groups are read, instead of the claim.",
    )
    oidc: OidcSettings | None = Field(None, description="With kind oidc.")
    break_glass: Name | None = Field(
        None, description="A local user who may log in all the same; each time raises an alert."
    )
    session_minutes: int = Field(
        480, ge=5, le=7 * 24 * 60, description="A login and a token are good for this long."
    )
    groups: PlatformGroups = Field(
        default_factory=PlatformGroups, description="Groups with roles on the whole platform."
    )
    removal_brake: float = Field(
        0.2,
        gt=0,
        le=1,
        description="Share of all memberships; more than this and more than 3 people are not taken away at once.",
    )

    @property
    def runs_directory(self) -> bool:
        """Return whether ENV=local runs a directory of its own for this login."""
        return self.kind == "directory" and self.directory is None

    @property
    def has_directory(self) -> bool:
        """Return whether a directory says who is in which group."""
        return self.kind != "database" and (self.kind == "directory" or self.directory is not None)


Mistake = tuple[tuple[str | int, ...], str, str]
"""Keys below `login`, message, remedy."""


def mistakes(settings: LoginSettings, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape, in an environment of *kind*."""
    yield from _without_effect(settings)
    yield from _missing(settings, kind)
    if settings.break_glass == DEPLOY_USER:
        message = f"'{DEPLOY_USER}' is the deploy's own user, not a person's"
        yield ("break_glass",), message, "choose another name, such as emergency"
    if settings.directory is not None and settings.kind != "database":
        yield from _directory_mistakes(settings.directory)
    if settings.oidc is not None and settings.kind == "oidc":
        yield from _oidc_mistakes(settings.oidc)
    yield from _group_mistakes(settings.groups)


def _without_effect(settings: LoginSettings) -> Iterator[Mistake]:
    given = {
        "directory": settings.directory is not None,
        "oidc": settings.oidc is not None,
        "break_glass": settings.break_glass is not None,
        "groups": settings.groups != PlatformGroups(),
    }
    useless = {
        "database": ("directory", "oidc", "break_glass", "groups"),
        "directory": ("oidc",),
        "oidc": (),
    }
    for key in useless[settings.kind]:
        if given[key]:
            yield (key,), f"has no effect with kind: {settings.kind}", "remove it, or write another kind"


def _missing(settings: LoginSettings, kind: str) -> Iterator[Mistake]:
    if settings.kind == "oidc" and settings.oidc is None:
        yield ("kind",), "oidc needs a provider", "add oidc: {issuer: …, client_id: …}"
    if settings.runs_directory and kind != "local":
        remedy = "add directory: {url: …, people: {base: …}, groups: {base: …}}"
        yield ("kind",), "only ENV=local runs a directory of its own", remedy


def _directory_mistakes(directory: DirectorySettings) -> Iterator[Mistake]:
    yield from _url_mistakes(directory)
    bases = {("bind_dn",): directory.bind_dn, ("people", "base"): directory.people.base}
    for keys, name in {**bases, ("groups", "base"): directory.groups.base}.items():
        if name is not None and not _DN.fullmatch(name):
            yield ("directory", *keys), "is no distinguished name", "such as ou=people,dc=example,dc=org"
    for part, text in (("people", directory.people.filter), ("groups", directory.groups.filter)):
        if not _is_filter(text):
            yield ("directory", part, "filter"), "is no filter", "such as (objectClass=person)"


def _url_mistakes(directory: DirectorySettings) -> Iterator[Mistake]:
    found = _DIRECTORY_URL.fullmatch(directory.url)
    if found is None:
        yield ("directory", "url"), "must be ldaps://host or ldap://host, with a port where needed", ""
    elif found["scheme"] == "ldap" and not directory.start_tls:
        message = "would send passwords as they are typed"
        yield ("directory", "url"), message, "add start_tls: true, or write ldaps://"
    elif found["scheme"] == "ldaps" and directory.start_tls:
        yield ("directory", "start_tls"), "has no effect with ldaps://", "remove it"


def _is_filter(text: str) -> bool:
    depth = 0
    for position, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 1 and position < len(text) - 1:
            return False
    return text.startswith("(") and depth == 0 and "=" in text and text.isprintable()


def _oidc_mistakes(oidc: OidcSettings) -> Iterator[Mistake]:
    found = _ISSUER.fullmatch(oidc.issuer)
    if found is None or (found["scheme"] == "http" and found["host"] not in _LOOPBACK):
        yield ("oidc", "issuer"), "must be an https URL without credentials", ""
    if OPENID not in oidc.scopes:
        yield ("oidc", "scopes"), f"without '{OPENID}' the provider tells no identity", f"add {OPENID}"


def _group_mistakes(groups: PlatformGroups) -> Iterator[Mistake]:
    for role in PLATFORM_ROLES:
        named: tuple[str, ...] = getattr(groups, role)
        for number, group in enumerate(named):
            if not group.strip():
                yield ("groups", role, number), "is no name of a group", "remove it"
