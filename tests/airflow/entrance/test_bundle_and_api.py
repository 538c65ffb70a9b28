"""The rendered DAGs and the execution API as a host reaches them."""

from __future__ import annotations

import base64
import http.client
import os
import subprocess
from pathlib import Path

import pytest
from aerodrome.bundle import publish
from aerodrome.clients.git import BareRepository
from aerodrome.hosts.credentials import HostCredentials
from entrance_place import ADDRESS, Entrance
from misspelt import API_PATHS


def basic(given: HostCredentials) -> dict[str, str]:
    """Return a host's login at the bundle as HTTP has it."""
    login = f"{given.bundle_user}:{given.bundle_password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(login).decode()}"}


def git(
    entrance: Entrance, given: HostCredentials, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Return how git ended in *folder*, with the login of a host in its configuration."""
    place = f"https://{ADDRESS}:{entrance.entrance.bundle}/"
    (folder / "gitconfig").write_text(
        f'[http "{place}"]\n\tsslCAInfo = {entrance.platform.layout.authority}\n'
        f"\textraHeader = Authorization: {basic(given)['Authorization']}\n"
    )
    own = {
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.defpath, **own},
        capture_output=True,
        text=True,
        check=False,
    )


def url(entrance: Entrance) -> str:
    """Return the address of the bundle."""
    return f"https://{ADDRESS}:{entrance.entrance.bundle}/bundle.git"


def test_a_host_fetches_each_version_that_was_published(entrance: Entrance, tmp_path: Path) -> None:
    """Small publishes and those that git packs; earlier ones stay, also after git has tidied up."""
    given, bundle = entrance.let_in("h1"), entrance.platform.layout.bundle
    assert git(entrance, given, tmp_path, "clone", "-q", "--bare", url(entrance), "bare").returncode == 0
    earlier = BareRepository(bundle).head()
    many = {f"alpha/dag{number}.py": f"number = {number}\n" for number in range(150)}
    newest = publish(bundle, many, source="tests")
    subprocess.run(["git", "-C", bundle, "gc", "-q"], check=True)
    done = git(entrance, given, tmp_path, "-C", "bare", "fetch", "-q", "origin", "+refs/heads/*:refs/heads/*")
    assert newest is not None and (done.returncode, done.stderr) == (0, "")
    for commit, file in ((newest.commit, "alpha/dag149.py"), (earlier, "alpha/daily.py")):
        assert git(entrance, given, tmp_path, "-C", "bare", "show", f"{commit}:{file}").returncode == 0
    assert git(entrance, given, tmp_path, "clone", "-q", url(entrance), "again").returncode == 0


def test_who_has_no_password_fetches_nothing(entrance: Entrance, tmp_path: Path) -> None:
    """Nobody without one, with another one, or whose own was taken away."""
    given = entrance.let_in("h1")
    head = "/bundle.git/info/refs"
    assert entrance.ask(entrance.entrance.bundle, head)[0] == 401
    assert git(entrance, given, tmp_path, "ls-remote", url(entrance)).returncode == 0
    entrance.access.revoke("h1")
    assert git(entrance, given, tmp_path, "ls-remote", url(entrance)).returncode == 128
    again = entrance.let_in("h1")
    assert again.bundle_password != given.bundle_password
    assert git(entrance, again, tmp_path, "ls-remote", url(entrance)).returncode == 0


ELSEWHERE = (
    "/bundle.git/config",
    "/bundle.git/hooks/",
    "/bundle.git/refs/heads/main",
    "/bundle.git/../secrets/redis-admin",
    "/bundle.git/%2e%2e/secrets/redis-admin",
    "/secrets/redis-admin",
    "/config/entrance/server.key",
    "/",
)


def test_nothing_else_of_the_machine_is_handed_out(entrance: Entrance) -> None:
    """Not to a host with the right password either."""
    login = basic(entrance.let_in("h1"))
    for path in ELSEWHERE:
        assert entrance.ask(entrance.entrance.bundle, path, None, login)[0] in (400, 404), path


def test_the_bundle_is_read_only(entrance: Entrance) -> None:
    """Whatever a host sends."""
    login = basic(entrance.let_in("h1"))
    for method in ("PUT", "POST", "DELETE"):
        assert entrance.ask(entrance.entrance.bundle, "/bundle.git/HEAD", b"x", login, method)[0] == 403


def raw(entrance: Entrance, path: str) -> int:
    """Return the status of a request for *path* as it is spelt."""
    connection = http.client.HTTPSConnection(
        ADDRESS, entrance.entrance.api, timeout=10, context=entrance.tls()
    )
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.endheaders()
    return connection.getresponse().status


def test_the_execution_api_is_passed_on_as_it_was_asked(entrance: Entrance) -> None:
    """With what its path says, and bodies of some size."""
    path = "/execution/xcoms/alpha.daily/manual__2026-01-01T00%3A00/task/key%2Fwith"
    assert entrance.ask(entrance.entrance.api, path, b"x" * 2**20)[0] == 200
    assert entrance.api.asked[-1] == (path, 2**20)
    assert entrance.ask(entrance.entrance.api, path, b"x" * (17 * 2**20))[0] == 413


@pytest.mark.parametrize("path", API_PATHS)
def test_another_path_of_the_api_server_is_not_found(entrance: Entrance, path: str) -> None:
    """However it is spelt; nothing of it is passed on."""
    before = len(entrance.api.asked)
    assert raw(entrance, path) in (400, 404) and len(entrance.api.asked) == before
