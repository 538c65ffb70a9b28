"""Sessions and tokens, by the example of users of Airflow's own database."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from login_servers import Browser, LoginServer, shown

SERVER = "database"
FOREIGN = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\x01//evil.example",
    " https://evil.example",
    "https:evil.example",
    "http://127.0.0.1@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://evil.example/%2e%2e;/",
)


def test_a_user_logs_in_by_the_form_and_by_a_token(database: LoginServer, browser: Browser) -> None:
    """And the web interface knows who it is."""
    browser.log_in("viewer")
    assert browser.me() == "viewer"
    assert database.token("viewer").status_code == 201
    assert database.token("viewer", "wrong").status_code == 401


def test_a_login_gives_the_session_a_new_id(browser: Browser) -> None:
    """Who planted an id in somebody's browser holds an id of nothing."""
    browser.client.get("/auth/login/")
    planted = browser.client.cookies["session"]
    browser.log_in("viewer")
    assert browser.client.cookies["session"] != planted
    with browser.server.browser() as thief:
        thief.client.cookies.set("session", planted)
        assert thief.client.get("/auth/").headers.get("set-cookie", "").find("_token") < 0
        assert not thief.me()


def test_cookies_are_for_the_browser_alone(browser: Browser) -> None:
    """No script reads them, and no other site's request carries them."""
    session = browser.form("viewer", "password").headers["set-cookie"]
    token = browser.client.get("/auth/").headers.get_list("set-cookie")
    for cookie in (session, next(text for text in token if text.startswith("_token="))):
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_session_and_a_token_last_as_long_as_the_environment_says(
    database: LoginServer, browser: Browser
) -> None:
    """Eight hours here, however busy somebody is."""
    answer = browser.form("viewer", "password")
    cookie = next(part for part in answer.headers["set-cookie"].split("; ") if part.startswith("Expires="))
    ends = parsedate_to_datetime(cookie.removeprefix("Expires=")).timestamp()
    assert abs(ends - time.time() - 480 * 60) < 60
    for token in (database.token("viewer").json()["access_token"], browser.log_in_again()):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert abs(claims["exp"] - time.time() - 480 * 60) < 60


def test_logging_out_ends_the_session_for_everybody_who_has_it(browser: Browser) -> None:
    """A copy of both cookies opens nothing any more."""
    browser.log_in("viewer")
    kept = dict(browser.client.cookies)
    answer = browser.client.get("/api/v2/auth/logout", follow_redirects=True)
    assert "Sign In" in shown(answer)
    with browser.server.browser() as thief:
        for name, value in kept.items():
            thief.client.cookies.set(name, value)
        assert not thief.me()
        thief.client.get("/auth/")
        assert not thief.me()


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/logout/"])
def test_there_is_no_logout_that_only_looks_like_one(browser: Browser, path: str) -> None:
    """Also who comes by FAB's own address leaves nothing behind."""
    browser.log_in("viewer")
    kept = dict(browser.client.cookies)
    browser.client.get(path, follow_redirects=True)
    with browser.server.browser() as thief:
        thief.client.cookies.update(kept)
        thief.client.get("/auth/")
        assert not thief.me()


@pytest.mark.parametrize("there", FOREIGN)
def test_a_login_leads_to_no_other_host(browser: Browser, there: str) -> None:
    """Whatever an address says that somebody was sent."""
    answer = browser.form("viewer", "password", next=there)
    assert answer.status_code == 302
    place = urlsplit(answer.headers["location"])
    assert place.netloc in ("", urlsplit(browser.server.url).netloc) and place.scheme in ("", "http")
    assert not answer.headers["location"].startswith(("//", "/\\"))


def test_a_login_leads_back_to_where_somebody_came_from(browser: Browser) -> None:
    """To a page of this server."""
    there = f"{browser.server.url}/dags/alpha.daily"
    assert browser.form("viewer", "password", next=there).headers["location"] == there


def test_guessing_is_slowed_down(database: LoginServer, browser: Browser) -> None:
    """After five wrong passwords nothing is tried for a minute, by whatever way; other names are not affected."""
    assert [database.token("guessed", f"{n}").status_code for n in range(5)] == [401] * 5
    answer = database.token(" GUESSED ", "right?")
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) == 60
    page = browser.form("Guessed", "right?")
    assert page.status_code == 429 and "too many failed logins" in shown(page)
    assert database.token("viewer").status_code == 201
    assert database.token("guessed", "from elsewhere", address="10.1.2.3").status_code == 401


def test_a_form_of_another_site_logs_nobody_in(browser: Browser) -> None:
    """Without the page's own token nothing is looked at."""
    answer = browser.client.post("/auth/login/", data={"username": "viewer", "password": "password"})
    assert answer.status_code == 400
    assert not browser.client.cookies.get("_token") and not browser.me()


def test_there_is_no_second_door(database: LoginServer) -> None:
    """FAB's own API gives no token."""
    body = {"username": "viewer", "password": "password", "provider": "db"}
    assert httpx.post(f"{database.url}/auth/api/v1/security/login", json=body).status_code == 404


@pytest.mark.parametrize("name", [None, 7, ["viewer"], {"x": 1}, "", "   "])
def test_who_sends_no_name_is_told_so(database: LoginServer, name: object) -> None:
    """A document of another shape is no fault of the server's."""
    assert database.token(name).status_code == 400
    assert database.token("viewer", name).status_code == 400 or isinstance(name, str)
