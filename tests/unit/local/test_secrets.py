"""What a deployment keeps secret: made once, by one maker, never a second time over data that the first one opens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.credentials import Credentials, credentials
from aerodrome.local.machine.platform import Platform
from aerodrome.local.release import services
from aerodrome.local.release.targets import LocalTarget, local_targets
from aerodrome.local.stores import openbao
from aerodrome.plan import make_plan

OPENERS = {
    secret.OPENBAO_SEAL: ("openbao", Credentials.seal_key),
    secret.AIRFLOW_FERNET: ("postgres", Credentials.fernet_key),
    secret.POSTGRES_ADMIN: ("postgres", lambda found: found.get(secret.POSTGRES_ADMIN)),
}


def store(platform: Platform, name: str) -> Path:
    """Return a store's folder with something in it."""
    folder = platform.layout.data / name
    folder.mkdir(parents=True)
    (folder / "raft.db").write_text("what tenants stored")
    return folder


def test_all_who_make_a_secret_at_once_get_the_same(tmp_path: Path) -> None:
    """The first one is kept."""
    with ThreadPoolExecutor(8) as pool:
        for number in range(25):
            made = list(pool.map(lambda _: Credentials(tmp_path / "secrets").get(str(number)), range(8)))  # noqa: B023
            assert len({*made, Credentials(tmp_path / "secrets").find(str(number))}) == 1


def test_an_empty_secret_is_no_secret(tmp_path: Path) -> None:
    """Nobody goes on with it."""
    (tmp_path / "one").touch()
    with pytest.raises(AerodromeError, match="one is empty"):
        Credentials(tmp_path).get("one")


@pytest.mark.parametrize("name", OPENERS)
def test_a_key_is_not_made_anew_over_data_that_it_opens(platform: Platform, name: str) -> None:
    """The message says which file to restore, and what else can be done."""
    kept, (folder, get) = platform.credentials, OPENERS[name]
    first = get(kept)
    store(platform, folder)
    assert get(kept) == first
    (platform.layout.secrets / name).unlink()
    with pytest.raises(UserError, match=rf"{name} is gone.*\n.*restore the file.*make destroy"):
        get(kept)
    assert not (platform.layout.secrets / name).exists()


def test_a_key_is_made_anew_where_nothing_was_stored_yet(platform: Platform) -> None:
    """An empty folder, or a store that was not set up to its end."""
    folder = platform.layout.data / "openbao"
    folder.mkdir(parents=True)
    platform.credentials.seal_key()
    (platform.layout.secrets / secret.OPENBAO_SEAL).unlink()
    secret.unfinished(platform.layout.data, "openbao").touch()
    (folder / "raft.db").touch()
    assert platform.credentials.seal_key()


def test_a_lost_root_token_empties_no_store(platform: Platform) -> None:
    """OpenBao's data stays, and the deploy says what to do before it stops anything."""
    folder = store(platform, "openbao")
    platform.credentials.keep(secret.OPENBAO_SEAL, "seal")
    for deploys in (openbao.begin_anew, services.differences):
        with pytest.raises(UserError, match="openbao-root-token is gone"):
            deploys(platform)
    assert (folder / "raft.db").read_text() == "what tenants stored"


def test_what_an_interrupted_first_deploy_left_is_emptied(platform: Platform) -> None:
    """From before the server's first start until its root token is kept; then never again."""
    platform.layout.data.mkdir(parents=True)
    openbao.begin_anew(platform)
    folder = store(platform, "openbao")
    openbao.begin_anew(platform)
    assert list(folder.iterdir()) == []
    (folder / "raft.db").touch()
    platform.credentials.keep(secret.OPENBAO_ROOT, "token")
    openbao.begin_anew(platform)
    assert (folder / "raft.db").exists()


def test_who_only_looks_makes_no_secret(platform: Platform) -> None:
    """Not even in a clone whose own interpreter stands ready."""
    found = replace(platform, looked_at=True)
    assert found.credentials.get("one") and found.credentials.fernet_key()
    assert not platform.layout.state.exists()


def test_a_plan_makes_no_secret(platform: Platform) -> None:
    """Before the first deploy, and for the zone of a new queue."""
    targets = [
        target
        for target in local_targets(platform, None, None)
        if isinstance(target, LocalTarget)  # type: ignore[arg-type]
    ]
    assert platform.layout.python.exists()
    assert len(make_plan("local", targets).changes) > 10
    assert not platform.layout.state.exists()


def test_a_deploy_keeps_what_it_makes(platform: Platform) -> None:
    """It does not only look."""
    assert platform.credentials.get("one") == credentials(platform.layout).find("one")
