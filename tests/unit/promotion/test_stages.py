"""Which environment follows on which, and that only commits go on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from aerodrome.environment import load_environment
from aerodrome.errors import ProblemsFound, UserError
from aerodrome.kubernetes.promotion import bring_images, require_committed

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
secrets: {store: none}
bundle: {repository: "https://git.example.org/dags.git"}
images: {registry: registry.example.org/airflow}
"""


def _written(root: Path, **before: str) -> None:
    for name, source in {"dev": "", **before}.items():
        folder = root / "environments" / name
        folder.mkdir(parents=True, exist_ok=True)
        more = f"promoted_from: {source}\n" if source else ""
        (folder / "environment.yaml").write_text(ENVIRONMENT + more)


def _git(root: Path, *arguments: str) -> None:
    own = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    subprocess.run(["git", "-C", str(root), *own, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("prod", "is this environment itself"),
        ("stagin", "unknown environment 'stagin'\n    did you mean 'staging'?"),
    ],
)
def test_the_environment_before_must_be_another_one(tmp_path: Path, source: str, told: str) -> None:
    """Told with file and line."""
    _written(tmp_path, staging="dev", prod=source)
    with pytest.raises(ProblemsFound) as found:
        load_environment(tmp_path, "prod")
    assert told in str(found.value) and "environments/prod/environment.yaml:8" in str(found.value)


def test_a_stage_is_not_skipped(tmp_path: Path) -> None:
    """The command that would not skip one is shown."""
    _written(tmp_path, staging="dev", prod="staging")
    with pytest.raises(UserError) as told:
        bring_images(tmp_path, "dev", "prod", lambda *_: None)
    assert str(told.value) == (
        "prod follows on staging, and not on dev\n    make promote FROM=staging TO=prod"
    )


def test_an_environment_that_follows_on_none_is_deployed(tmp_path: Path) -> None:
    """As the sandbox is."""
    _written(tmp_path)
    with pytest.raises(UserError, match=r"dev/environment.yaml names no environment before it"):
        bring_images(tmp_path, "dev", "dev", lambda *_: None)


def test_files_of_no_commit_are_named(tmp_path: Path) -> None:
    """Changed ones and new ones; an environment without one before it takes them."""
    _written(tmp_path, prod="dev")
    _git(tmp_path, "init")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--message=all")
    prod, dev = load_environment(tmp_path, "prod"), load_environment(tmp_path, "dev")
    require_committed(tmp_path, prod)
    (tmp_path / "environments/dev/environment.yaml").write_text(ENVIRONMENT + "\n")
    (tmp_path / "a new one").touch()
    require_committed(tmp_path, dev)
    with pytest.raises(UserError) as told:
        require_committed(tmp_path, prod)
    assert str(told.value) == (
        "2 files of this work tree stand in no commit: a new one, environments/dev/environment.yaml\n"
        "    commit them: prod is deployed from commits alone"
    )
