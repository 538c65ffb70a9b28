"""While the directory does not answer, Airflow's own users are no way in, but for the two that are meant."""

from __future__ import annotations

import pytest
from login_servers import Browser, LoginServer, shown

SERVER = "directory"


@pytest.mark.parametrize("name", ["local", "viewer", "local@localhost", "LOCAL", "unknown"])
def test_local_users_are_no_way_around_the_directory(
    directory: LoginServer, browser: Browser, name: str
) -> None:
    """Neither by the form nor by a token; what is told is what is wrong."""
    answer = directory.token(name)
    assert answer.status_code == 503 and "does not answer" in answer.json()["detail"]
    page = browser.form(name, "password")
    assert page.status_code == 503 and "does not answer" in shown(page)
    assert not browser.me()


def test_the_break_glass_user_gets_in_and_everybody_hears_of_it(
    directory: LoginServer, browser: Browser
) -> None:
    """By the form and by a token: an alert, a line in the log and one in the audit log each time."""
    before = len(directory.alerts)
    browser.log_in("emergency")
    assert browser.me() == "emergency"
    assert directory.token("Emergency").status_code == 201
    told = directory.alerts[before:]
    assert [(alert["kind"], alert["user"]) for alert in told] == [("break_glass_login", "emergency")] * 2
    assert "the login page" in told[0]["reason"] and "127.0.0.1" in told[0]["reason"]
    rows = directory.query("SELECT owner FROM log WHERE event = 'break_glass_login'")
    assert rows == [("emergency",)] * 2
    assert directory.log.count("Break-glass login: emergency") >= 2


def test_a_wrong_password_of_the_break_glass_user_alerts_nobody(directory: LoginServer) -> None:
    """It is refused as anybody's."""
    before = len(directory.alerts)
    assert directory.token("emergency", "wrong").status_code == 401
    assert len(directory.alerts) == before


def test_the_deploys_own_user_is_no_persons(directory: LoginServer, browser: Browser) -> None:
    """It gets tokens on this machine, none from elsewhere, and no session of a browser."""
    assert directory.token("admin").status_code == 201
    assert directory.token("admin", address="10.1.2.3").status_code == 401
    page = browser.form("admin", "password")
    assert page.status_code == 401 and not browser.me()


def test_nobody_keeps_the_deploy_out_by_failing_in_its_name(directory: LoginServer) -> None:
    """Its password is none that is guessed."""
    for _ in range(7):
        assert directory.token("admin", "wrong").status_code == 401
    assert directory.token("admin").status_code == 201


def test_the_session_of_who_is_in_goes_on(directory: LoginServer, browser: Browser) -> None:
    """Nobody asks the directory about a request."""
    browser.log_in("emergency")
    assert browser.me() == "emergency"
    assert browser.client.get("/auth/").status_code == 302
    assert browser.me() == "emergency"
