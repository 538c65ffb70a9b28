"""The environments of the repository from dev to prod: each is fit to be checked, and says what it still lacks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aerodrome.cli.program import commands
from aerodrome.environment import load_environment
from aerodrome.manifest.folder import tenant_folders
from aerodrome.pipeline import build
from typer.testing import CliRunner

REPOSITORY = Path(__file__).resolve().parents[3]
NON_PROD, PROD = "111122223333", "444455556666"
STAGES = {"dev": NON_PROD, "staging": NON_PROD, "preprod": PROD, "prod": PROD}
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")


@pytest.fixture
def stages(place: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A clone with these environments, of somebody who is not logged in to AWS."""
    for name in STAGES:
        for file in ("environment.yaml", "values.yaml"):
            text = (REPOSITORY / "environments" / name / file).read_text()
            place.write(f"environments/{name}/{file}", text)
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "all")):
        subprocess.run((*GIT, *command), cwd=place.root, check=True)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AERODROME_REPOSITORY", str(place.root))
    return place


def refusal(environment: str) -> tuple[str, int]:
    """Return what `plan` of *environment* is refused with, and its exit code."""
    problem: Any = CliRunner().invoke(commands(), ("plan", f"--env={environment}")).exception
    return str(problem), problem.exit_code


def test_a_stage_that_there_is_not_is_told_with_those_that_there_are() -> None:
    """By make itself, before anything is installed or asked."""
    done = subprocess.run(
        ["make", "plan", "ENV=prdo"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    told, _, known = done.stderr.partition("; choose one of: ")
    assert done.returncode == 2 and told.endswith("unknown ENV 'prdo'") and done.stdout == ""
    assert set(STAGES) <= set(re.findall(r"\w+", known))


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_takes_the_tenants_of_the_repository(name: str) -> None:
    """Each DAG is rendered for it under its limits, and none has a mistake there."""
    runtimes = dict.fromkeys(tenant_folders(REPOSITORY), "0123456789abcdef")
    made = build(REPOSITORY, name, runtimes=runtimes)
    assert made.problems == () and {tenant.tenant for tenant in made.tenants} == set(runtimes)
    assert all(any(file.dag_id for file in tenant.files) for tenant in made.tenants)


def test_two_stages_are_in_each_of_two_accounts() -> None:
    """And each but the first follows on the one before; no two are the same cluster."""
    found = [load_environment(REPOSITORY, name) for name in STAGES]
    assert [one.promoted_from for one in found] == [None, *list(STAGES)[:-1]]
    places = [one.cluster.eks for one in found]
    assert [place and place.account for place in places] == list(STAGES.values())
    assert len({place and place.name for place in places}) == len(STAGES)
    assert len({one.images and one.images.base for one in found}) == 1


@pytest.mark.parametrize("name", STAGES)
def test_an_account_that_is_an_example_is_told_by_file_and_key(stages: Any, name: str) -> None:
    """Before AWS is asked for anything."""
    said, code = refusal(name)
    start = (
        f"environments/{name}/environment.yaml: cluster.eks.account is {STAGES[name]}, which is an example"
    )
    assert said.startswith(start) and "docs/how-to/deploy-to-eks.md" in said and code == 2


def test_who_is_not_logged_in_to_aws_is_told_how(stages: Any) -> None:
    """Once the account is one's own."""
    path = stages.root / "environments/dev/environment.yaml"
    path.write_text(path.read_text().replace(NON_PROD, "222233334444"))
    said, code = refusal("dev")
    assert (
        said.startswith("nobody is logged in to AWS on this machine")
        and "aws sso login" in said
        and code == 2
    )
