"""What the platform reads of a real directory: people, their groups, their passwords, and nothing on trust."""

from __future__ import annotations

import logging
import signal
from dataclasses import replace
from typing import Any

import directory
import pytest
from aerodrome_airflow.directory import session
from aerodrome_airflow.directory.client import Directory, DirectoryUnavailable
from directory import BASE, GROUPS, PASSWORD, PEOPLE, Slapd

pytestmark = pytest.mark.all_attacks
BOTH_WAYS = pytest.mark.parametrize("member_of", ["memberOf", None])


@pytest.fixture(scope="module")
def company(slapd: Slapd) -> Slapd:
    """Jo and Al are analysts, who are staff, who are everybody, who are analysts; Kim is nothing."""
    jo, al, _ = (slapd.person(name) for name in ("jo", "Al.Ba", "kim"))
    analysts = slapd.group("analysts", [jo, al])
    staff = slapd.group("staff", [analysts, slapd.person("lee")])
    everybody = slapd.group("everybody", [staff])
    slapd.change(analysts, member=("MODIFY_ADD", [everybody]))
    slapd.group("empty")
    return slapd


@BOTH_WAYS
def test_groups_in_groups_hold_their_people(company: Slapd, member_of: str | None) -> None:
    """Also around in a circle, and the same for one person as for all."""
    client = company.client(member_of=member_of)
    found = client.people(["Staff", "analysts", "empty", "not there"])
    assert {name: set(entry.groups) for name, entry in found.items()} == {
        "jo": {"staff", "analysts"},
        "al.ba": {"staff", "analysts"},
        "lee": {"staff", "analysts"},
    }
    for name, entry in found.items():
        alone = client.person(name.upper())
        assert alone and alone.groups == {"staff", "analysts", "everybody"}
        assert replace(alone, groups=entry.groups) == entry
    kim = client.person("kim")
    assert kim and kim.groups == frozenset() and kim.email == "kim@example.org"


@BOTH_WAYS
@pytest.mark.parametrize("name", ["*", "j*", "jo)(uid=*", "jo\0", "", "uid=jo", "jo ", "nobody", "\uff4ao"])
def test_signs_of_the_filter_language_mean_nothing(company: Slapd, member_of: str | None, name: str) -> None:
    """Nobody is called so."""
    client = company.client(member_of=member_of)
    assert client.person(name) is None and client.authenticate(name, PASSWORD) is None


def test_a_password_is_somebodys_or_not(company: Slapd) -> None:
    """An empty one would be a login as nobody, which directories let in."""
    found = company.client().authenticate("JO", PASSWORD)
    assert found and found.name == "jo" and "analysts" in found.groups
    for wrong in ("", "wrong", PASSWORD.upper(), f"{PASSWORD}\0", "\u00ad", "\ud800"):
        assert company.client().authenticate("jo", wrong) is None


def test_names_of_all_kinds_are_found(company: Slapd) -> None:
    """With letters and signs that mean something in names of entries and in filters."""
    people = [company.person(name) for name in ("o'neil", "jürgen")]
    people.append(company.add(rf"cn=Doe\, Ann \28x\29,{PEOPLE}", ["inetOrgPerson"], uid="ann", sn="Doe"))
    company.group(r"odd\, (group)* é", people)
    for member_of in ("memberOf", None):
        client = company.client(member_of=member_of)
        assert set(client.people(["odd, (group)* é"])) == {"o'neil", "jürgen", "ann"}
        ann = client.person("ann")
        assert ann and ann.groups == {"odd, (group)* é"} and ann.first_name == ann.email == ""


def test_groups_may_name_people_by_user_name_or_by_unique_member(company: Slapd) -> None:
    """posixGroup and groupOfUniqueNames, where the groups are searched."""
    members = {"memberUid": ["kim", "lee"], "gidNumber": 7}
    company.add(f"cn=posix,{GROUPS}", ["posixGroup"], **members)
    unique = [f"uid=jo,{PEOPLE}", f"uid=kim,{PEOPLE}#'01'B"]
    company.add(f"cn=unique,{GROUPS}", ["groupOfUniqueNames"], uniqueMember=unique)
    client = company.client(member_of=None)
    found = {name: set(entry.groups) for name, entry in client.people(["posix", "unique"]).items()}
    assert found == {"kim": {"posix", "unique"}, "lee": {"posix"}, "jo": {"unique"}}
    lee = client.person("lee")
    assert lee and "posix" in lee.groups


@BOTH_WAYS
def test_of_two_groups_with_one_name_none_counts(
    company: Slapd, member_of: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Who may make a group somewhere would otherwise hand out the roles of the other one."""
    if member_of:
        company.group("finance", [f"uid=jo,{PEOPLE}"])
        below = company.add(f"ou=mine,{GROUPS}", ["organizationalUnit"])
        company.group("finance", [f"uid=kim,{PEOPLE}"], below)
    client = company.client(member_of=member_of)
    assert client.people(["finance"]) == {}
    jo = client.person("jo")
    assert jo and "finance" not in jo.groups and "several groups are called 'finance'" in caplog.text


@BOTH_WAYS
def test_people_with_odd_or_several_names_are_left_out(
    company: Slapd, member_of: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """One line each, however often the directory is asked."""
    if member_of:
        twins = [
            company.add(f"cn=twin{number},{PEOPLE}", ["inetOrgPerson"], sn="x", uid="twin")
            for number in (1, 2)
        ]
        odd = [
            company.add(f"cn=odd{number},{PEOPLE}", ["inetOrgPerson"], sn="x", uid=names)
            for number, names in enumerate((["j\u043e"], ["x y"], ["me", "you"], ["z" * 300], ["a\u202eb"]))
        ]
        company.group("strange", [*twins, *odd, f"uid=jo,{PEOPLE}"])
    client = company.client(member_of=member_of)
    for _ in range(2):
        assert set(client.people(["strange"])) == {"jo"}
    assert len(caplog.records) == 6 and "2 people are called 'twin'" in caplog.text
    assert client.person("twin") is None and client.person("me") is None


@BOTH_WAYS
def test_long_answers_come_in_pages(
    company: Slapd, member_of: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is left out."""
    monkeypatch.setattr(session, "PAGE", 1)
    assert set(company.client(member_of=member_of).people(["staff"])) == {"jo", "al.ba", "lee"}


@pytest.mark.parametrize(
    "changes",
    [
        {"people": {"base": f"ou=gone,{BASE}"}},
        {"groups": {"base": f"ou=gone,{BASE}"}},
        {"people": {"filter": "(no filter"}},
        {"bind_dn": f"cn=somebody,{BASE}"},
        {"start_tls": False},
        {"ca_file": None},
        {"ca_file": "/not/there.pem"},
        {"url": "ldap://127.0.0.2"},
        {"url": "ldap://unknown.invalid"},
    ],
)
def test_what_cannot_be_asked_is_unknown_and_not_empty(company: Slapd, changes: dict[str, Any]) -> None:
    """A mistake in the settings must take nobody's roles away."""
    settings = company.settings
    for name, change in changes.items():
        value = replace(getattr(settings, name), **change) if isinstance(change, dict) else change
        settings = replace(settings, **{name: value})
    client = Directory(settings, PASSWORD)
    with pytest.raises(DirectoryUnavailable) as problem:
        client.people(["staff"])
    assert PASSWORD not in str(problem.value)


def test_the_certificate_must_be_the_servers(company: Slapd) -> None:
    """By StartTLS and from the beginning; an address that is not in it is another server."""
    encrypted = f"ldaps://localhost:{company.encrypted_port}"
    assert company.client(url=encrypted, start_tls=False).person("jo")
    assert company.client(url=encrypted.replace("localhost", "127.0.0.1"), start_tls=False).person("jo")
    for url, start_tls in (
        (f"ldaps://ip6-localhost:{company.encrypted_port}", False),
        (f"ldap://ip6-localhost:{company.port}", True),
    ):
        with pytest.raises(DirectoryUnavailable, match=r"certificate"):
            company.client(url=url.replace("ip6-localhost", "127.1"), start_tls=start_tls).person("jo")


def test_an_answer_that_was_cut_off_is_no_answer(company: Slapd) -> None:
    """The directory gives some accounts a few hundred entries at most."""
    config = company.folder / "slapd.conf"
    text = config.read_text()
    try:
        company.stop()
        config.write_text(text.replace("size=unlimited", "size.soft=1 size.hard=1 size.prtotal=1"))
        company.start()
        with pytest.raises(DirectoryUnavailable, match="sizeLimitExceeded"):
            company.client().people(["staff"])
    finally:
        company.stop()
        config.write_text(text)
        company.start()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_silent_directory_is_not_waited_for(
    company: Slapd, encrypted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its port takes connections and nothing comes back."""
    monkeypatch.setattr(session, "ANSWER_SECONDS", 1)
    changes: dict[str, Any] = (
        {"url": f"ldaps://localhost:{company.encrypted_port}", "start_tls": False} if encrypted else {}
    )
    client, process = company.client(**changes), company.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(DirectoryUnavailable):
            client.people(["staff"])
    finally:
        process.send_signal(signal.SIGCONT)
    assert client.person("jo")


def test_no_line_holds_a_password(company: Slapd, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    client = Directory(company.settings, "a secret of the reader")
    with pytest.raises(DirectoryUnavailable) as problem:
        client.person("jo")
    assert company.client().authenticate("jo", "a secret of jo") is None
    assert "a secret" not in caplog.text + str(problem.value)
    assert directory.PASSWORD not in caplog.text
