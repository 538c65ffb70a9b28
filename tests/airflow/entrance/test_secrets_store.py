"""The secrets store as a host reaches it: its login, what it may do with it, and which paths there are."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome import names
from aerodrome.local.stores import openbao
from aerodrome.secrets.values import VaultValues
from entrance_place import NAME, Entrance

ROLE = names.host_role(NAME, "h1")
DATABASE = names.connection_path(NAME, "alpha", "db")
PEOPLE = names.connection_path(NAME, "beta", "people")


def minted(entrance: Entrance, token: str, zone: str, tenant: str) -> tuple[int, Any]:
    """Return what the store answers to a host that asks for a token of *tenant*."""
    return entrance.store(
        f"auth/token/create/{names.tenant_policy(NAME, zone, tenant)}", {"ttl": "5m"}, token
    )


def read(entrance: Entrance, token: str, path: str) -> int:
    """Return the status of a read."""
    return entrance.store(f"{names.SECRETS_MOUNT}/data/{path}", None, token)[0]


@pytest.fixture(autouse=True)
def stored(entrance: Entrance) -> None:
    """A secret of each tenant."""
    for path in (DATABASE, PEOPLE):
        VaultValues(openbao.vault(entrance.platform)).write(path, {"conn_type": "postgres", "password": "x"})


def test_a_host_reads_what_tasks_of_its_zone_may_read(entrance: Entrance) -> None:
    """With a token for one tenant; of a tenant of another zone it gets none, and its own login reads nothing."""
    token = entrance.logged_in("h1")
    status, answer = minted(entrance, token, "onprem", "alpha")
    assert status == 200 and read(entrance, answer["auth"]["client_token"], DATABASE) == 200
    assert read(entrance, answer["auth"]["client_token"], PEOPLE) == 403
    assert minted(entrance, token, "pii", "beta")[0] == minted(entrance, token, "default", "alpha")[0] == 403
    assert read(entrance, token, DATABASE) == 403


def test_a_first_login_is_given_out_once(entrance: Entrance) -> None:
    """Whoever comes second learns that somebody came first; it is kept for the time that was asked for."""
    given = entrance.access.credentials(["h1"], ["h1"], 90)["h1"]
    store = openbao.vault(entrance.platform)._client()
    told = store.write_data("sys/wrapping/lookup", data={"token": given.wrapped_login})["data"]
    assert told["creation_ttl"] == 90
    assert entrance.store("sys/wrapping/unwrap", {}, given.wrapped_login)[0] == 200
    assert entrance.store("sys/wrapping/unwrap", {}, given.wrapped_login)[0] == 400


def test_another_first_login_ends_the_one_before(entrance: Entrance) -> None:
    """A host that was set up anew has lost it, and nobody else shall have it; without being asked nothing ends."""
    lost = entrance.let_in("h1", new_login=True).wrapped_login
    secret = entrance.store("sys/wrapping/unwrap", {}, lost)[1]["data"]["secret_id"]
    ids = {"role_id": ROLE, "secret_id": secret}
    assert entrance.let_in("h1").wrapped_login == ""
    assert entrance.store("auth/approle/login", ids)[0] == 200
    entrance.let_in("h1", new_login=True)
    assert entrance.store("auth/approle/login", ids)[0] == 400


def test_a_host_replaces_its_own_login_and_no_other(entrance: Entrance) -> None:
    """It makes a secret id, logs in by it, and destroys it; it lists none, and of another host it does none of this."""
    token = entrance.logged_in("h1")
    entrance.let_in("h2", new_login=True)
    own = f"auth/approle/role/{ROLE}/secret-id"
    secret = entrance.store(own, {}, token)[1]["data"]["secret_id"]
    assert (
        entrance.store(f"{own}/lookup", {"secret_id": secret}, token)[1]["data"]["secret_id_ttl"] == 7 * 86400
    )
    assert entrance.store("auth/approle/login", {"role_id": ROLE, "secret_id": secret})[0] == 200
    assert entrance.store(f"{own}/destroy", {"secret_id": secret}, token)[0] == 204
    assert entrance.store("auth/approle/login", {"role_id": ROLE, "secret_id": secret})[0] == 400
    other = own.replace(ROLE, names.host_role(NAME, "h2"))
    for path in ("", "/lookup", "/destroy"):
        assert entrance.store(other + path, {"secret_id": secret}, token)[0] == 403


def test_a_removed_hosts_token_may_do_nothing_from_then_on(entrance: Entrance) -> None:
    """Though it lives for twenty minutes; another host's goes on."""
    tokens = {host: entrance.logged_in(host) for host in ("h1", "h2")}
    assert any("secrets store" in sentence for sentence in entrance.access.revoke("h1"))
    found = {host: minted(entrance, token, "onprem", "alpha")[0] for host, token in tokens.items()}
    assert found == {"h1": 403, "h2": 200}
    assert entrance.store(f"auth/approle/role/{ROLE}/secret-id", {}, tokens["h1"])[0] == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "sys/health"),
        ("GET", "sys/seal-status"),
        ("PUT", "sys/seal"),
        ("POST", "sys/wrapping/wrap"),
        ("POST", "auth/token/create"),
        ("POST", "auth/token/create/aerodrome-other.onprem.alpha"),
        ("POST", "auth/token/lookup-self"),
        ("GET", f"auth/approle/role/{ROLE}"),
        ("LIST", f"auth/approle/role/{ROLE}/secret-id"),
        ("POST", f"auth/approle/role/{ROLE}/custom-secret-id"),
        ("POST", f"auth/approle/role/{ROLE}/secret-id-accessor/destroy"),
        ("POST", f"auth/approle/role/{names.zone_role(NAME, 'onprem')}/secret-id"),
        ("GET", f"{names.SECRETS_MOUNT}/metadata/{DATABASE}"),
        ("GET", f"{names.SECRETS_MOUNT}/data/other/tenants/alpha/connections/db"),
        ("DELETE", f"{names.SECRETS_MOUNT}/data/{DATABASE}"),
        ("POST", f"{names.SECRETS_MOUNT}/data/{DATABASE}"),
        ("GET", f"{names.SECRETS_MOUNT}/data/{DATABASE}?list=true"),
        ("GET", f"{names.SECRETS_MOUNT}/data/{NAME}/../../metadata/{DATABASE}"),
        ("GET", f"sys/../{names.SECRETS_MOUNT}/data/{DATABASE}"),
        ("GET", f"{names.SECRETS_MOUNT}/data/{NAME}/%2e%2e/x"),
        ("GET", f"{names.SECRETS_MOUNT}//data/{DATABASE}"),
    ],
)
def test_any_other_path_is_not_there(entrance: Entrance, method: str, path: str) -> None:
    """Not even for who has every right."""
    root = openbao.vault(entrance.platform).token or ""
    assert entrance.store(path, {} if method != "GET" else None, root, method)[0] in (403, 404)


def test_a_long_request_is_refused(entrance: Entrance) -> None:
    """What logs in has a few lines to say."""
    assert entrance.store("auth/approle/login", {"role_id": "x" * 20_000})[0] == 413
