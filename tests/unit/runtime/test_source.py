"""What names a virtual environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.runtime import RuntimeSource, Tools, Workshop, build_runtime, runtime_digest, runtime_problems
from aerodrome.runtime.source import read_source
from aerodrome.runtime.uv import find_uv

MakeTenant = Callable[..., Path]
TOOLS = Tools(Path(sys.executable), find_uv())


def source_of(folder: Path) -> RuntimeSource:
    """Return what the environment of the tenant in *folder* is made of."""
    source = read_source(folder)
    assert source is not None
    return source


def test_a_tenant_without_lock_and_package_needs_no_environment(tmp_path: Path) -> None:
    """Manifests alone are enough."""
    (tmp_path / "tenant.yaml").write_text("queues: [default]\n")
    assert runtime_digest(tmp_path) is None


@pytest.mark.parametrize(
    "file", ["src/payments/__init__.py", "requirements.lock", "pyproject.toml", "src/new.py"]
)
def test_a_change_of_lock_or_package_changes_the_digest(make_tenant: MakeTenant, file: str) -> None:
    """Each file that takes part in the build counts."""
    folder = make_tenant()
    before = runtime_digest(folder)
    (folder / file).open("a").write("# more\n")
    assert runtime_digest(folder) != before


@pytest.mark.parametrize(
    "file", ["README.md", "dags/a.yaml", "tests/test_a.py", "src/payments/x.pyc", ".env"]
)
def test_what_is_not_built_leaves_the_digest(make_tenant: MakeTenant, file: str) -> None:
    """Manifests, tests, a README and debris are no part of the package."""
    folder = make_tenant()
    before = runtime_digest(folder)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("more")
    assert runtime_digest(folder) == before


def test_a_readme_that_the_package_names_counts(make_tenant: MakeTenant) -> None:
    """It becomes part of the package's metadata."""
    folder = make_tenant()
    (folder / "pyproject.toml").open("a").write('readme = "README.md"\n')
    before = runtime_digest(folder)
    (folder / "README.md").write_text("more")
    assert runtime_digest(folder) != before


def test_a_change_of_the_package_keeps_the_layer(make_tenant: MakeTenant) -> None:
    """The locked packages are not installed again for an edit in the tenant's own code."""
    folder = make_tenant()
    before = read_source(folder)
    (folder / "src" / "payments" / "__init__.py").write_text("x = 1\n")
    after = read_source(folder)
    assert before and after and before.layer == after.layer and before.digest != after.digest


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ("iniconfig==2.3.1\n", "'iniconfig==2.3.1' has no hash"),
        ("--index-url https://example.org/simple\n", "never the address of an index"),
        ("a @ https://example.org/a.whl --hash=sha256:" + "0" * 64, "never the address of an index"),
        ("-r other.lock\n", "never the address of an index or a file"),
        ("-e .\n", "never the address of an index or a file"),
        ("iniconfig==2.3.1 # --hash=sha256:" + "0" * 64, "'iniconfig==2.3.1' has no hash"),
        ("iniconfig==2.3.1 --hash=md5:" + "0" * 32, "'iniconfig==2.3.1' has no hash"),
        ("iniconfig==2.3.1 \\", "'iniconfig==2.3.1' has no hash"),
        ("x\x1b[31m==1\n", "'x\\x1b[31m==1' has no hash"),
    ],
)
def test_a_bad_lock_is_a_problem_of_its_file(make_tenant: MakeTenant, lock: str, message: str) -> None:
    """The problem names tenant and file, and the command that mends it."""
    root = make_tenant(lock=lock).parents[1]
    (problem,) = runtime_problems(root, "payments")
    assert problem.file == "tenants/payments/requirements.lock"
    assert message in problem.message
    assert problem.remedy == "make lock-tenant TENANT=payments"


def test_every_entry_without_a_hash_is_told_with_its_line(make_tenant: MakeTenant) -> None:
    """An entry may go on over several lines, with comments before, between and behind."""
    good = f"# made\na==1 ; python_version > '3' \\\r\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha512:{'1' * 128}\n"
    root = make_tenant(lock=f"{good}    # via payments\n\nb==2 \\\n    --pre\n{good}c==3\n").parents[1]
    found = runtime_problems(root, "payments")
    assert [(problem.line, problem.message) for problem in found] == [
        (7, "'b==2' has no hash"),
        (13, "'c==3' has no hash"),
    ]


@pytest.mark.parametrize(
    "name", ["locks/x.lock", "../other/x.lock", "/etc/x.lock", ".x.lock", "pyproject.toml", ""]
)
def test_a_lock_elsewhere_is_refused_at_its_place(make_tenant: MakeTenant, name: str) -> None:
    """The check says so, and no environment is built without the packages that were meant."""
    folder = make_tenant()
    (folder / "locks").mkdir()
    (folder / "locks" / "x.lock").write_text("")
    (folder / "tenant.yaml").write_text(f"queues: [default]\ndependencies: '{name}'\n")
    (problem,) = runtime_problems(folder.parents[1], "payments")
    said = str(problem)
    assert said.startswith(f"tenants/payments/tenant.yaml:2:15: dependencies: '{name}' is no lock\n")
    with pytest.raises(ProblemsFound) as error:
        build_runtime(source_of(folder), Workshop(folder.parent / "runtimes", TOOLS))
    assert str(error.value) == said


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_lock_that_is_no_file_is_not_read(make_tenant: MakeTenant, kind: str) -> None:
    """Lines of another file are never shown, and nobody waits for a pipe."""
    folder = make_tenant()
    (folder / "requirements.lock").unlink()
    (folder.parent / "secret").write_text("password==hunter2\n")
    make = {"link": lambda p: p.symlink_to(folder.parent / "secret"), "pipe": os.mkfifo, "folder": Path.mkdir}
    make[kind](folder / "requirements.lock")
    (problem,) = runtime_problems(folder.parents[1], "payments")
    assert problem.file == "tenants/payments/requirements.lock" and "hunter2" not in str(problem)
    with pytest.raises(ProblemsFound) as error:
        build_runtime(source_of(folder), Workshop(folder.parent / "runtimes", TOOLS))
    assert str(error.value) == str(problem)


@pytest.mark.parametrize(
    "text", ["project = 3\n", "[project]\nname = 3\n", "x = " + "[" * 100_000, "[[project]]\n", "\x00"]
)
def test_a_hostile_pyproject_names_no_package(make_tenant: MakeTenant, text: str) -> None:
    """It is a mistake with a place, and no traceback."""
    folder = make_tenant()
    (folder / "pyproject.toml").write_text(text)
    assert runtime_digest(folder)
    assert runtime_problems(folder.parents[1], "payments")[0].file == "tenants/payments/pyproject.toml"


def test_a_file_of_any_name_has_a_digest(make_tenant: MakeTenant) -> None:
    """A name that is not UTF-8 is two different bytes for two different names."""
    folder, digests = make_tenant(), set()
    for name in (b"\xff.py", b"\xfe.py"):
        path = os.path.join(os.fsencode(folder / "src"), name)  # noqa: PTH118 - bytes
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        digests.add(runtime_digest(folder))
        os.unlink(path)  # noqa: PTH108
    assert len(digests) == 2


def test_what_is_never_part_of_a_package_is_not_walked(make_tenant: MakeTenant) -> None:
    """A hidden folder may hold a whole environment of its own."""
    folder = make_tenant()
    for name in (".venv", "tests", "dags"):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "x.py").write_text("")
    source = source_of(folder)
    assert source.files == ("pyproject.toml", "src/payments/__init__.py")


def test_a_missing_lock_is_a_problem(make_tenant: MakeTenant) -> None:
    """tenant.yaml names a file that is not there; the digest exists all the same."""
    folder = make_tenant()
    (folder / "requirements.lock").unlink()
    assert runtime_digest(folder)
    assert "there is none" in runtime_problems(folder.parents[1], "payments")[0].message


def test_a_symbolic_link_in_the_package_is_a_problem(make_tenant: MakeTenant) -> None:
    """It could bring any file of the machine into the environment."""
    folder = make_tenant()
    (folder / "src" / "payments" / "secret.py").symlink_to("/etc/hostname")
    assert (
        runtime_problems(folder.parents[1], "payments")[0].file == "tenants/payments/src/payments/secret.py"
    )


def test_a_package_without_a_name_is_a_problem(make_tenant: MakeTenant) -> None:
    """src/ without [project] cannot be installed."""
    folder = make_tenant()
    (folder / "pyproject.toml").write_text("")
    assert runtime_problems(folder.parents[1], "payments")[0].file == "tenants/payments/pyproject.toml"


def test_a_broken_tenant_file_needs_no_environment(tmp_path: Path) -> None:
    """Its own error is told by the loader, not here."""
    (tmp_path / "tenant.yaml").write_text("dependencies: [")
    assert runtime_digest(tmp_path) is None
