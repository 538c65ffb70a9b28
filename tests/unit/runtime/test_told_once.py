"""One mistake in a lock or a package is one problem of the check, wherever it shows first."""

from __future__ import annotations

from typing import Any

from aerodrome.verify import verify


def said(place: Any) -> list[str]:
    """Return what the check says of all tenants."""
    build = verify(place.root, "local", progress=lambda _: None)
    return [str(problem) for problem in build.problems]


def test_a_link_in_a_package_is_told_once(place: Any) -> None:
    """The loader refuses every link of the folder, and the package's own check this one."""
    place.tenant("alpha")
    place.write("tenants/alpha/src/alpha/__init__.py", "")
    place.write("tenants/alpha/pyproject.toml", '[project]\nname = "alpha"\nversion = "1"\n')
    (place.root / "tenants/alpha/src/alpha/key.py").symlink_to("/etc/hostname")
    assert said(place) == [
        "tenants/alpha/src/alpha/key.py: a symbolic link to /etc/hostname\n    put the file itself here"
    ]


def test_a_lock_in_a_folder_of_its_own_is_told_once(place: Any) -> None:
    """It is there, and it is whole; nothing would ever read it."""
    place.tenant("alpha", more="dependencies: locks/x.lock\n")
    place.write("tenants/alpha/locks/x.lock", "# empty\n")
    assert said(place) == [
        "tenants/alpha/tenant.yaml:2:15: dependencies: 'locks/x.lock' is no lock\n"
        "    a lock is a file *.lock directly in tenants/alpha/, such as x.lock"
    ]


def test_an_entry_without_a_hash_is_told_once(place: Any) -> None:
    """With its line in the lock."""
    place.tenant("alpha", more="dependencies: requirements.lock\n")
    place.write("tenants/alpha/requirements.lock", "# made\nnumpy==1.26.4\n")
    assert said(place) == [
        "tenants/alpha/requirements.lock:2: 'numpy==1.26.4' has no hash\n    make lock-tenant TENANT=alpha"
    ]


def test_a_lock_that_is_not_there_is_told_once(place: Any) -> None:
    """With the command that writes it."""
    place.tenant("alpha", more="dependencies: requirements.lock\n")
    assert said(place) == [
        "tenants/alpha/requirements.lock: tenant.yaml names this file as `dependencies`, and there is none\n"
        "    make lock-tenant TENANT=alpha"
    ]
