"""A tenant's tests run against its own environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime import Workshop, build_runtime, read_source, run_tests

MakeTenant = Callable[..., Path]
Run = Callable[[str], tuple[int, str]]
LEAVES = """
import subprocess
def test_it():
    subprocess.Popen(["timeout", "40", "sh", "-c", "while :; do echo on; sleep 0.1; done"], start_new_session=True)
    subprocess.Popen(["sleep", "60"])
"""


@pytest.fixture
def run(make_tenant: MakeTenant, workshop: Workshop) -> Run:
    """Run a test file of `payments` and return exit code and output."""

    def run_file(text: str) -> tuple[int, str]:
        folder = make_tenant()
        (folder / "tests").mkdir()
        (folder / "tests" / "test_it.py").write_text(text)
        source = read_source(folder)
        assert source is not None
        lines: list[str] = []
        return run_tests(folder, build_runtime(source, workshop), workshop, lines.append), "\n".join(lines)

    return run_file


def test_the_installed_package_is_tested(run: Run) -> None:
    """Not the folder: a file that the package leaves out is missed here already."""
    code, output = run("import payments\ndef test_it():\n    assert 'site-packages' in payments.__file__\n")
    assert code == 0, output
    assert "1 passed" in output


def test_a_failing_test_fails_the_run(run: Run) -> None:
    """The exit code is pytest's."""
    code, output = run("import payments\ndef test_it():\n    assert payments.answer() == 41\n")
    assert code == 1
    assert "assert 42 == 41" in output


def test_the_platform_is_out_of_reach(run: Run) -> None:
    """A tenant's tests see the tenant's packages, not the platform's."""
    code, output = run(
        "import importlib.util as u\ndef test_it():\n    assert not u.find_spec('aerodrome')\n"
    )
    assert code == 0, output


def test_a_tenant_without_tests_passes(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """And the output says so."""
    lines: list[str] = []
    assert run_tests(make_tenant(), None, workshop, lines.append) == 0
    assert lines == ["tenants/payments has no tests/"]


def test_tests_that_never_end_are_ended(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """After the time limit, with all that they started."""
    folder = make_tenant(lock=None)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text("import time\ndef test_it():\n    time.sleep(600)\n")
    with pytest.raises(AerodromeError, match="the tests of payments are not finished after 2 seconds"):
        run_tests(folder, None, replace(workshop, test_seconds=2), lambda _: None)


def test_what_a_test_leaves_running_is_not_waited_for(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """It holds the pipe to this process open, in a session of its own, and writes on."""
    folder, lines = make_tenant(lock=None), list[str]()
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text(LEAVES)
    started = time.monotonic()
    assert run_tests(folder, None, workshop, lines.append, ["-s"]) == 0
    assert "1 passed" in "\n".join(lines) and time.monotonic() - started < 30
