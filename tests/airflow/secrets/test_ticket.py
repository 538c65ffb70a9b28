"""Kerberos tickets of a host: a real realm, a real store, and the agent between them."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome import names
from aerodrome_airflow.kerberos import ticket
from aerodrome_airflow.kerberos.reasons import explain
from aerodrome_airflow.kerberos.settings import Principal, Settings
from kerberos_realm import NAME, Realm, running_realm
from secrets_place import PLACE, Agent, Bao

WHO = f"alpha@{NAME}"
# The one variable that tenant alpha has.
VARIABLE = "threshold"


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    """A realm that knows alpha."""
    with running_realm(tmp_path_factory.mktemp("realm")) as made:
        yield made


@pytest.fixture
def owner(spare_users: tuple[str, ...]) -> str:
    """Whom the ticket is for: another user, where the tests may change users."""
    return spare_users[0] if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def alpha(owner: str) -> Principal:
    """Who tenant alpha is to Kerberos."""
    return Principal("alpha", WHO, owner, VARIABLE)


@pytest.fixture
def host(
    agent: Agent, realm: Realm, folder: Path, alpha: Principal, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A host in the realm."""
    monkeypatch.setenv("KRB5_CONFIG", str(realm.config))
    return Settings(agent.socket, folder / "kerberos", {"alpha": alpha})


def store(bao: Bao, text: str) -> None:
    """Store *text* as alpha's keytab."""
    bao.store(names.variable_path(PLACE, "alpha", VARIABLE), {"value": text})


def modes(folder: Path) -> dict[str, tuple[str, str]]:
    """Return owner and mode of everything below *folder*."""
    return {
        str(path.relative_to(folder)): (path.owner(), oct(stat.S_IMODE(path.stat().st_mode)))
        for path in folder.rglob("*")
    }


def test_a_tenant_gets_a_ticket(host: Settings, alpha: Principal, realm: Realm, bao: Bao, owner: str) -> None:
    """For its own user alone; the keytab is not even for that one."""
    store(bao, realm.keytab(WHO))
    ticket.renew(host, alpha)
    assert f"Default principal: {WHO}" in realm.run("klist", "-c", f"{host.folder}/alpha/ticket")
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert modes(host.folder) == {
        "alpha": (owner, "0o700"),
        "alpha/ticket": (owner, "0o600"),
        "keytabs": (me, "0o700"),
        "keytabs/alpha": (me, "0o400"),
    }


def test_an_expired_keytab_is_told_until_there_is_a_new_one(
    host: Settings, alpha: Principal, realm: Realm, bao: Bao, agent: Agent
) -> None:
    """To whoever reads the unit's log, and to the tenant's own tasks; the last ticket stays meanwhile."""
    store(bao, realm.keytab(WHO))
    ticket.renew(host, alpha)
    realm.change_key(WHO)
    with pytest.raises(ticket.NoTicketError, match=r"the keytab has expired.*NAME=threshold KIND=variable"):
        ticket.renew(host, alpha)
    problem = host.folder / "alpha/ticket.problem"
    assert "the keytab has expired" in problem.read_text() and problem.with_name("ticket").exists()
    store(bao, realm.keytab(WHO))
    agent.time.now += 61
    ticket.renew(host, alpha)
    assert not problem.exists()


def test_the_last_keytab_serves_while_the_store_is_away(
    host: Settings, alpha: Principal, realm: Realm, bao: Bao
) -> None:
    """A ticket lives for hours, a store may be away for longer."""
    away = replace(host, agent=host.folder / "nobody.sock")
    with pytest.raises(ticket.NoTicketError, match="the keytab cannot be read now: the secrets agent"):
        ticket.renew(away, alpha, 0.1)
    store(bao, realm.keytab(WHO))
    ticket.renew(host, alpha)
    (host.folder / "alpha/ticket").unlink()
    ticket.renew(away, alpha, 0.1)
    assert (host.folder / "alpha/ticket").exists()


def test_a_keytab_that_is_no_longer_stored_goes(
    host: Settings, alpha: Principal, realm: Realm, bao: Bao
) -> None:
    """From the host too."""
    store(bao, realm.keytab(WHO))
    ticket.renew(host, alpha)
    gone = replace(alpha, variable="other")
    with pytest.raises(
        ticket.NoTicketError, match=r"there is no keytab: .*`make secret TENANT=alpha NAME=other"
    ):
        ticket.renew(host, gone)
    assert not (host.folder / "keytabs/alpha").exists()


@pytest.mark.parametrize("text", ["", "no base64 at all!", "aGVsbG8="])
def test_what_is_no_keytab_is_told(host: Settings, alpha: Principal, bao: Bao, text: str) -> None:
    """With the command that makes one of it."""
    store(bao, text)
    with pytest.raises(ticket.NoTicketError, match="no keytab as base64: store what `base64 -w0"):
        ticket.renew(host, alpha)


def test_the_program_says_one_line(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And never a traceback."""
    file = folder / "kerberos.json"
    assert ticket.main(["--config", str(file), "--tenant", "alpha"]) == 1
    file.write_text('{"agent": "/x", "folder": "/y", "principals": []}')
    assert ticket.main(["--config", str(file), "--tenant", "alpha"]) == 1
    first, second = caplog.messages
    assert "No such file" in first and second.startswith("'alpha' has no principal on this host")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "kinit: Clock skew too great while getting",
            "the clock of this host is wrong: set `clock: servers:`",
        ),
        (
            "kinit: Cannot contact any KDC for realm",
            "no key distribution centre answers: check `kerberos: kdcs:`",
        ),
        ("kinit: Client 'a@B' not found in Kerberos database", "the realm does not know the principal"),
        ("kinit: what nobody knows", "a@B: kinit: what nobody knows"),
        ("", "kinit said nothing"),
    ],
)
def test_what_kinit_says_is_explained(told: str, shown: str) -> None:
    """With a remedy where it is known."""
    assert shown in explain(told, "a@B", "`make secret`")
