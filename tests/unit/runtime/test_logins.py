"""No code of a package runs where a login of a package index can be read."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from aerodrome.errors import ProblemsFound, UserError
from aerodrome.runtime import Locksmith, Runtime, Workshop, build_runtime, lock_tenant, read_source
from aerodrome.runtime.uv import Uv, UvError, find_uv

MakeTenant = Callable[..., Path]
# What runs when any interpreter starts in the environment, and when a source distribution is built.
SPY = """import os, pathlib; f = os.environ.get('SPIED') or {place!r}
open(f, 'a').write(f'{{os.getuid()}} {{dict(os.environ)}}\\n')
for file in ('.netrc', '.config/uv/uv.toml'): open(f, 'a').write(str((pathlib.Path.home() / file).exists()))
"""
BACKEND = """
{spy}
def get_requires_for_build_wheel(*a): return []
def build_wheel(folder, *a):
    import zipfile, pathlib
    name = "built-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("built.py", "")
        wheel.writestr("built-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n")
        wheel.writestr("built-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("built-1.0.dist-info/RECORD", "")
    return name
"""
BUILD_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
PROJECT = '[project]\nname = "built"\nversion = "1.0"\n'


def sdist(folder: Path, spy: str) -> bytes:
    """Return a source distribution whose build runs *spy*."""
    stream = io.BytesIO()
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n",
        "backend.py": BACKEND.format(spy=spy),
    }
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in {**files, "pyproject.toml": PROJECT + BUILD_SYSTEM}.items():
            entry = tarfile.TarInfo(f"built-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


def wheel(spy: str) -> bytes:
    """Return a wheel that has *spy* run at the start of each interpreter of the environment."""
    stream = io.BytesIO()
    line = f"import os; exec({spy!r})\n"
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("spy.pth", line)
        archive.writestr("spy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: spy\nVersion: 1.0\n")
        archive.writestr(
            "spy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("spy-1.0.dist-info/RECORD", "")
    return stream.getvalue()


class _Index(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve *folder* as a package index and give its address, a login in it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Index, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://me:s3cret@127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()


@pytest.fixture
def spied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An index with a wheel and a source distribution that tell what they see; returns the file they tell it to."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(0o755)
    told = tmp_path / "told"
    told.touch()
    told.chmod(0o666)
    spy = SPY.format(place=str(told))
    for name, file, data in (
        ("built", "built-1.0.tar.gz", sdist(tmp_path, spy)),
        ("spy", "spy-1.0-py3-none-any.whl", wheel(spy)),
    ):
        place = tmp_path / "index" / "simple" / name
        place.mkdir(parents=True)
        (place / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        (place / "index.html").write_text(f'<a href="{file}#sha256={digest}">{file}</a>')
    (tmp_path / "home/.config/uv").mkdir(parents=True)
    for name in (".netrc", ".config/uv/uv.toml"):
        (tmp_path / "home" / name).touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UV_INDEX_PRIVATE_PASSWORD", "s3cret")
    with served(tmp_path / "index") as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        yield told


def entry(index: Path, name: str) -> str:
    """Return the lock's entry of a package of the index."""
    (file,) = (index / name).glob(f"{name}-*")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


def tenant_with(make_tenant: MakeTenant, spied: Path, *names: str, built: str = "") -> Path:
    """Return a tenant that locks packages of the index and has *built* built."""
    lock = "".join(entry(spied.parent / "index/simple", name) for name in names)
    folder = make_tenant(lock=lock)
    if built:
        with (folder / "pyproject.toml").open("a") as stream:
            stream.write(f"[tool.uv]\nno-binary-package = ['{built}']\n")
    return folder


def build(folder: Path, workshop: Workshop) -> Runtime:
    """Build the environment of the tenant in *folder*."""
    source = read_source(folder)
    assert source is not None
    return build_runtime(source, workshop)


def test_what_runs_at_the_start_of_an_interpreter_sees_no_login(
    make_tenant: MakeTenant, workshop: Workshop, spied: Path
) -> None:
    """A wheel's .pth file is code: uv starts the environment's interpreter to look at it."""
    build(tenant_with(make_tenant, spied, "spy"), workshop)
    assert spied.read_text() and "s3cret" not in spied.read_text() and "True" not in spied.read_text()


def test_what_is_built_from_source_sees_no_login(
    make_tenant: MakeTenant, workshop: Workshop, spied: Path
) -> None:
    """Neither in its environment nor in the home that it is told of."""
    runtime = build(tenant_with(make_tenant, spied, "built", "spy", built="Built"), workshop)
    assert list(runtime.path.glob("lib/python3*/site-packages/built.py"))
    assert "UV_DEFAULT_INDEX" in spied.read_text()
    assert "s3cret" not in spied.read_text() and "True" not in spied.read_text()


def test_as_root_all_code_of_packages_runs_as_the_tenant(
    make_tenant: MakeTenant, owned_workshop: Workshop, spied: Path
) -> None:
    """Never as the user that fetches: its processes know the logins."""
    build(tenant_with(make_tenant, spied, "built", "spy", built="built"), owned_workshop)
    users = {line.split()[0] for line in spied.read_text().replace("False", "").splitlines() if line}
    assert users == {str(owned_workshop.owners["payments"].uid)} and "s3cret" not in spied.read_text()


def test_the_fetcher_is_another_user_than_the_tenant(owned_workshop: Workshop) -> None:
    """A running task of the tenant could read the environment of each process of the tenant's user."""
    from aerodrome.runtime.workshop import Site

    site = Site("payments", owned_workshop)
    assert site.fetcher and site.owner and site.fetcher.uid != site.owner.uid
    assert site.fetcher.gid == site.owner.gid


def test_wheels_that_were_brought_are_asked_of_no_index(
    make_tenant: MakeTenant, workshop: Workshop, spied: Path, tmp_path: Path
) -> None:
    """What is built from source is: nobody brings that."""
    folder = tenant_with(make_tenant, spied, "built", "spy", built="built")
    index = spied.parent / "index/simple/spy"
    (index / "index.html").unlink()
    index.rename(tmp_path / "wheels")
    runtime = build(folder, replace(workshop, wheels=tmp_path / "wheels"))
    for name in ("built.py", "spy.pth"):
        assert list(runtime.path.glob(f"lib/python3*/site-packages/{name}"))


def test_without_a_word_nothing_is_built_from_source(
    make_tenant: MakeTenant, workshop: Workshop, spied: Path
) -> None:
    """The error names the package that has no wheel, and how to have it built."""
    with pytest.raises(
        UserError, match=r"requirements.lock: cannot be installed: built has no wheel"
    ) as error:
        build(tenant_with(make_tenant, spied, "built"), workshop)
    assert "no-binary-package" in error.value.remedy and not spied.read_text()


def test_a_lock_asks_for_wheels(make_tenant: MakeTenant, spied: Path) -> None:
    """To ask a source distribution what it depends on would run its code."""
    folder = make_tenant(lock=None)
    with (folder / "pyproject.toml").open("a") as stream:
        stream.write('dependencies = ["built"]\n')
    with pytest.raises(UserError, match=r"pyproject.toml: .*: built has no wheel that fits here"):
        lock_tenant(folder, smith=Locksmith())
    assert not spied.read_text()


def test_a_lock_of_what_is_built_is_resolved_without_logins(make_tenant: MakeTenant, spied: Path) -> None:
    """The tenant said that it wants it; it tells what it depends on, and sees nothing."""
    folder = make_tenant(lock=None)
    with (folder / "pyproject.toml").open("a") as stream:
        stream.write('dependencies = ["built"]\n[tool.uv]\nno-binary-package = ["built"]\n')
    assert lock_tenant(folder, smith=Locksmith()).endswith("1 package")
    assert "s3cret" not in spied.read_text()


def test_the_tenants_own_project_runs_no_code_for_a_lock(make_tenant: MakeTenant, spied: Path) -> None:
    """Dependencies that are computed would."""
    folder = make_tenant(lock=None)
    (folder / "backend.py").write_text(SPY.format(place=str(spied)))
    text = PROJECT + 'dynamic = ["dependencies"]\n' + BUILD_SYSTEM
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(UserError, match=r"pyproject.toml: its dependencies cannot be resolved"):
        lock_tenant(folder, smith=Locksmith())
    assert not spied.read_text()


@pytest.mark.parametrize("builder", ['"backend"\nbackend-path = ["."]', '"setuptools.build_meta"'])
def test_only_uvs_own_builder_builds_a_tenants_package(
    make_tenant: MakeTenant, workshop: Workshop, builder: str
) -> None:
    """Any other is a program that would run during the deploy."""
    folder = make_tenant()
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text.replace('"uv_build"\n', f"{builder}\n"))
    with pytest.raises(ProblemsFound, match="only 'uv_build' builds a tenant's package"):
        build(folder, workshop)


def test_a_package_that_names_no_builder_gets_uvs_own(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """The table may be left out."""
    folder = make_tenant()
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text[text.index("[project]") :])
    assert list(build(folder, workshop).path.glob("lib/python3*/site-packages/payments"))


@pytest.mark.parametrize(
    "setting", ["index-url = 'https://evil.example'", "[[tool.uv.index]]\nname = 'private'\nurl = 'x'"]
)
def test_a_tenant_names_no_index(make_tenant: MakeTenant, setting: str) -> None:
    """The platform's login of an index of that name would be sent there."""
    folder = make_tenant(lock=None)
    with (folder / "pyproject.toml").open("a") as stream:
        stream.write(f"[tool.uv]\n{setting}\n")
    with pytest.raises(
        UserError, match=r"pyproject.toml: tool.uv.index.*: a tenant says which versions it wants"
    ):
        lock_tenant(folder)


def test_a_file_of_settings_for_uv_is_refused(make_tenant: MakeTenant) -> None:
    """It would count more than pyproject.toml."""
    folder = make_tenant(lock=None)
    (folder / "uv.toml").write_text("index-url = 'https://evil.example'\n")
    with pytest.raises(UserError, match=r"tenants/payments/uv.toml: not used here"):
        lock_tenant(folder)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_the_login_of_a_proxy_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Also where its address has no scheme: uv takes it so."""
    program = tmp_path / "uv"
    program.write_text('#!/bin/sh\necho "$HTTPS_PROXY"\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}me:s3cret@proxy:3128")
    with pytest.raises(UvError) as error:
        Uv(program).run(tmp_path)
    assert str(error.value) == f"{scheme}proxy:3128"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.toml", 'constraint-dependencies = ["spy<1"]\n'),
        (
            "pyproject.toml",
            '[tool.uv.workspace]\nmembers = ["*/*"]\n[tool.uv]\nconstraint-dependencies = ["spy<1"]\n',
        ),
    ],
    ids=["uv.toml", "workspace"],
)
def test_nobody_elses_settings_reach_a_lock(
    make_tenant: MakeTenant, spied: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    """Every user of the machine may leave some beside the copy; an index in them would be told the logins."""
    folder = make_tenant(lock=None)
    with (folder / "pyproject.toml").open("a") as stream:
        stream.write('dependencies = ["spy"]\n')
    (spied.parent / file).write_text(text)
    monkeypatch.setattr(tempfile, "tempdir", str(spied.parent))
    assert lock_tenant(folder, smith=Locksmith()).endswith("1 package")


def test_a_lock_is_written_before_the_tenant_could_put_a_link_in_its_place(
    make_tenant: MakeTenant, workshop: Workshop, spied: Path
) -> None:
    """Root would write where it leads to."""
    folder, victim = tenant_with(make_tenant, spied, "built", built="built"), spied.parent / "victim"
    victim.write_text("kept")

    def attack(_tenant: str, text: str) -> None:
        if text.startswith("building"):
            (place,) = workshop.into.glob("*/.layers/.building-*")
            (place / "built-requirements.lock").unlink(missing_ok=True)
            (place / "built-requirements.lock").symlink_to(victim)

    with pytest.raises(UserError):
        build(folder, replace(workshop, say=attack))
    assert victim.read_text() == "kept"


def test_nothing_that_leaves_its_session_outlives_uv(tmp_path: Path) -> None:
    """A build that has forked twice and has a session of its own is ended with the rest."""
    note, program = tmp_path / "pid", tmp_path / "uv"
    program.write_text(
        f"#!/bin/sh\nsetsid sh -c 'sleep 300 & echo $! > {note}' &\nwhile ! [ -s {note} ]; do sleep 0.05; done\n"
    )
    program.chmod(0o755)
    Uv(program).run(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
    assert find_uv().is_file()
