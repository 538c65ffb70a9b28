"""The role python_runtime: versions that are switched at once, kept while they run, and left alone by what fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import role_packages
from fleet.host import Host
from fleet.playing import Played

Playbook = Callable[..., Played]
FOLDER = "/opt/aerodrome"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The role's variables for a small lock whose wheels lie here."""
    folder = role_packages.write(tmp_path_factory.mktemp("packages"))
    wheel = next(folder.glob("*.whl"))
    own = {"lock": folder / "packages.lock", "wheel": wheel, "wheelhouse": folder / "wheels.tar"}
    return {f"python_runtime_{name}": str(path) for name, path in own.items()} | {
        "python_runtime_free_mib": 10
    }


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host], playbook: Playbook, packages: dict[str, Any]) -> Host:
    """A host with version one, which a process runs."""
    host = start_host("versions")
    assert playbook(host, "python_runtime", {**packages, "python_runtime_digest": "one"}).code == 0
    host.run(
        "systemd-run",
        "--unit=runs",
        f"{FOLDER}/versions/one/bin/python",
        "-c",
        "import time; time.sleep(900)",
    )
    return host


def current(host: Host) -> str:
    """Return the version that the link leads to."""
    return Path(host.run("readlink", "-f", f"{FOLDER}/current").stdout.strip()).name


def versions(host: Host) -> set[str]:
    """Return the versions that are there."""
    return set(host.run("ls", f"{FOLDER}/versions").stdout.split())


def test_an_old_version_stays_as_long_as_it_runs(
    host: Host, playbook: Playbook, packages: dict[str, Any]
) -> None:
    """One that nobody runs goes as soon as there are enough newer ones."""
    for digest in ("two", "three"):
        assert (
            playbook(
                host,
                "python_runtime",
                {**packages, "python_runtime_digest": digest, "python_runtime_keep": 1},
            ).code
            == 0
        )
    assert (current(host), versions(host)) == ("three", {"one", "three"})
    host.run("systemctl", "stop", "runs.service")
    assert playbook(
        host, "python_runtime", {**packages, "python_runtime_digest": "three", "python_runtime_keep": 1}
    ).changed
    assert versions(host) == {"three"}


def test_a_package_source_that_does_not_answer_leaves_the_old_version(
    host: Host, playbook: Playbook, packages: dict[str, Any]
) -> None:
    """And says so in one line."""
    broken = {"digest": "broken", "wheelhouse": "", "index_url": "http://127.0.0.1:9/simple"}
    before = current(host), versions(host)
    played = playbook(
        host, "python_runtime", packages | {f"python_runtime_{key}": text for key, text in broken.items()}
    )
    assert played.code and "its package source does not answer" in played.text
    assert (current(host), versions(host)) == before
    assert host.run("test", "-e", f"{FOLDER}/.staging", check=False).returncode


@pytest.mark.parametrize(("wanted", "told"), [(3000, "Its disk is full"), (1, "disk is full")])
def test_a_full_disk_leaves_nothing_behind(
    host: Host, playbook: Playbook, packages: dict[str, Any], wanted: int, told: str
) -> None:
    """Whether it is seen before or only when it is full."""
    host.run(
        "sh",
        "-c",
        "mkdir -p /srv/small && { mountpoint -q /srv/small || mount -t tmpfs -o size=40M none /srv/small; }",
    )
    own = {"digest": "full", "folder": "/srv/small/versions", "free_mib": wanted}
    played = playbook(
        host, "python_runtime", packages | {f"python_runtime_{key}": value for key, value in own.items()}
    )
    assert played.code and told in played.text, played.text
    assert "full" not in host.run("find", "/srv/small", "-name", "full").stdout
