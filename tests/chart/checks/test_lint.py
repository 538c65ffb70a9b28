"""Helm's own check of the defaults and every example, in both profiles, with both versions of Helm."""

from __future__ import annotations

from pathlib import Path

import pytest
from chart_releases import CHART, DEFAULTS, EXAMPLES, PROFILES, arguments, files_of
from helm_process import run_helm

PROGRAMS = ("helm3", "helm4")
# Each example in each profile and with each Helm; in all four ways they are rendered, which is what a check does first.
WAYS = [*zip(PROGRAMS, PROFILES, strict=True), *zip(PROGRAMS, reversed(PROFILES), strict=True)]
CASES = [*((*way, each) for way in WAYS[:2] for each in EXAMPLES), *((*way, DEFAULTS) for way in WAYS[2:])]


@pytest.mark.parametrize(("program", "profile", "example"), CASES)
def test_helm_lint_finds_nothing(helm: dict[str, Path], program: str, profile: str, example: str) -> None:
    """Warnings count too."""
    done = run_helm([helm[program], "lint", "--strict", CHART, *arguments(profile, *files_of(example))])
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
