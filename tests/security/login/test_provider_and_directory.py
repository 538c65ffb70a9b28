"""A provider says who somebody is, and the directory in which groups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from directory import PASSWORD, Slapd
from login_servers import Browser, LoginServer, shown
from openid_provider import Provider

pytestmark = pytest.mark.all_attacks


@pytest.fixture
def browser(login_servers_of_slapd: dict[str, LoginServer], provider: Provider) -> Iterator[Browser]:
    """A browser at the server that asks both."""
    provider.forget()
    with login_servers_of_slapd["oidc"].browser() as found:
        yield found


def test_the_directorys_groups_count_and_the_claims_do_not(browser: Browser, provider: Provider) -> None:
    """So that the login agrees with what follows the directory."""
    provider.person = {"sub": "1", "preferred_username": "ANNE", "groups": ["beta-viewers"]}
    browser.by_provider()
    assert browser.me() == "anne" and browser.roles == {"alpha.editor"}


def test_whom_the_directory_does_not_know_has_no_role(browser: Browser, provider: Provider) -> None:
    """Whatever the provider says."""
    provider.person = {"sub": "2", "preferred_username": "stranger", "groups": ["alpha-editors"]}
    page = browser.by_provider()
    assert "no group of yours has a role" in shown(browser.client.get(page.headers["location"]))
    assert not browser.me()


def test_passwords_of_the_directory_open_nothing_there(browser: Browser) -> None:
    """Only the provider sees them, and its second factor."""
    assert browser.server.token("anne", PASSWORD).status_code == 401


def test_without_an_answer_of_the_directory_nobody_new_gets_in(
    browser: Browser, provider: Provider, login_slapd: Slapd
) -> None:
    """And the reason is told."""
    provider.person = {"sub": "1", "preferred_username": "anne"}
    login_slapd.stop()
    try:
        page = browser.by_provider()
        assert "directory does not answer" in shown(browser.client.get(page.headers["location"]))
        assert not browser.me()
    finally:
        login_slapd.start()
