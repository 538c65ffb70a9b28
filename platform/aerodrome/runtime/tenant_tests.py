"""Run a tenant's own tests against its own virtual environment."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from aerodrome.errors import UserError
from aerodrome.runtime.build import BUILDING, Runtime, Workshop
from aerodrome.runtime.lock import TESTS_LOCK
from aerodrome.runtime.uv import Tools, UvError, refusal, run_uv

_DEFAULT_LOCK = Path(__file__).parent / TESTS_LOCK
# Appended, not put first: of a package that pytest needs too, the version that the tenant locks counts.
_START = "import sys; sys.path.append(sys.argv.pop(1)); import pytest; sys.exit(pytest.main())"


def run_tests(
    folder: Path,
    runtime: Runtime | None,
    workshop: Workshop,
    on_line: Callable[[str], None],
    arguments: Sequence[str] = (),
) -> int:
    """Run tests/ of the tenant with pytest, hand on its output line by line, and return the exit code.

    pytest comes from the tenant's tests.lock, or from the platform's own, and is kept in the workshop.
    """
    if not (folder / "tests").is_dir():
        on_line(f"tenants/{folder.name} has no tests/")
        return 0
    packages = _test_packages(folder, workshop)
    python = runtime.path / "bin" / "python" if runtime else workshop.tools.python
    command = [python, "-P", "-c", _START, packages, *_options(folder), *arguments, "tests"]
    with tempfile.TemporaryDirectory(prefix="aerodrome-tests-") as home:
        return _run([str(part) for part in command], folder, _environment(runtime, Path(home)), on_line)


def _options(folder: Path) -> list[str]:
    # Without a configuration of its own the tenant would get that of the repository around it.
    own = folder / "pyproject.toml"
    configuration = own if own.is_file() else Path(os.devnull)
    return [
        f"--rootdir={folder}",
        f"--config-file={configuration}",
        "--import-mode=importlib",
        "-pno:cacheprovider",
    ]


def _environment(runtime: Runtime | None, home: Path) -> dict[str, str]:
    path = os.environ.get("PATH", os.defpath)
    own = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if runtime is None:
        return {"PATH": path, **own}
    return {"PATH": f"{runtime.path / 'bin'}:{path}", **own, **runtime.environment}


def _run(
    command: list[str], folder: Path, environment: dict[str, str], on_line: Callable[[str], None]
) -> int:
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            on_line(line.rstrip("\n"))
    return process.returncode


def _test_packages(folder: Path, workshop: Workshop) -> Path:
    lock = folder / TESTS_LOCK if (folder / TESTS_LOCK).is_file() else _DEFAULT_LOCK
    target = workshop.into / ".tests" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _install(lock, target, folder.name, workshop.tools)
    return target


def _install(lock: Path, target: Path, tenant: str, tools: Tools) -> None:
    building = Path(tempfile.mkdtemp(dir=target.parent, prefix=BUILDING))
    options = ["--python", str(tools.python), "--require-hashes", "--no-config", "--link-mode=copy"]
    try:
        run_uv(tools.uv, ["pip", "install", "--target=packages", *options, "-r", str(lock)], folder=building)
        (building / "packages").rename(target)
    except UvError as failure:
        place, remedy = f"tenants/{tenant}/{lock.name}", f"make lock-tenant TENANT={tenant}"
        raise refusal(failure, place, "cannot be installed", remedy) from None
    except OSError as error:
        # Somebody else was faster.
        if not target.is_dir():
            raise UserError(f"{target}: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
