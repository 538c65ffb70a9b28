"""Programs inside of what the chart renders, and scripts of this repository: what their own checkers say of them."""

from __future__ import annotations

import ast
import base64
import configparser
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart_releases import EXAMPLES, PROFILES, REPOSITORY, identity, pods
from shell_scripts import Script, of_command, of_config_map, of_pod, remarks

Release = Callable[..., tuple[Any, ...]]
SKIPPED: dict[str, str] = {
    "SC2046": "the probe of workers is the official chart's, and the name of a host has no blanks",
}
"""Code of shellcheck → why its remark is wrong here."""


@pytest.fixture(autouse=True)
def _programs_of_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def scripts(release: tuple[Any, ...]) -> list[Script]:
    """Return all scripts of a release."""
    in_pods = [script for pod in pods(release) for script in of_pod(pod)]
    in_maps = [script for one in release if one["kind"] == "ConfigMap" for script in of_config_map(one)]
    return in_pods + in_maps


def entries(release: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """Yield place and text of each file that config maps and secrets bring into containers."""
    for one in release:
        for name, text in (one.get("data") or {}).items() if one["kind"] == "ConfigMap" else ():
            yield f"{identity(one)} {name}", text
        for name, code in (one.get("data") or {}).items() if one["kind"] == "Secret" else ():
            yield f"{identity(one)} {name}", base64.b64decode(code).decode("utf-8", "replace")


@pytest.mark.parametrize("profile", PROFILES)
def test_shellcheck_finds_nothing_in_any_container(release: Release, profile: str, tmp_path: Path) -> None:
    """Commands, probes, hooks and scripts in config maps, of the defaults and all examples at once."""
    found = [script for example in EXAMPLES for script in scripts(release(example, profile))]
    assert {script.place.partition(" ")[0] for script in found} >= {"Deployment", "StatefulSet", "Job"}
    assert remarks(found, tmp_path, SKIPPED) == []


def test_every_skipped_remark_would_be_made(release: Release, tmp_path: Path) -> None:
    """A reason that no longer has an occasion is removed."""
    found = [
        script for profile in PROFILES for each in EXAMPLES for script in scripts(release(each, profile))
    ]
    made = "\n".join(remarks(found, tmp_path, {}))
    assert [code for code in SKIPPED if f"{code} " not in made] == []


@pytest.mark.parametrize(
    ("words", "script"),
    [
        (["bash", "-c", "exec a"], Script("bash", "exec a")),
        (["/bin/sh", "-c", "-e", "b\n"], Script("sh", "b\n")),
        (["/usr/bin/dumb-init", "--", "bash", "-euc", "c", "--", "-r"], Script("bash", "c")),
    ],
)
def test_the_script_of_a_command_is_found(words: list[str], script: Script) -> None:
    """Whatever stands before the shell, between its options and after it."""
    assert list(of_command(words, "")) == [script]


def test_a_faulty_script_is_found(tmp_path: Path) -> None:
    """With the place where it stands."""
    (line,) = remarks([Script("sh", "echo $1\n", "Job airflow/x y")], tmp_path, {})
    assert line.startswith("Job airflow/x y: line 1: SC2086")


def test_files_that_programs_read_are_of_their_languages(release: Release) -> None:
    """Python, airflow.cfg and other settings, YAML."""
    for place, text in {entry for example in EXAMPLES for entry in entries(release(example))}:
        if place.endswith(".py"):
            ast.parse(text, place)
        elif place.endswith((".cfg", ".ini")):
            configparser.RawConfigParser(strict=True).read_string(text, place)
        elif place.endswith((".yml", ".yaml")):
            assert yaml.safe_load(text), place


def tracked(pattern: str) -> list[Path]:
    """Return the files that git tracks or would track, by a pattern of git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.splitlines() if (path := REPOSITORY / name).is_file()]


def test_shellcheck_finds_nothing_in_scripts_of_the_repository() -> None:
    """All files that begin with a shell, wherever they are."""
    found = [
        path for path in tracked(".") if path.read_bytes()[:64].partition(b"\n")[0].endswith(SHELL_LINES)
    ]
    assert REPOSITORY / ".ci/run" in found
    done = subprocess.run(["shellcheck", *found], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


SHELL_LINES = (b"/sh", b"/bash", b"env sh", b"env bash")


IGNORED = {
    "DL3008": "packages have the versions of the base, whose name is its digest: nothing is fetched for an image",
    "DL3002": "a stage that is thrown away installs as root; what runs in a pod is the user of the last one",
    "SC2046": "the words of a list of folders, none of which has a space, are meant to be many",
}
"""Rule of hadolint → why it is not asked."""


def hadolint(*arguments: str) -> str:
    """Return what hadolint says of the files of images, wherever they are; nothing where there is none."""
    found = [*tracked("*Dockerfile*"), *tracked("*Containerfile*")]
    command = ["hadolint", "--no-color", *arguments, *found]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if found else None
    return done.stdout + done.stderr if done else ""


def test_hadolint_finds_nothing_in_the_files_of_images() -> None:
    """But for what is ignored with a reason."""
    assert hadolint(*[f"--ignore={rule}" for rule in IGNORED]) == ""


def test_every_rule_that_hadolint_does_not_ask_has_an_occasion() -> None:
    """One that has none is asked again."""
    assert [rule for rule in IGNORED if rule not in hadolint()] == []
