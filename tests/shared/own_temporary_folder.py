"""A folder for temporary files that is the tests' alone, so that what one of them leaves there is seen at the end."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

_OWN, _MAKER = "AERODROME_TESTS_TMP", "AERODROME_TESTS_TMP_MAKER"
# For what ends a moment after the last test, as guards of runs do.
_PATIENCE = 10


def make() -> None:
    """Make the folder where this is the first of the session's processes, and use it in all of them."""
    if _OWN in os.environ:
        return
    # pytest's own folder stays where it was: it keeps what failed.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="ae-"))
    # As the machine's own: tests work as several users.
    folder.chmod(0o1777)
    os.environ["TMPDIR"] = os.environ[_OWN] = str(folder)
    os.environ[_MAKER] = str(os.getpid())
    tempfile.tempdir = None


def _made_it() -> bool:
    # The other processes of `pytest -n` only use it.
    return os.environ[_MAKER] == str(os.getpid())


def _left() -> list[str]:
    # This process's own; atexit removes it a moment later.
    home = Path(os.environ["AIRFLOW_HOME"]).name
    return sorted(path.name for path in Path(os.environ[_OWN]).iterdir() if path.name != home)


def _left_in_the_end() -> list[str]:
    end = time.monotonic() + _PATIENCE
    while (left := _left()) and time.monotonic() < end:
        time.sleep(0.2)
    return left


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Fail where tests that passed have left files; remove them, and pytest's folder where nothing is kept in it."""
    yield
    if _made_it() and session.exitstatus == pytest.ExitCode.OK:
        if left := _left_in_the_end():
            told = f"tests left in the folder for temporary files: {', '.join(left)}"
            session.config.get_terminal_writer().line(told, red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        with suppress(OSError):
            Path(os.environ["PYTEST_DEBUG_TEMPROOT"], f"pytest-of-{getpass.getuser()}").rmdir()


def pytest_unconfigure() -> None:
    """Remove the folder with what is in it."""
    if _made_it():
        shutil.rmtree(os.environ[_OWN], ignore_errors=True)
