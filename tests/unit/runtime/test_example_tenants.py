"""The example tenants' own tests pass, each in its own environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aerodrome.runtime import Runtime, Tools, Workshop, build_all, read_source, run_tests, runtime_problems
from aerodrome.runtime.uv import find_uv

EXAMPLES = ("flights", "health", "routes")


@pytest.fixture(scope="module")
def shared_workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop that the tests of this file share."""
    return Workshop(tmp_path_factory.mktemp("runtimes"), Tools(Path(sys.executable), find_uv()))


@pytest.fixture(scope="module")
def runtimes(repository: Path, shared_workshop: Workshop) -> dict[str, Runtime]:
    """The environments of all examples, side by side."""
    sources = [read_source(repository / "tenants" / name) for name in EXAMPLES]
    made, errors = build_all([source for source in sources if source], shared_workshop)
    assert not errors
    return made


@pytest.mark.parametrize("tenant", EXAMPLES)
def test_an_examples_own_tests_pass(
    repository: Path, runtimes: dict[str, Runtime], shared_workshop: Workshop, tenant: str
) -> None:
    """On the data that its packages bring, with its own Java where it needs one."""
    lines: list[str] = []
    assert runtime_problems(repository, tenant) == ()
    code = run_tests(repository / "tenants" / tenant, runtimes[tenant], shared_workshop, lines.append)
    assert code == 0, "\n".join(lines)


@pytest.mark.parametrize(("tenant", "version"), [("health", "1.5."), ("routes", "2.")])
def test_each_tenant_has_its_own_pandas(runtimes: dict[str, Runtime], tenant: str, version: str) -> None:
    """Two versions live side by side in one deployment."""
    command = [
        str(runtimes[tenant].path / "bin" / "python"),
        "-I",
        "-c",
        "import pandas; print(pandas.__version__)",
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith(version)
