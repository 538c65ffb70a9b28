"""`backup:` of environment.yaml."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.backup_settings import BackupSettings
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import ProblemsFound
from aerodrome.render.chart_values import chart_values

START = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""
DUMP = "kind: dump, dump: {image: 'registry.example.org:5000/pg:18'}"
RDS = "kind: rds, rds: {instance: airflow-prod, region: eu-central-1}"
NAME = "is no name that Kubernetes takes\n    lower-case letters, digits, '-' and '.'"


def load(root: Path, text: str) -> Environment:
    """Return an environment with *text*."""
    (root / "environments/trial").mkdir(parents=True, exist_ok=True)
    (root / "environments/trial/environment.yaml").write_text(text)
    return load_environment(root, "trial")


def backup(root: Path, written: str) -> BackupSettings:
    """Return what is *written* as the model has it."""
    found = load(root, f"{START}backup: {{{written}}}\n").backup
    assert found is not None
    return found


def test_a_plan_says_what_is_made_and_where(tmp_path: Path) -> None:
    """Of either kind."""
    assert str(backup(tmp_path, DUMP)) == "a dump into the volume claim airflow-backups"
    assert str(backup(tmp_path, RDS)) == "a snapshot of the RDS instance airflow-prod"


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("postgres:18", {"repository": "postgres", "tag": "18"}),
        ("10.0.0.1:5000/a/pg:1", {"repository": "10.0.0.1:5000/a/pg", "tag": "1"}),
        (
            f"r.example.org/pg@sha256:{'a' * 64}",
            {"repository": "r.example.org/pg", "digest": f"sha256:{'a' * 64}"},
        ),
    ],
)
def test_the_chart_gets_the_image_in_parts(tmp_path: Path, image: str, parts: dict[str, str]) -> None:
    """A port of the registry is no tag; the job stays switched off."""
    found = load(tmp_path, f"{START}backup: {{kind: dump, dump: {{image: '{image}', longest: 5m}}}}\n")
    given = chart_values((), found, {})["platform"]["databaseBackup"]
    assert given == {"claim": "airflow-backups", "image": parts, "longestSeconds": 300}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("kind: dump", "backup.kind: dump needs an image\n    add dump: {image: …}"),
        ("kind: rds", "backup.kind: rds needs an instance\n    add rds: {instance: …, region: …}"),
        (
            f"{DUMP}, rds: {{instance: a, region: eu-west-1}}",
            "backup.rds: has no effect with kind: dump\n    remove it, or write kind: rds",
        ),
        (
            "kind: dump, dump: {image: postgres}",
            "backup.dump.image: is no image with a tag or digest\n    registry/repository:tag@sha256:…",
        ),
        ("kind: dump, dump: {image: 'p:1', claim: Backups}", f"backup.dump.claim: {NAME}"),
        (
            "kind: dump, dump: {image: 'p:1', connection_secret: a_b}",
            f"backup.dump.connection_secret: {NAME}",
        ),
        (
            "kind: rds, rds: {instance: 1a, region: eu-west-1}",
            "backup.rds.instance: is no identifier of an RDS instance\n    letters, digits and '-'; it begins with a letter",
        ),
        (
            "kind: rds, rds: {instance: a, region: Frankfurt}",
            "backup.rds.region: is no AWS region\n    such as eu-central-1",
        ),
        ("kind: tape", "backup.kind"),
    ],
)
def test_what_cannot_be_kept_is_a_mistake(tmp_path: Path, written: str, said: str) -> None:
    """With its place and a remedy."""
    with pytest.raises(ProblemsFound) as found:
        backup(tmp_path, written)
    assert said in str(found.value) and "environments/trial/environment.yaml:5:" in str(found.value)


def test_this_machine_keeps_no_backups(tmp_path: Path) -> None:
    """There `make down` leaves the database where it is, and nothing is migrated without being asked for."""
    with pytest.raises(ProblemsFound, match="backup: has no effect with kind: local\n    remove it"):
        load(tmp_path, START.replace("kubernetes", "local") + f"backup: {{{DUMP}}}\n")
