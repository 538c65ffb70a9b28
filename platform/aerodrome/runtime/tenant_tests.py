"""Run a tenant's own tests against its own virtual environment, as the tenant's user where it has one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGINT

from aerodrome.errors import AerodromeError, counted
from aerodrome.runtime.build import Runtime, machine_faults
from aerodrome.runtime.children import kill, lines
from aerodrome.runtime.install import Lock, install_lock
from aerodrome.runtime.lock import TESTS_LOCK
from aerodrome.runtime.lock_rules import lock_text
from aerodrome.runtime.own_copy import Desk, own_copy
from aerodrome.runtime.project import built_packages
from aerodrome.runtime.sealing import give
from aerodrome.runtime.workshop import TESTS, VENV, Site, Workshop, alone, made_whole

OnLine = Callable[[str], None]
_FAREWELL = 5.0
_DEFAULT_LOCK = Path(__file__).parent / TESTS_LOCK
# Appended, not put first: of a package that pytest needs too, the version that the tenant locks counts.
_START = "import sys; sys.path.append(sys.argv.pop(1)); import pytest; sys.exit(pytest.main())"
# Another user may not enter what stands in this one's PATH, and need not know of it.
_PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin"


def run_tests(
    folder: Path,
    runtime: Runtime | None,
    workshop: Workshop,
    on_line: OnLine,
    arguments: Sequence[str] = (),
) -> int:
    """Run tests/ of the tenant with pytest, hand on its output line by line, and return the exit code.

    A tenant with an owner in *workshop* has them run as that user, in a copy of its folder. pytest comes from the
    tenant's tests.lock, or from the platform's own, and is kept in the workshop.
    """
    if not (folder / "tests").is_dir():
        on_line(f"tenants/{folder.name} has no tests/")
        return 0
    site = Site(folder.name, workshop)
    with machine_faults(f"tenants/{folder.name}: its tests cannot be run"):
        packages = _test_packages(folder, site)
        python = runtime.path / "bin" / "python" if runtime else workshop.tools.python
        with _desk(folder, site) as desk:
            start = [python, "-P", "-c", _START, packages]
            command = [str(part) for part in (*start, *_options(desk.folder), *arguments, "tests")]
            return _run(site, command, desk.folder, _environment(runtime, desk.home, site), on_line)


@contextmanager
def _desk(folder: Path, site: Site) -> Iterator[Desk]:
    if site.owner:
        with own_copy(folder, site.owner) as desk:
            yield desk
        return
    with tempfile.TemporaryDirectory(prefix="aerodrome-tests-") as home:
        yield Desk(folder, Path(home))


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


def _environment(runtime: Runtime | None, home: Path, site: Site) -> dict[str, str]:
    path = _PLAIN_PATH if site.owner else os.environ.get("PATH", os.defpath)
    own = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if runtime is None:
        return {"PATH": path, **own}
    java = _within(home) if "JAVA_HOME" in runtime.environment else {}
    return {"PATH": f"{runtime.path / 'bin'}:{path}", **own, **java, **runtime.environment}


def _within(home: Path) -> dict[str, str]:
    """Return the variables by which Spark's Java leaves no files but in *home*, as in a task: it knows no TMPDIR."""
    options = f"-XX:-UsePerfData -Djava.io.tmpdir={home}"
    return {"SPARK_LAUNCHER_OPTS": options, "SPARK_SUBMIT_OPTS": options}


def _run(
    site: Site,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    on_line: OnLine,
) -> int:
    seconds = site.workshop.test_seconds
    with site.workshop.children.running(
        command, folder=folder, environment=environment, account=site.account
    ) as process:
        try:
            for line in lines(process, seconds):
                on_line(line)
        except TimeoutError:
            message = f"the tests of {site.tenant} are not finished after {counted(int(seconds), 'second')}"
            raise AerodromeError(message, "see which test waits, and for what") from None
        except KeyboardInterrupt:
            # As in a terminal: pytest clears up and says where it was.
            kill(process, SIGINT)
            with suppress(TimeoutError):
                for line in lines(process, _FAREWELL):
                    on_line(line)
            raise
    return process.returncode


def _test_packages(folder: Path, site: Site) -> Path:
    own = os.path.lexists(folder / TESTS_LOCK)
    text = lock_text(folder, TESTS_LOCK) if own else _DEFAULT_LOCK.read_text(encoding="utf-8")
    built = built_packages(folder) if own else frozenset()
    target = site.home / TESTS / hashlib.sha256(text.encode()).hexdigest()[:16]
    with alone(site):
        if not target.is_dir():
            with made_whole(target, site) as place:
                give(place, site.fetcher)
                where = ("--python", str(site.workshop.tools.python), f"--target={VENV}")
                install_lock(site, place, Lock(TESTS_LOCK, text, built), where)
        os.utime(target)
    return target
