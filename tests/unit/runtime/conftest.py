"""A workshop and small tenants to build in it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aerodrome.runtime import Owner, Tools, Workshop
from aerodrome.runtime.uv import find_uv

MakeTenant = Callable[..., Path]
SYSTEM_PYTHON = Path("/usr/bin/python3.11")
TENANT = Owner(54321, 54321)
FETCHER = Owner(54331, 54331)
_CODE = "def answer():\n    return 42\n"
_PYPROJECT = """
[build-system]
requires = ["uv_build>=0.9"]
build-backend = "uv_build"

[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
"""


@pytest.fixture
def tools() -> Tools:
    """The interpreter of the tests, and the uv beside it."""
    return Tools(Path(sys.executable), find_uv())


@pytest.fixture
def workshop(tmp_path: Path, tools: Tools) -> Workshop:
    """An empty workshop without users of its own."""
    return Workshop(tmp_path / "runtimes", tools)


@pytest.fixture
def make_tenant(tmp_path: Path) -> MakeTenant:
    """Write a tenant's folder with a package of one function, and return it."""

    def make(
        name: str = "payments", lock: str | None = "", code: str = "def answer():\n    return 42\n"
    ) -> Path:
        folder = tmp_path / "tenants" / name
        manifest = "" if lock is None else "dependencies: requirements.lock\n"
        package = folder / "src" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(code)
        (folder / "pyproject.toml").write_text(_PYPROJECT.format(name=name))
        (folder / "tenant.yaml").write_text(manifest)
        if lock is not None:
            (folder / "requirements.lock").write_text(lock)
        return folder

    return make


@pytest.fixture
def silent_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A package index that takes every connection and never answers; uv is told to ask it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.getsockname()[1]}/simple")
        yield server


@pytest.fixture
def owned_workshop() -> Iterator[Workshop]:
    """A workshop that every user can reach, where `payments` has a user of its own; needs root."""
    if os.geteuid() != 0 or not SYSTEM_PYTHON.exists():
        pytest.skip("needs root and a Python that every user can run")
    place = Path(tempfile.mkdtemp(prefix="aerodrome-workshop-"))
    place.chmod(0o755)
    shutil.copy(find_uv(), place / "uv")
    tools = Tools(SYSTEM_PYTHON, place / "uv")
    yield Workshop(place / "runtimes", tools, owners={"payments": TENANT}, fetcher=FETCHER)
    shutil.rmtree(place)
