"""The launcher of a tenant's container with the chart's settings, as the pod's user, whom no list of users names."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.local.machine.deadline import wait_until
from aerodrome.runtime import in_image
from aerodrome_airflow.launcher import server
from aerodrome_airflow.launcher.client import Job, LauncherError, launch
from forking import forked

USER = 50000


def started(work: Callable[[], object], user: int = USER) -> int:
    """Let a process of *user* do *work* and return its number; without root it is of this user."""

    def do() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        work()

    return forked(do)


@pytest.fixture
def launcher(objects_of: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Its socket; EKS told the pod as which role it acts."""
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/flights")
    monkeypatch.setenv(
        "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
    )
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-nobody")
    settings = objects_of("tenants").of("ConfigMap", "tenant-flights")["rel-settings"]["data"][
        "launcher.json"
    ]
    for old in ("/run/aerodrome/launcher", "/home/tenant", "/var/lib/aerodrome/data", str(in_image.INTO)):
        settings = settings.replace(old, str(folder))
    (folder / "launcher.json").write_text(settings)
    (folder / "launcher.json").chmod(0o644)
    number = started(lambda: server.run(folder / "launcher.json"))
    try:
        assert wait_until((folder / "launcher.sock").is_socket, 20)
        yield folder / "launcher.sock"
    finally:
        os.kill(number, signal.SIGTERM)
        os.waitpid(number, 0)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the pod's user can write to and everybody can enter."""
    made = tmp_path_factory.mktemp("pod")
    for one in (made, *made.parents):
        if one.stat().st_uid == os.geteuid() and one != Path("/"):
            one.chmod(one.stat().st_mode | 0o011)
    if os.geteuid() == 0:
        os.chown(made, USER, USER)
    return made


def job(launcher: Path, tenant: str, script: str, user: int = USER, runtime: str | None = None) -> str:
    """Return what a job of *tenant* prints and its result, or why there is none, as the process of *user* sees it."""
    reading, writing = os.pipe()

    def work() -> None:
        lines: list[str] = []
        try:
            asked = Job(tenant, "bash", body={"script": script}, runtime=runtime)
            lines.append(str(launch(asked, lines.append, path=launcher)))
        except (OSError, RuntimeError, LauncherError) as problem:
            lines.append(f"refused: {problem}")
        os.write(writing, "\n".join(lines).encode())

    os.waitpid(started(work, user), 0)
    os.close(writing)
    with os.fdopen(reading) as found:
        return found.read()


def test_it_runs_the_tenants_jobs(launcher: Path) -> None:
    """In the tenant's folders, with the limits of one process."""
    said = job(launcher, "flights", "echo $HOME; ulimit -d")
    assert str(launcher.parent) in said and str(512 * 1024) in said and "'exit_code': 0" in said


def test_it_finds_the_tenants_environment_where_images_have_it(launcher: Path, folder: Path) -> None:
    """An image holds that of one tenant, in a folder of its name as on hosts."""
    made = folder / "flights" / "0123456789abcdef" / "bin"
    made.mkdir(parents=True)
    (made / "python").symlink_to("/bin/true")
    said = job(launcher, "flights", "command -v python", runtime=made.parent.name)
    assert str(made / "python") in said and "'exit_code': 0" in said


def test_jobs_are_told_as_which_role_of_aws_they_act(launcher: Path) -> None:
    """As the tools of AWS look for it, and nothing else that the container has."""
    said = job(launcher, "flights", "env").splitlines()
    assert sorted(line for line in said if line.startswith("AWS_")) == [
        "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/flights",
        "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    ]


def test_it_serves_no_other_tenant(launcher: Path) -> None:
    """There is none in this pod."""
    assert job(launcher, "health", "true").startswith("refused: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
def test_it_serves_no_other_user(launcher: Path) -> None:
    """Whose socket it is not."""
    assert job(launcher, "flights", "true", user=USER + 1).startswith("refused: ")
