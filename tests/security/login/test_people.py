"""People of a real directory log in, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from directory import GROUPS, PASSWORD, PEOPLE, Slapd
from login_servers import Browser, LoginServer, shown

pytestmark = pytest.mark.all_attacks


@pytest.fixture
def stoppable(login_slapd: Slapd) -> Iterator[Slapd]:
    """The directory, which runs again when the test has ended."""
    yield login_slapd
    login_slapd.stop()
    login_slapd.start()


def test_a_person_gets_exactly_the_roles_of_the_groups(server: LoginServer, browser: Browser) -> None:
    """A user is made that no password of Airflow's own opens."""
    browser.log_in("anne", PASSWORD)
    assert browser.me() == "anne" and browser.roles == {"alpha.editor"}
    assert server.query("SELECT password, last_name FROM ab_user WHERE username = 'anne'") == [
        ("!directory", "Anne")
    ]


def test_a_group_inside_a_group_counts(server: LoginServer) -> None:
    """Also for a token."""
    assert server.token("nia", PASSWORD).status_code == 201
    assert server.roles("nia") == {"alpha.viewer"}


def test_the_name_is_taken_as_the_directory_spells_it(server: LoginServer) -> None:
    """However somebody types it, it is one user."""
    for typed in ("ANNE", " anne ", "Anne"):
        assert server.token(typed, PASSWORD).status_code == 201
    assert server.query("SELECT count(*) FROM ab_user WHERE lower(username) = 'anne'") == [(1,)]


def test_other_groups_are_other_roles_at_the_next_login(server: LoginServer, login_slapd: Slapd) -> None:
    """None is left of before."""
    dn = login_slapd.person("moves")
    for group, roles in (("alpha-editors", {"alpha.editor"}), ("beta-viewers", {"beta.viewer"})):
        login_slapd.change(f"cn={group},{GROUPS}", member=("MODIFY_ADD", [dn]))
        assert server.token("moves", PASSWORD).status_code == 201
        assert server.roles("moves") == roles
        login_slapd.change(f"cn={group},{GROUPS}", member=("MODIFY_DELETE", [dn]))
    answer = server.token("moves", PASSWORD)
    assert answer.status_code == 403 and server.roles("moves") == set()


def test_who_has_no_role_is_told_so(server: LoginServer, browser: Browser) -> None:
    """After the right password, and no user is made."""
    page = browser.form("zoe", PASSWORD)
    assert page.status_code == 403 and "no group of yours has a role here" in shown(page)
    assert browser.form("zoe", "wrong").status_code == 401
    assert not server.query("SELECT 1 FROM ab_user WHERE username = 'zoe'")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("mira", "wrong"),
        ("mira", " "),
        ("mira", "\0"),
        ("mira", f"{PASSWORD}\0"),
        ("*", PASSWORD),
        ("mir*", PASSWORD),
        ("mira)(uid=*", PASSWORD),
        ("*)(objectClass=*", PASSWORD),
        ("nobody)(|(uid=mira", PASSWORD),
        ("mira\0", PASSWORD),
        (f"uid=mira,{PEOPLE}", PASSWORD),
        ("\uff4dira", PASSWORD),
        ("m\u0456ra", PASSWORD),
        ("local", "password"),
        ("viewer", "password"),
    ],
)
def test_nobody_else_gets_in(server: LoginServer, name: str, password: str) -> None:
    """Wrong and empty passwords, filters in the place of names, look-alikes, users of Airflow's own database."""
    answer = server.token(name, password)
    assert answer.status_code == 401, answer.text


def test_an_empty_password_is_none(server: LoginServer, browser: Browser) -> None:
    """For a directory a login without one is a login as nobody, and succeeds."""
    assert server.token("anne", "").status_code == 400
    assert browser.form("anne", "").status_code == 200 and not browser.me()


def test_a_person_called_like_a_user_of_the_platform_is_not_that_user(
    server: LoginServer, browser: Browser
) -> None:
    """Their password of the directory opens nothing; the roles of both stay what they were."""
    for name in ("admin", "emergency"):
        assert server.token(name, PASSWORD).status_code == 401
        assert browser.form(name, PASSWORD).status_code == 401
        assert server.roles(name) == {"Admin"}


def test_a_local_user_of_the_same_name_becomes_the_directorys(server: LoginServer) -> None:
    """With the rights of the groups, and without the password and the rights of before."""
    assert server.roles("local") == {"Admin"}
    assert server.token("local", PASSWORD).status_code == 201
    assert server.roles("local") == {"beta.viewer"}


def test_who_was_deactivated_by_a_person_stays_out_and_who_was_by_roles_does_not(
    server: LoginServer, login_slapd: Slapd
) -> None:
    """A user without roles was deactivated because there was no group, and has one again."""
    dn = login_slapd.person("left")
    login_slapd.change(f"cn=alpha-editors,{GROUPS}", member=("MODIFY_ADD", [dn]))
    assert server.token("left", PASSWORD).status_code == 201
    server.query("UPDATE ab_user SET active = false WHERE username = 'left'")
    answer = server.token("left", PASSWORD)
    assert answer.status_code == 403 and "deactivated here" in answer.json()["detail"]
    statement = "DELETE FROM ab_user_role WHERE user_id = (SELECT id FROM ab_user WHERE username = 'left')"
    server.query(statement)
    assert server.token("left", PASSWORD).status_code == 201 and server.roles("left") == {"alpha.editor"}


def test_two_people_with_one_mailbox_both_get_in(server: LoginServer) -> None:
    """FAB takes an address once."""
    assert server.token("anne", PASSWORD).status_code == server.token("drowned", PASSWORD).status_code == 201
    emails = server.query("SELECT email FROM ab_user WHERE username IN ('anne', 'drowned') ORDER BY username")
    assert emails == [("anne@example.org",), ("drowned@directory.invalid",)]


@pytest.mark.parametrize(("way", "status"), [("ldaps", 201), ("foreign", 503), ("plain", 503)])
def test_the_way_to_the_directory_is_encrypted_and_its_certificate_verified(
    login_servers_of_slapd: dict[str, LoginServer], way: str, status: int
) -> None:
    """By LDAPS as by StartTLS; with an authority that did not sign it, or without TLS, nothing is sent."""
    assert login_servers_of_slapd[way].token("anne", PASSWORD).status_code == status


def test_while_the_directory_is_away_sessions_go_on_and_nobody_new_gets_in(
    server: LoginServer, browser: Browser, stoppable: Slapd
) -> None:
    """And when it is back, people log in again."""
    browser.log_in("anne", PASSWORD)
    stoppable.stop()
    assert browser.me() == "anne" and browser.client.get("/auth/").status_code == 302
    answer = server.token("nia", PASSWORD)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "30"
    with server.browser() as other:
        page = other.form("nia", PASSWORD)
        assert page.status_code == 503 and "directory does not answer" in shown(page)
    assert server.token("local", "password").status_code == 503
    assert browser.me() == "anne"
    stoppable.start()
    assert server.token("nia", PASSWORD).status_code == 201


def test_guessing_does_not_reach_the_directory(server: LoginServer, login_slapd: Slapd) -> None:
    """After five wrong passwords even the right one is not tried: nobody's account is locked there."""
    login_slapd.person("guessed")
    for number in range(5):
        assert server.token("guessed", f"wrong {number}").status_code == 401
    assert server.token(" GUESSED", PASSWORD).status_code == 429
    assert server.token("anne", PASSWORD).status_code == 201
