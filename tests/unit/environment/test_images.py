"""`images:` of environment.yaml."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.environment import load_environment
from aerodrome.errors import ProblemsFound

START = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""
FORM = "is no registry\n    host, port and folders in lower case, without https:// and without a tag"
HOST = "is no host with a registry\n    begin with it: host.example.org/airflow"
INDEX = "must be an https URL without credentials\n    it would stand in the history of an image: let the index serve this network without a login"
IMAGE = "is no image\n    registry/repository:tag@sha256:…"


def load(root: Path, text: str) -> str:
    """Return what is said about an environment with *text*."""
    (root / "environments/trial").mkdir(parents=True, exist_ok=True)
    (root / "environments/trial/environment.yaml").write_text(text)
    try:
        load_environment(root, "trial")
    except ProblemsFound as found:
        return str(found)
    return ""


@pytest.mark.parametrize(
    "written",
    [
        "registry: 111122223333.dkr.ecr.eu-central-1.amazonaws.com/airflow",
        "registry: '10.0.0.1:5000', plain_http: true",
        "registry: localhost/a/b-c",
        "registry: r.example.org, base: 'python:3.11-Slim'",
        f"registry: r.example.org, base: 'r.example.org:5000/a/b_c:T-1@sha256:{'a' * 64}'",
        f"registry: r.example.org, base: 'python@sha256:{'a' * 64}', index_url: 'https://i.example.org/simple'",
    ],
)
def test_what_builders_take_is_no_mistake(tmp_path: Path, written: str) -> None:
    """Registries with ports and folders, images with tags and digests."""
    assert load(tmp_path, f"{START}images: {{{written}}}\n") == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("registry: →'https://r.example.org'", f"images.registry: {FORM}"),
        ("registry: →'r.example.org/x:1'", f"images.registry: {FORM}"),
        ("registry: →R.example.org", f"images.registry: {FORM}"),
        ("registry: →r.example.org/", f"images.registry: {FORM}"),
        ("registry: →airflow/x", f"images.registry: 'airflow' {HOST}"),
        ("registry: r.example.org, base: →'python 3'", f"images.base: {IMAGE}"),
        ("registry: r.example.org, base: →'python@sha256:12'", f"images.base: {IMAGE}"),
        ("registry: r.example.org, index_url: →'http://i.example.org'", f"images.index_url: {INDEX}"),
        ("registry: r.example.org, index_url: →'https://u:p@i.example.org'", f"images.index_url: {INDEX}"),
        ("registry: r.example.org, index_url: →'https://['", f"images.index_url: {INDEX}"),
        ("registry: r.example.org, builder: →kaniko", "images.builder: unknown value 'kaniko'\n    allowed: buildah, docker"),
        ("registry: r.example.org, →bse: x", "images.bse: unknown key 'bse'\n    did you mean 'base'?"),
    ],
)  # fmt: skip
def test_mistakes_in_images_are_placed(tmp_path: Path, wrong: str, said: str) -> None:
    """File, line, column, field, remedy; no part of a login is repeated."""
    line = f"images: {{{wrong}}}"
    found = load(tmp_path, f"{START}{line.replace('→', '')}\n")
    assert found == f"environments/trial/environment.yaml:5:{line.index('→') + 1}: {said}"


def test_images_are_for_clusters(tmp_path: Path) -> None:
    """ENV=local needs none."""
    local = START.replace("kubernetes", "local")
    assert load(tmp_path, f"{local}images: {{registry: r.example.org}}\n") == (
        "environments/trial/environment.yaml:5:9: images: has no effect with kind: local\n    remove it"
    )
