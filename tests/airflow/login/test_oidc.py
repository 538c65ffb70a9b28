"""People of an OpenID Connect provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from login_servers import Browser, LoginServer, shown
from openid_provider import Provider

SERVER = "oidc"
ANNE = {
    "sub": "1",
    "preferred_username": "Anne",
    "given_name": "Anne",
    "family_name": "Alpha",
    "email": "anne@example.org",
    "groups": ["Alpha Team"],
}


def go(browser: Browser, **query: str) -> str:
    """Return the address at which the provider sends *browser* back, with a code for whoever is logged in there."""
    there = browser.client.get("/auth/login/company", params=query)
    assert there.status_code == 302, shown(there)
    return str(browser.client.get(there.headers["location"]).headers["location"])


def come_back(browser: Browser, address: str) -> Any:
    """Follow the provider's answer to the first page."""
    answer = browser.client.get(address)
    browser.client.get("/auth/")
    return answer


def test_somebody_logs_in_with_the_roles_of_the_groups(
    oidc: LoginServer, browser: Browser, provider: Provider
) -> None:
    """The provider has seen PKCE, state and nonce; the user is new, and no password opens it."""
    provider.person = ANNE
    come_back(browser, go(browser))
    assert browser.me() == "anne" and browser.roles == {"alpha.editor"}
    found = oidc.query("SELECT first_name, last_name, email, password FROM ab_user WHERE username = 'anne'")
    assert found == [("Anne", "Alpha", "anne@example.org", "!directory")]
    asked = provider.asked[-1]
    assert asked["redirect_uri"] == f"{oidc.url}/auth/oauth-authorized/company"


def test_other_groups_are_other_roles_at_the_next_login(
    oidc: LoginServer, browser: Browser, provider: Provider
) -> None:
    """Exactly those, and none is left of before."""
    for groups, roles in ((["alpha team"], {"alpha.editor"}), (["beta readers"], {"beta.viewer"})):
        provider.person = {**ANNE, "preferred_username": "moves", "email": "m@example.org", "groups": groups}
        with oidc.browser() as one:
            come_back(one, go(one))
        assert oidc.roles("moves") == roles


def test_who_has_no_role_is_told_so_and_loses_what_was_there(
    oidc: LoginServer, browser: Browser, provider: Provider
) -> None:
    """A group that nobody names opens nothing."""
    provider.person = {**ANNE, "preferred_username": "gone", "email": "g@example.org"}
    come_back(browser, go(browser))
    provider.person = {**provider.person, "groups": ["gardeners"]}
    with oidc.browser() as later:
        page = come_back(later, go(later))
        told = shown(later.client.get(page.headers["location"]))
        assert "no group of yours has a role here" in told and not later.me()
    assert oidc.roles("gone") == set()


@pytest.mark.parametrize(
    "lies",
    [
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"iss": "https://evil.example"},
        {"nonce": "replayed"},
        {"exp": 1},
        {"preferred_username": "admin"},
        {"preferred_username": "emergency"},
        {"preferred_username": "an\u202ene"},
        {"preferred_username": ["anne"]},
        {"preferred_username": ""},
    ],
)
def test_a_token_that_is_not_right_opens_nothing(
    oidc: LoginServer, browser: Browser, provider: Provider, lies: dict[str, Any]
) -> None:
    """Another audience or issuer, an old nonce, a name that is none of a person's here."""
    provider.person, provider.lies = {**ANNE, "preferred_username": "liar", "email": "l@x.org"}, lies
    come_back(browser, go(browser))
    assert not browser.me()
    assert not oidc.query("SELECT 1 FROM ab_user WHERE username = 'liar'")


def test_a_foreign_signature_opens_nothing(browser: Browser, provider: Provider) -> None:
    """The key must be one of the provider's."""
    provider.person, provider.foreign_key = ANNE, True
    come_back(browser, go(browser))
    assert not browser.me()


def test_an_answer_is_good_in_the_browser_that_asked_only(
    oidc: LoginServer, browser: Browser, provider: Provider
) -> None:
    """Nobody logs another one in as themselves, and no answer is good twice."""
    provider.person = ANNE
    address = go(browser)
    with oidc.browser() as victim:
        go(victim)
        come_back(victim, address)
        assert not victim.me()
    come_back(browser, address)
    assert browser.me() == "anne"
    with oidc.browser() as thief:
        thief.client.cookies.set("session", browser.client.cookies["session"], domain="127.0.0.2")
        come_back(thief, address)
        assert not thief.me()


def test_a_changed_secret_of_the_client_needs_no_restart(
    oidc: LoginServer, browser: Browser, provider: Provider
) -> None:
    """The one of the file counts at each login."""
    provider.person = ANNE
    file = oidc.home / "login-secrets.json"
    kept = file.read_text()
    try:
        file.write_text('{"client_secret": "of last year"}')
        come_back(browser, go(browser))
        assert not browser.me()
    finally:
        file.write_text(kept)
    come_back(browser, go(browser))
    assert browser.me() == "anne"


def test_groups_may_stand_beside_the_token(browser: Browser, provider: Provider) -> None:
    """Where the token says only who, the provider is asked for the rest."""
    provider.person, provider.in_token = {**ANNE, "preferred_username": "beside", "email": "b@x.org"}, False
    come_back(browser, go(browser))
    assert browser.me() == "beside" and browser.roles == {"alpha.editor"}


def test_a_login_leads_to_no_other_host(browser: Browser, provider: Provider) -> None:
    """Whatever the address said with which it began."""
    provider.person = ANNE
    answer = browser.client.get(go(browser, next="https://evil.example/"))
    assert urlsplit(answer.headers["location"]).netloc in ("", urlsplit(browser.server.url).netloc)


def test_the_session_has_a_new_id_and_nothing_of_the_providers(
    oidc: LoginServer, browser: Browser, provider: Provider
) -> None:
    """The tokens of the provider are kept nowhere."""
    provider.person = ANNE
    address = go(browser)
    before = browser.client.cookies["session"]
    come_back(browser, address)
    assert browser.client.cookies["session"] != before
    kept = b"".join(bytes(row[0]) for row in oidc.query("SELECT data FROM session"))
    assert not any(token.encode() in kept for token in provider.tokens)


def test_passwords_open_nothing_but_for_the_user_for_emergencies(oidc: LoginServer, browser: Browser) -> None:
    """It has a form of its own; the deploy has its tokens."""
    assert oidc.token("local").status_code == oidc.token("viewer").status_code == 401
    assert oidc.token("admin").status_code == 201
    answer = browser.form("local", "password", "/auth/login/break-glass")
    assert answer.status_code == 401
    browser.form("emergency", "password", "/auth/login/break-glass")
    browser.client.get("/auth/")
    assert browser.me() == "emergency" and oidc.alerts[-1]["user"] == "emergency"


def test_a_provider_that_does_not_answer_is_told(browser: Browser, provider: Provider) -> None:
    """In words, and nobody is logged in."""
    provider.person = ANNE
    address = go(browser)
    provider.down = True
    page = browser.client.get(address, follow_redirects=False)
    told = shown(browser.client.get(page.headers["location"]))
    assert "sign in" in told.lower() and not browser.me()


def test_the_way_to_the_provider_asks_for_what_the_environment_says(
    browser: Browser, provider: Provider
) -> None:
    """Client, scopes and a challenge; another provider's name is nobody's."""
    query = parse_qs(urlsplit(browser.client.get("/auth/login/company").headers["location"]).query)
    assert query["scope"] == ["openid profile"] and query["code_challenge_method"] == ["S256"]
    assert browser.client.get("/auth/login/other").status_code == 404
