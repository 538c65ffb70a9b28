"""Who somebody is by the identity token of an OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aerodrome_airflow.directory.entry import Entry, user_name, why_odd
from aerodrome_airflow.directory.settings import plain

Claims = Mapping[str, Any]
PROVIDER = "company"
"""The provider's name in addresses: what is registered there is <base>/auth/oauth-authorized/company."""


class UnusableToken(Exception):
    """The provider's answer does not say who somebody is, or not to this platform."""


def identity(settings: Mapping[str, Any], token: Mapping[str, Any], ask: Callable[[], Claims]) -> Entry:
    """Return whom *token*, whose signature and nonce the library has verified, is about.

    *ask* returns the claims that the provider tells beside the token; it is called where the token lacks one.
    """
    claims = token.get("userinfo")
    if not token.get("id_token") or not isinstance(claims, Mapping):
        raise UnusableToken("the provider sent no identity token")
    _require_ours(settings, claims)
    wanted = (settings["name_claim"], settings["groups_claim"])
    if any(name not in claims for name in wanted):
        claims = {**_more(claims, ask), **claims}
    return _entry(claims, *wanted)


def _require_ours(settings: Mapping[str, Any], claims: Claims) -> None:
    if settings["client_id"] not in _texts(claims.get("aud")):
        raise UnusableToken("the identity token is meant for somebody else")
    if str(claims.get("iss", "")).rstrip("/") != settings["issuer"].rstrip("/"):
        raise UnusableToken("the identity token is another provider's")


def _more(claims: Claims, ask: Callable[[], Claims]) -> dict[str, Any]:
    told = ask()
    if not claims.get("sub") or told.get("sub") != claims["sub"]:
        raise UnusableToken("the provider tells of somebody else than its identity token")
    return dict(told)


def _entry(claims: Claims, name_claim: str, groups_claim: str) -> Entry:
    name = claims.get(name_claim)
    if not isinstance(name, str) or (reason := why_odd(name)):
        why = reason if isinstance(name, str) else "it is no text"
        raise UnusableToken(f"the claim {name_claim} cannot be a user's name: {why}")
    return Entry(
        user_name(name),
        "",
        str(claims.get("given_name") or ""),
        str(claims.get("family_name") or ""),
        str(claims.get("email") or "") if claims.get("email_verified", True) is True else "",
        frozenset(plain(group) for group in _texts(claims.get(groups_claim))),
    )


def _texts(value: Any) -> list[str]:
    found = [value] if isinstance(value, str) else value
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []
