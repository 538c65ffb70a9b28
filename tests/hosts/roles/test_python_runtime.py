"""The role python_runtime: versions that are switched at once, kept while they run, and left alone by what fails."""

from __future__ import annotations

import platform
import tarfile
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
    """The role's variables for a small lock whose packages lie here."""
    folder = role_packages.write(tmp_path_factory.mktemp("packages"))
    wheel = next(folder.glob("*.whl"))
    own = {"lock": folder / "packages.lock", "wheel": wheel, "wheelhouse": folder / "packages.tar.gz"}
    return {f"python_runtime_{name}": str(path) for name, path in own.items()}


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


def test_packages_for_another_processor_are_refused(
    host: Host, playbook: Playbook, packages: dict[str, Any], tmp_path: Path
) -> None:
    """By the name of both, and the version that is there goes on."""
    before = current(host), versions(host)
    (tmp_path / "machine").write_text("sparc64")
    with tarfile.open(tmp_path / "packages.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "machine", "machine")
    own = {"python_runtime_digest": "odd", "python_runtime_wheelhouse": str(tmp_path / "packages.tar.gz")}
    played = playbook(host, "python_runtime", packages | own)
    told = f"its processor is {platform.machine()}, the packages that came are for sparc64"
    assert played.code and told in played.text, played.text
    assert (current(host), versions(host)) == before


def test_a_full_disk_leaves_nothing_behind(host: Host, playbook: Playbook, packages: dict[str, Any]) -> None:
    """What was begun is deleted."""
    host.run(
        "sh",
        "-c",
        "mkdir -p /srv/small && { mountpoint -q /srv/small || mount -t tmpfs -o size=40M none /srv/small; }",
    )
    own = {"python_runtime_digest": "full", "python_runtime_folder": "/srv/small/versions"}
    played = playbook(host, "python_runtime", packages | own)
    assert played.code and "disk is full" in played.text, played.text
    assert "full" not in host.run("find", "/srv/small", "-name", "full").stdout
