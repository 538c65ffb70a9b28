"""A deploy that is killed leaves no helm at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEPLOY = """\
import sys
from pathlib import Path
from aerodrome.clients.cluster_access import Access
from aerodrome.clients.helm import Helm
Helm(Path(sys.argv[1]), Access({}, "kubeconfig"), "airflow", "airflow").rollback(1)
"""


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds, within a minute."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def helm(tmp_path: Path) -> Path:
    """A helm that waits for a hook, and tells by files beside it that it has begun and was asked to end."""
    program = tmp_path / "helm"
    version = '[ "$1" = version ] && exec printf v3.17.3'
    ended = f'sleep 60 & trap "kill $!; : >{program}.ended; exit 1" TERM'
    program.write_text(f"#!/bin/sh\n{version}\n{ended}\n: >{program}.begun\nwait\n")
    program.chmod(0o700)
    return program


@pytest.fixture
def deploy(helm: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has helm at work."""
    with subprocess.Popen([sys.executable, "-c", DEPLOY, str(helm)]) as process:
        try:
            wait_for(Path(f"{helm}.begun").exists)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_deploy_ends_its_helm(
    helm: Path, deploy: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    """Itself alone, not its group: helm is asked to end, and ends."""
    os.kill(deploy.pid, number)
    assert deploy.wait(60) == -number
    wait_for(Path(f"{helm}.ended").exists)
