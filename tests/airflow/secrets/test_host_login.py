"""A host's login: taken once, replaced by the host itself, and never lost, whenever the program is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import hvac
import pytest
from aerodrome import names
from aerodrome.hosts_settings import HostsSettings
from aerodrome.secrets import layout
from aerodrome_airflow.secrets.host_login import replace, take
from aerodrome_airflow.secrets.login_files import LoginFiles
from aerodrome_airflow.secrets.login_store import LoginError, LoginStore, NotAcceptedError, SpentError
from forking import forked
from secrets_place import ENVIRONMENT, PLACE, TENANTS, ZONE, Bao, Door, agent_in_thread, settings

HOST = "hadoop1"
ROLE = names.host_role(PLACE, HOST)
# As many as the longest way has.
STEPS = range(1, 5)


@dataclass(frozen=True)
class Place:
    """A host's login and the store as its administrator sees it."""

    files: LoginFiles
    store: LoginStore
    access: hvac.Client

    def wrapped(self) -> str:
        """Return a secret id that can be unwrapped once."""
        made = self.access.auth.approle.generate_secret_id(ROLE, wrap_ttl="60s")
        return str(made["wrap_info"]["token"])

    def known(self) -> int:
        """Return how many secret ids of the host the store knows."""
        found = self.access.list(f"auth/approle/role/{ROLE}/secret-id")
        return len(found["data"]["keys"]) if found else 0

    def taken(self) -> Place:
        """Return this place after the host has its first login."""
        take(self.store, self.files, self.wrapped(), lambda _: None)
        return self


@pytest.fixture
def place(bao: Bao, tmp_path: Path) -> Iterator[Place]:
    """A host that is let in by the policy and AppRole that a deploy makes."""
    hosts = HostsSettings(rotate_login_every=timedelta(hours=24))
    environment = ENVIRONMENT.model_copy(update={"hosts": hosts})
    found = layout.places(environment)
    for key, wanted in layout.of_host(environment, HOST, ZONE, TENANTS):
        if key.kind == layout.POLICY:
            bao.vault.put_policy(key.name, str(wanted[layout.TEXT]))
        else:
            bao.vault.put_role(found[key.kind], key.name, wanted)
    access = hvac.Client(bao.vault.url, "root")
    access.auth.approle.update_role_id(ROLE, ROLE)
    yield Place(LoginFiles(tmp_path / "secret_id"), LoginStore(bao.vault.url, None, ROLE), access)
    access.auth.approle.delete_role(ROLE)


def killed_after(step: int, place: Place) -> None:
    """Replace the login in a process that kills itself after so many steps."""
    left = iter(range(step - 1, -1, -1))

    def say(_: str) -> None:
        if next(left, 0) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(forked(lambda: replace(place.store, place.files, 0, lambda: None, say)), 0)


def test_the_first_login_is_taken_once(place: Place) -> None:
    """Into a file that is its owner's alone; it lets the host in."""
    place.taken()
    assert place.store.log_in(place.files.current())
    assert place.files.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.files.path.parent.iterdir()] == ["secret_id"]


def test_a_wrapped_login_that_was_used_is_an_alarm(place: Place) -> None:
    """Somebody else may have read it; the login that the host has stays."""
    wrapped = place.wrapped()
    take(place.store, place.files, wrapped, lambda _: None)
    before = place.files.current()
    with pytest.raises(SpentError, match="somebody else may have read it"):
        take(place.store, place.files, wrapped, lambda _: None)
    assert place.files.current() == before


def test_a_host_replaces_its_login_by_itself(place: Place) -> None:
    """The last one no longer lets anybody in, after whoever uses it has heard of the new one."""
    last, heard = place.taken().files.current(), list[bool]()
    renew = lambda: heard.append(bool(place.store.log_in(last)) and place.files.current() != last)  # noqa: E731
    replace(place.store, place.files, 0, renew, lambda _: None)
    assert heard == [True] and place.known() == 1
    assert place.store.log_in(place.files.current())
    with pytest.raises(NotAcceptedError, match="does not accept the login of this host"):
        place.store.log_in(last)


def test_a_young_login_stays(place: Place) -> None:
    """Until it is as old as it may become."""
    before = place.taken().files.current()
    replace(place.store, place.files, 3600, lambda: None, lambda _: None)
    assert place.files.current() == before


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_replacement_is_ended_by_the_next_one(place: Place, step: int) -> None:
    """At each step the host can log in, and in the end the store knows one login."""
    killed_after(step, place.taken())
    assert place.store.log_in(place.files.current())
    replace(place.store, place.files, 3600, lambda: None, lambda _: None)
    assert place.store.log_in(place.files.current()) and place.known() == 1
    assert [path.name for path in place.files.path.parent.iterdir()] == ["secret_id"]


def test_killed_between_link_and_rename_nothing_is_lost(place: Place) -> None:
    """The last one is the current one then, and must not be destroyed."""
    files = place.taken().files
    files.old.hardlink_to(files.path)
    replace(place.store, files, 3600, lambda: None, lambda _: None)
    assert place.store.log_in(files.current()) and not files.old.exists()


def test_a_proposal_that_the_store_does_not_know_is_thrown_away(place: Place) -> None:
    """As after a store that was restored from a backup; the login in use stays."""
    before = place.taken().files.current()
    place.files.propose("11111111-2222-3333-4444-555555555555")
    replace(place.store, place.files, 3600, lambda: None, lambda _: None)
    assert place.files.current() == before and not place.files.next.exists()


def test_where_the_user_of_the_login_does_not_start_again_the_last_one_stays(place: Place) -> None:
    """The next call tries again."""

    def renew() -> None:
        raise LoginError("it does not start")

    last = place.taken().files.current()
    with pytest.raises(LoginError, match="it does not start"):
        replace(place.store, place.files, 0, renew, lambda _: None)
    assert place.store.log_in(last) and place.known() == 2
    replace(place.store, place.files, 3600, lambda: None, lambda _: None)
    assert place.known() == 1


def test_a_host_that_was_shut_out_hears_the_remedy(place: Place) -> None:
    """In one line, which names its role and the command."""
    place.taken()
    place.access.auth.approle.delete_role(ROLE)
    with pytest.raises(NotAcceptedError, match=rf"{ROLE}: it has ended or was taken away. `make workers`"):
        replace(place.store, place.files, 0, lambda: None, lambda _: None)


def test_a_store_that_is_away_changes_nothing(place: Place, door: Door) -> None:
    """The login stays, and the error says where nobody answers."""
    door.close()
    before = place.taken().files.current()
    away = LoginStore(f"http://127.0.0.1:{door.port}", None, ROLE)
    with pytest.raises(LoginError, match=rf"127\.0\.0\.1:{door.port} does not answer"):
        replace(away, place.files, 0, lambda: None, lambda _: None)
    assert place.files.current() == before


def test_an_agent_reads_secrets_by_a_replaced_login(place: Place, bao: Bao, folder: Path) -> None:
    """A host mints tokens for tenants of its zone, as the zone's own workers do."""
    replace(place.taken().store, place.files, 0, lambda: None, lambda _: None)
    file = settings(folder, bao.port, secret_id=place.files.current())
    (folder / "role").write_text(ROLE)
    with agent_in_thread(file) as agent:
        assert agent.password() == "alpha-db-password"
        assert agent.password("people") == "refused"


def test_the_program_takes_the_wrapped_login_from_its_input(place: Place, bao: Bao, folder: Path) -> None:
    """Not from its command line, which everybody reads; its log tells none of both."""
    file = settings(folder, bao.port)
    (folder / "role").write_text(ROLE)
    wrapped = place.wrapped()
    command = [sys.executable, "-I", "-m", "aerodrome_airflow.secrets.host_login", "take", "--config", file]
    done = [
        subprocess.run(command, input=wrapped, capture_output=True, text=True, check=False) for _ in range(2)
    ]
    taken = (folder / "secret").read_text()
    assert (done[0].returncode, done[1].returncode) == (0, 1) and place.store.log_in(taken)
    said = "".join(each.stdout + each.stderr for each in done)
    assert "the host can log in" in said and "somebody else may have read it" in said
    assert wrapped not in said and taken not in said and "Traceback" not in said


@pytest.mark.parametrize("text", ["{", "{}", json.dumps({"store": {"url": "x"}})])
def test_a_configuration_without_a_store_is_told(folder: Path, text: str) -> None:
    """By one line that names the file."""
    (folder / "agent.json").write_text(text)
    command = [sys.executable, "-I", "-m", "aerodrome_airflow.secrets.host_login", "replace"]
    done = subprocess.run(
        [*command, "--config", folder / "agent.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stderr.startswith(f"{folder}/agent.json: ")
    assert len(done.stderr.splitlines()) == 1
